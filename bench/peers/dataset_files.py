"""pyarrow and HuggingFace datasets, writing and reading the files that saveDataset and loadDataset do.

The rows are the reference steps: action int64, observation list of 8 float32, reward float32, done bool.
"""

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

import data

datasets.disable_progress_bars()


def tasks(table, folder):
    """What is measured, by name. Those that read need what those that write have left."""
    path, directory = folder / "rows.parquet", folder / "folder"
    dataset = datasets.Dataset(table)
    words, words_path = text_table(table.num_rows), folder / "text.parquet"
    return {
        "write text": lambda: parquet.write_table(words, words_path, use_dictionary=False),
        "read text": lambda: parquet.read_table(words_path, use_threads=False),
        "write Parquet": lambda: parquet.write_table(table, path, use_dictionary=False),
        "read Parquet": lambda: parquet.read_table(path, use_threads=False),
        "save_to_disk": lambda: dataset.save_to_disk(directory),
        "load_from_disk": lambda: datasets.load_from_disk(directory, keep_in_memory=True).data.table,
    }


def text_table(row_count):
    """Texts of 200 bytes beside the actions: those of bench/cases/dataset_text.ts."""
    letter_count, text_bytes = 100_003, 200
    state, letters = 1, bytearray()
    for _ in range(letter_count + text_bytes):
        state = state * 16_807 % 2_147_483_647
        letters.append(97 + state % 26)
    rows = np.arange(row_count)
    starts = rows * 7 % letter_count
    every = np.lib.stride_tricks.sliding_window_view(np.frombuffer(letters, np.uint8), text_bytes)
    offsets = pa.py_buffer(np.arange(0, text_bytes * (row_count + 1), text_bytes, dtype=np.int32))
    texts = pa.Array.from_buffers(pa.string(), row_count, [None, offsets, pa.py_buffer(every[starts].tobytes())])
    return pa.table({"action": pa.array(rows & 3), "prompt": texts})


def reference_table(row_count):
    rows = np.arange(row_count)
    values = pa.array(data.observations(rows).ravel())
    offsets = pa.array(np.arange(0, 8 * (row_count + 1), 8, dtype=np.int32))
    return pa.table(
        {
            "action": pa.array(rows & 3),
            "observation": pa.ListArray.from_arrays(offsets, values),
            "reward": pa.array((rows & 7).astype(np.float32) / 8),
            "done": pa.array(rows % 200 == 199),
        }
    )
