"""Whole episodes of Parquet shards as the rows of a Ray dataset, which Ray neither joins nor cuts.

Blocks, and so batches of `map_batches`, end anywhere: what is cut out of them crosses episodes, and misses windows.

    python3 episodes.py shards done

prints how long the episodes of a folder are that `saveDataset` or `streamstore export` has written.
"""

import glob
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import ray


def read_episodes(folder, end):
    """A row an episode, with an array of its rows for each column, of shape `[rows]` or `[rows, width]`, and `first_row`.

    `end` names the column that says which rows end one; the rows behind the last end are an episode too. Shards are in
    the order of their names, and an episode may go on in the next row group or shard. A row group is a task.
    """
    paths, groups, ends = [], [], []
    for path in sorted(glob.glob(f"{folder}/**/*.parquet", recursive=True)):
        with parquet.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                done = file.read_row_group(number, columns=[end]).column(0).fill_null(False).to_numpy()
                paths.append(path)
                groups.append(number)
                ends.append(done != 0)
    places = np.cumsum([0, *map(len, ends)]).tolist()
    starts = np.concatenate([[0], np.flatnonzero(np.concatenate(ends)) + 1, [places[-1]]])
    starts = np.unique(starts)
    tasks = []
    for group, (first, last) in enumerate(zip(places, places[1:])):
        # Those that begin in the group, to the end of the last, in whatever group that lies.
        begin, stop = np.searchsorted(starts[:-1], [first, last])
        if begin < stop:
            until = int(np.searchsorted(places, starts[stop]))
            tasks.append({"paths": paths[group:until], "groups": groups[group:until], "first": first, "starts": starts[begin : stop + 1].tolist()})
    return ray.data.from_items(tasks, override_num_blocks=len(tasks)).flat_map(_episodes_of)


def _episodes_of(task):
    table = pa.concat_tables([parquet.ParquetFile(path).read_row_group(number) for path, number in zip(task["paths"], task["groups"])])
    starts = np.array(task["starts"]) - task["first"]
    for start, stop in zip(starts, starts[1:]):
        rows = table.slice(start, stop - start)
        yield {"first_row": task["first"] + int(start), **{name: _array(rows.column(name)) for name in table.column_names}}


def _array(column):
    values = column.combine_chunks()
    is_list = pa.types.is_list(values.type) or pa.types.is_fixed_size_list(values.type)
    return values.flatten().to_numpy(zero_copy_only=False).reshape(len(values), -1) if is_list else values.to_numpy(zero_copy_only=False)


if __name__ == "__main__":
    print(read_episodes(*sys.argv[1:3]).map(lambda episode: {"rows": len(episode[sys.argv[2]])}).to_pandas().describe())
