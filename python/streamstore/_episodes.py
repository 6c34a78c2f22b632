"""The rows with which the episodes of a store begin; what samplers of one store share."""

import hashlib
import os

import numpy as np

from ._abi import EpisodeProgress, EpisodeRule
from ._errors import StreamStoreError
from ._fields import pack_cells
from ._library import address_of, call, library

_STARTS_PER_SCAN = 1 << 16


class Starts:
    """They are found by native code, once for every row: as rows arrive the search goes on where it ended."""

    def __init__(self, connection, plan):
        self._connection, self._plan = connection, plan
        self._cells = pack_cells(plan.fields)
        self._progress, self._found = np.zeros(EpisodeProgress.length), np.zeros(_STARTS_PER_SCAN, np.uint64)
        self._progress[EpisodeProgress.row] = connection.first_row
        self._seen = None
        known = plan.starts if plan.starts is not None else self._load()
        first = 0 if not plan.fields else int(known[0]) if len(known) > 0 else connection.first_row
        self._parts, self._joined = [known[known > first]], np.array([first], np.uint64)

    def rows(self):
        """All of them, in rising order, those of rows that there are."""
        connection = self._connection
        with connection.lock:
            if self._plan.fields and self._seen != (connection.row_count, connection.token_count):
                self._extend()
                self._seen = (connection.row_count, connection.token_count)
            if self._parts:
                self._joined, self._parts = np.concatenate([self._joined, *self._parts]), []
            return self._joined[: np.searchsorted(self._joined, np.uint64(connection.row_count))]

    def _extend(self) -> None:
        connection, progress = self._connection, self._progress
        progress[EpisodeProgress.row] = max(progress[EpisodeProgress.row], connection.first_row)
        progress[EpisodeProgress.end_row] = connection.row_count
        # A row that is looked at says whether the next one begins an episode.
        first = int(progress[EpisodeProgress.row]) + 1
        rule, fields, count = getattr(EpisodeRule, self._plan.kind), address_of(self._cells), _STARTS_PER_SCAN
        while count == _STARTS_PER_SCAN:
            arguments = connection.handle, rule, fields, len(self._plan.fields), address_of(progress)
            call("Cannot find the episodes", library.ss_episodes_scan, *arguments, address_of(self._found), _STARTS_PER_SCAN)
            count = int(progress[EpisodeProgress.start_count])
            self._parts.append(self._found[:count].copy())
        if self._plan.kind == "end" and not self._plan.joins:
            self._split(connection.marks("sessions", first, connection.row_count)[:, 0].astype(np.uint64), first)

    def _split(self, sessions, first: int) -> None:
        """An episode begins where a writer did, too."""
        if len(sessions) == 0:
            return
        if sessions[0] < first or sessions[-1] >= self._connection.row_count or np.any(np.diff(sessions.astype(np.int64)) <= 0):
            raise StreamStoreError("damaged", "Cannot find the episodes: marks must be in the order of rows")
        every = np.concatenate([self._joined, *self._parts, sessions])
        self._joined, self._parts = np.unique(every), []

    def _load(self):
        """What another sampler has found and kept beside the store's files (src/sample/episode_file.ts)."""
        plan, connection, nothing = self._plan, self._connection, np.zeros(0, np.uint64)
        if not plan.fields:
            return nothing
        try:
            words = np.fromfile(_path_of(connection.directory, plan), "<u8")
        except OSError:
            return nothing
        id = [int(connection.id[:16], 16), int(connection.id[16:], 16)]
        header = [0x7365646F73697065, 1, *id]
        if len(words) < 12 or [int(word) for word in words[:4]] != header:
            return nothing
        content, checksum = words[:-4], words[-4:].tobytes()
        next_row, has_id, last_id, count = map(int, content[4:8])
        if hashlib.sha256(content.tobytes()).digest() != checksum or count != len(content) - 8 or next_row > connection.row_count:
            return nothing
        for name, number in (("row", next_row), ("has_id", has_id == 1), ("id_low", last_id & 0xFFFFFFFF), ("id_high", last_id >> 32)):
            self._progress[getattr(EpisodeProgress, name)] = number
        return content[8:].copy()


def _path_of(directory: str, plan) -> str:
    sessions = " sessions" if plan.kind == "end" and not plan.joins else ""
    rule = f"{plan.kind}{sessions} {','.join(str(field.type) for field in plan.fields)}"
    return os.path.join(directory, f"episodes-{hashlib.sha256(rule.encode()).hexdigest()[:16]}")


class RowStarts:
    """Each row is an episode."""

    def __init__(self, connection):
        self._connection, self._first = connection, connection.first_row

    def rows(self):
        return np.arange(self._first, self._connection.row_count, dtype=np.uint64)


def starts_of(connection, plan):
    """Those of a rule, which samplers share."""
    if plan.kind == "rows":
        return RowStarts(connection)
    if not plan.fields:
        return Starts(connection, plan)
    with connection.lock:
        key = _path_of("", plan)
        if key not in connection.kept:
            connection.kept[key] = Starts(connection, plan)
        return connection.kept[key]
