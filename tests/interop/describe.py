"""What pyarrow reads of files that others wrote: describe.py INPUT OUTPUT.

INPUT is a list of Parquet files. OUTPUT gets of each its columns of numbers and of lists of them, as in cases.ts.
"""

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from columns import bits_of
from datasets import Features


def is_number(kind):
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return is_number(kind.value_type) and not pa.types.is_nested(kind.value_type)
    kinds = [pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_date32]
    return any(is_kind(kind) for is_kind in kinds)


def columns_of(path):
    table = pq.read_table(path)
    features = Features.from_arrow_schema(table.schema)
    columns = []
    for field in table.schema:
        if is_number(field.type):
            feature = features[field.name]
            json_feature = Features({"": feature}).to_dict()[""]
            rows = bits_of(table.column(field.name))
            columns.append({"name": field.name, "feature": json_feature, "isExtra": False, "rows": rows})
    return columns


def main(given, answer):
    with open(given, encoding="utf-8") as file:
        paths = json.load(file)
    with open(answer, "w", encoding="utf-8") as file:
        json.dump([columns_of(path) for path in paths], file)


main(*sys.argv[1:])
