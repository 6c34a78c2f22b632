"""Ray Data: shards of Parquet with whole episodes, from which `map_batches` cuts the windows; each once, in the order of
the shards, for Ray draws none at random. A batch is taken by `iter_batches`, as numpy arrays."""

import os

import asked
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import ray

SHARD_ROWS = 250 * asked.EPISODE_ROWS


def windows_of(table):
    """Every window of the rows of a shard."""
    arrays = {name: table[name].combine_chunks().flatten().to_numpy().reshape(-1, width) for name, width in asked.WIDTHS.items()}
    starts = asked.starts_within(table["done"].to_numpy())
    places = starts[:, None] + np.arange(asked.STEPS)
    return {name: array[places] for name, array in arrays.items()}


def windows(folder):
    columns, done = asked.map_columns(folder)
    os.mkdir(f"{folder}/shards")
    for first in range(0, len(done), SHARD_ROWS):
        part = slice(first, first + SHARD_ROWS)
        arrays = {name: pa.FixedSizeListArray.from_arrays(column[part].ravel(), asked.WIDTHS[name]) for name, column in columns.items()}
        parquet.write_table(pa.table({**arrays, "done": done[part]}), f"{folder}/shards/{first:09}.parquet")
    # Two workers, as the loaders have.
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=2**30)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    # Its newer reader makes one task of all shards, and so the first batch comes when everything has been cut.
    context.use_datasource_v2 = False

    def batches():
        rows = ray.data.read_parquet(f"{folder}/shards", override_num_blocks=-(-len(done) // SHARD_ROWS))
        cut = rows.map_batches(windows_of, batch_size=SHARD_ROWS, batch_format="pyarrow")
        yield from cut.iter_batches(batch_size=asked.BATCH_SIZE, batch_format="numpy", drop_last=True)

    return batches
