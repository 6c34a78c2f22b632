"""The mean and standard deviation of fields, of one store or of several together."""

import math

import numpy as np

from ._abi import (
    MOMENT_SCALES,
    STATISTICS_FIELDS_MAX,
    STATISTICS_INDEX_LENGTH,
    STATISTICS_PAGE_LENGTH,
    FieldSummary,
    Moments,
    StatisticsProgress,
)
from ._fields import pack_cells
from ._library import address_of, call, library


def moments_of(connections: list) -> dict:
    """By field mean and standard deviation, NaN where there is no value: to the bit those of TypeScript's `stats`."""
    found = {}
    for at in range(0, len(connections[0].fields), STATISTICS_FIELDS_MAX):
        part = slice(at, at + STATISTICS_FIELDS_MAX)
        summaries = [_summaries(connection, connection.fields[part]) for connection in connections]
        for place, field in enumerate(connections[0].fields[part]):
            merged = None
            for summary in summaries:
                row = summary[place]
                own, (least, most) = _closed(row[: Moments.length].copy()), row[FieldSummary.min : FieldSummary.max + 1]
                if merged is None:
                    merged, low, high = own, least, most
                else:
                    merged, low, high = _closed(_merged(merged, own)), min(low, least), max(high, most)
            found[field.name] = _told(merged, low, high)
    return found


def _told(moments, low: float, high: float) -> tuple:
    count, scale = moments[Moments.count], moments[Moments.scale]
    if count == 0:
        return math.nan, math.nan
    mean = float((moments[Moments.mean] + moments[Moments.mean_rest]) / scale)
    return min(max(mean, low), high), math.sqrt(moments[Moments.squares] / count) / float(scale)


def _merged(moments, other):
    call("Cannot take statistics", library.ss_moments_merge, address_of(moments), address_of(other))
    return moments


def _closed(moments):
    """With what is in the last block, which is not full."""
    return _merged(moments, np.zeros(Moments.length))


def _summaries(connection, fields: list):
    cells, progress = pack_cells(fields), np.zeros(StatisticsProgress.length)
    indexes, pages = np.zeros((len(fields), STATISTICS_INDEX_LENGTH), np.uint32), np.zeros((16, STATISTICS_PAGE_LENGTH))
    summaries = np.zeros((len(fields), FieldSummary.length))
    summaries[:, Moments.scale] = MOMENT_SCALES[0]
    summaries[:, FieldSummary.min], summaries[:, FieldSummary.max] = math.inf, -math.inf
    while progress[StatisticsProgress.is_done] == 0:
        arrays = address_of(summaries), address_of(indexes), address_of(pages), len(pages), address_of(progress)
        arguments = connection.handle, address_of(cells), len(fields), *arrays
        call("Cannot take statistics", library.ss_statistics_add, *arguments)
        if progress[StatisticsProgress.is_done] == 0:
            pages = np.concatenate([pages, np.zeros_like(pages)])
    return summaries
