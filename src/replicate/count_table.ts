/** How much a table of rows has. */
import type { Table } from "apache-arrow";
import { isSet } from "../dataset/table/bitmaps.ts";
import { validityOf } from "../dataset/table/numbers.ts";
import type { ArrowData } from "../dataset/table/types.ts";
import type { FieldInfo } from "../fields.ts";

/** Tokens of the rows of a table. */
export function countTokens(table: Table, fields: readonly FieldInfo[]): number {
  let count = 0;
  for (const { name } of fields) {
    for (const data of table.getChild(name)?.data ?? []) {
      const { length, nullCount, children, valueOffsets } = data;
      if (children.length === 0) count += length - nullCount;
      else {
        const validity = validityOf(data as unknown as ArrowData);
        for (let i = 0; i < length; i++) {
          if (validity !== null && !isSet(validity, i)) continue;
          count += Number(valueOffsets[i + 1]) - Number(valueOffsets[i]);
        }
      }
    }
  }
  return count;
}

/** How many columns the last row of a table has a value in: what a row gets that is no token shows in nothing else. */
export function countColumns(table: Table): number {
  const last = table.numRows - 1;
  return table.schema.fields.filter(({ name }) => table.getChild(name)!.isValid(last)).length;
}
