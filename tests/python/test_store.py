"""Store against TypeScript, and against read_store.py, which reads the files by the specification with numpy alone."""

import base64
import json
import os
import shutil
import sys
import unittest

import numpy as np
import support
from streamstore import Store, StreamStoreError

sys.path.insert(0, f"{support.ROOT}/tests/store")
import read_store  # noqa: E402

NAMES = ("mixed", "tokens", "dropping")


def bits(value):
    """A value as read_store.py tells it."""
    if isinstance(value, np.ndarray):
        return [bits(one) for one in value]
    if isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_)):
        return int(value)
    return float(value)


class StoreTest(unittest.TestCase):
    def test_says_what_typescript_says(self):
        for name in NAMES:
            told = support.stores()[name]
            with Store(support.path_of(name)) as store:
                with open(f"{store.path}/store.json", encoding="utf-8") as file:
                    self.assertEqual(store.id, json.load(file)["id"])
                found = [store.first_row, store.row_count, store.first_token, store.token_count]
                self.assertEqual(found, [told[key] for key in ("firstRow", "rowCount", "firstToken", "tokenCount")])
                fields = [{"name": field.name, "type": field.type, "dtype": field.dtype} for field in store.fields]
                self.assertEqual(fields, told["fields"])
                self.assertEqual(store.extras, {extra["name"]: extra["kind"] for extra in told["extras"]})

    def test_column_has_the_bytes_that_typescript_reads(self):
        for name in NAMES:
            with Store(support.path_of(name)) as store:
                for field in store.fields:
                    told = support.stores()[name]["columns"][field.name]
                    column = store.column(field.name)
                    self.assertEqual(column.values.tobytes(), base64.b64decode(told["bytes"]), field.name)
                    self.assertEqual(column.width, told["width"])
                    if told["offsets"] is not None:
                        self.assertEqual(column.offsets.tolist(), told["offsets"])
                    else:
                        self.assertEqual(column.values.shape, (store.row_count - store.first_row, told["width"]))
                    dtype = np.bool_ if field.dtype == "bool" else field.dtype
                    self.assertEqual(column.values.dtype, np.dtype(dtype))

    def test_rows_and_windows_are_those_of_the_files(self):
        for name in NAMES:
            path = support.path_of(name)
            with open(f"{path}/head", "rb") as file:
                head = file.read()
            header = read_store.read_header(head)
            commits = [read_store.read_commit(head, at) for at in (512, 1024)]
            commit = max((one for one in commits if one), key=lambda one: one["sequence"])
            kind = np.dtype(header["kind"])
            cells = read_store.read_column(path, header, read_store.data_file(header["kind"]), kind, commit["first_token"], commit["tokens"])
            types = read_store.read_types(path, header, commit)
            starts = read_store.read_column(path, header, "row.u64", "<u8", commit["first_row"], commit["rows"])
            steps = read_store.read_column(path, header, "step.i64", "<i8", commit["first_row"], commit["rows"])
            of_token = np.repeat(steps[commit["first_row"] :], np.diff(starts[commit["first_row"] :].astype(int), append=commit["tokens"]))
            with Store(path) as store:
                for start, length in ((store.first_token, 1000), (store.token_count - 77, 77), (store.first_token + 5, 0)):
                    window = store.window(start, length)
                    end = start + length
                    self.assertEqual(window.values.tobytes(), cells[start:end].tobytes())
                    self.assertEqual(window.bits.tobytes(), cells[start:end].tobytes())
                    self.assertEqual(window.types.tolist(), types[start:end].tolist())
                    at = start - commit["first_token"]
                    self.assertEqual(window.steps.tolist(), of_token[at : at + length].tolist())
                    self.assertEqual(window.values.dtype, kind)
                    self.assertFalse(window.values.flags.writeable and length > 0)
                # Where cells are floats, fields that stand in them as their own bits come as the nearest.
                numbers = cells.copy()
                for field in store.fields if kind.kind == "f" else []:
                    if field.dtype in ("int64", "uint64"):
                        numbers[types == field.type] = cells[types == field.type].view(field.dtype)
                gathered = store.gather([store.first_token, store.first_token + 9], 50)
                both = np.stack([numbers[at : at + 50] for at in (store.first_token, store.first_token + 9)])
                self.assertEqual(gathered.values.tobytes(), both.tobytes())
                self.assertEqual(gathered.types.shape, (2, 50))
                self.assertIsNone(store.gather([store.first_token], 3, types=False, steps=None).types)
                self.assertEqual(store.gather([], 3).values.shape, (0, 3))

    def test_rows_have_what_was_appended(self):
        with Store(support.path_of("mixed")) as store:
            rows = store.rows(0, 5000)
            for number in (0, 1, 4095, 4999):
                row = rows[number]
                self.assertEqual(row["observation"].tolist(), [number, -number, 0.5])
                rest = {key: value for key, value in row.items() if key != "observation"}
                self.assertEqual(
                    rest,
                    {
                        "step": 3 * number - 4000,
                        "half": (number % 64) / 8,
                        "big": -(2**61) - number,
                        "serial": 2**63 + number,
                        "small": number % 256 - 128,
                        "count": 2**32 - 1 - number,
                        "done": number % 40 == 39,
                    },
                )
            later = store.rows(5000)
            self.assertIn({"step"}, [set(row) for row in later])
            lengths = {len(row["observation"]) for row in later if "observation" in row}
            self.assertEqual(lengths, {0, 1, 2, 3})
            self.assertEqual(store.row_of_step(-4000 + 3 * 77), 77)
            self.assertIsNone(store.row_of_step(-4000 + 3 * 77 + 1))

    def test_extra_gives_text_bytes_and_none(self):
        with Store(support.path_of("mixed")) as store:
            prompt, frame = store.extra("prompt"), store.extra("frame")
            self.assertEqual(prompt.slice(0, 5), [None, "Grüße 1", "", None, None])
            self.assertEqual(frame.get(7), bytes((7 + i) % 256 for i in range(7)))
            self.assertEqual(frame.get(8000), bytes([7]) * 100_000)
            self.assertEqual(bytes(frame.bytes(8000)), bytes([7]) * 100_000)
            self.assertEqual(bytes(prompt.bytes(1)), "Grüße 1".encode())
            self.assertEqual(len(prompt.bytes(2)), 0)
            self.assertIsNone(frame.bytes(0))
            self.assertEqual(len(prompt), store.row_count)

    def test_refresh_shows_what_a_writer_has_committed(self):
        path = f"{support.directory}/live.stream"
        child = support.start("writer.ts", path)
        try:
            support.ask(child, 10)
            with Store(path) as store:
                self.assertEqual(store.row_count, 10)
                window = store.window(0, 10).values
                support.ask(child, 250_000)
                self.assertEqual(store.row_count, 10)
                self.assertTrue(store.refresh())
                self.assertEqual(store.row_count, 250_010)
                self.assertFalse(store.refresh())
                self.assertEqual(store.column("reward").values[:, 0].tolist(), list(range(250_010)))
                self.assertEqual(window.tolist(), list(range(10)))
        finally:
            child.stdin.close()
            self.assertEqual(child.wait(60), 0)
            child.stdout.close()

    def test_refuses_what_there_is_not(self):
        with Store(support.path_of("dropping")) as store:
            first, rows, tokens = store.first_row, store.row_count, store.token_count
            refused = [
                (TypeError, lambda: store.column("nothing"), 'Cannot read a column: the field must be among the fields reward, done, got "nothing"'),
                (ValueError, lambda: store.column("reward", 0), f"Cannot read a column: rows must lie within {first} to {rows}, got 0 to None"),
                (ValueError, lambda: store.rows(rows, rows + 1), f"Cannot read rows: rows must lie within {first} to {rows}, got {rows} to {rows + 1}"),
                (ValueError, lambda: store.window(0, 1), f"Cannot read window: start must be >= {store.first_token}, where the stream now starts, got 0"),
                (ValueError, lambda: store.window(tokens, 1), f"Cannot read window: start + length must be <= {tokens}, got {tokens} + 1"),
                (ValueError, lambda: store.window(-1, 1), "Cannot read window: start must be a whole number, got -1"),
                (ValueError, lambda: store.gather([tokens], 1), f"Cannot gather: starts[0] must be a whole number from {store.first_token} to {tokens - 1}, got {tokens}"),
                (TypeError, lambda: store.gather("abc", 1), 'Cannot gather: starts must be a list or an array of numbers, of one dimension, got "abc"'),
                (ValueError, lambda: store.gather([0.5], 1), "Cannot gather: starts[0] must be a whole number, got 0.5"),
                (ValueError, lambda: store.gather([0], 1, values="int9"), 'Cannot gather: values must be cells, float64, float64, float32 or None, got "int9"'),
                (TypeError, lambda: store.extra("prompt"), 'Cannot read an extra: its name must be that of one, of which the store has none, got "prompt"'),
            ]
            for kind, read, message in refused:
                with self.assertRaises(kind) as raised:
                    read()
                self.assertEqual(str(raised.exception), message)

    def test_a_sealed_store_must_have_what_was_sealed(self):
        path, copy = support.path_of("tokens"), f"{support.directory}/unsealed.stream"
        self.assertTrue(os.path.exists(f"{path}/seal"))
        for name, change, message in (
            ("data.u16", lambda file: file.truncate(10), "data.u16 must have the"),
            ("head", lambda file: file.seek(0, 2) and file.write(b"0"), "head must have the"),
            ("seal", lambda file: file.truncate(10), "its seal must list files, and have their checksum"),
        ):
            shutil.copytree(path, copy)
            with open(f"{copy}/{name}", "r+b") as file:
                change(file)
            with self.assertRaises(StreamStoreError) as raised:
                Store(copy)
            self.assertEqual(raised.exception.code, "damaged")
            self.assertIn(f"Cannot open the store {copy}: {message}", str(raised.exception))
            shutil.rmtree(copy)

    def test_refuses_what_is_no_store(self):
        empty = f"{support.directory}/empty"
        os.makedirs(empty, exist_ok=True)
        for path, code, message in (
            (f"{empty}/none", "not-found", "there is none"),
            (empty, "not-found", "the directory must hold a store, got one without store.json"),
            (f"{support.path_of('mixed')}/head", "not-a-directory", "Not a directory"),
        ):
            with self.assertRaises(StreamStoreError) as raised:
                Store(path)
            self.assertEqual(raised.exception.code, code)
            self.assertEqual(str(raised.exception), f"Cannot open the store {path}: {message}")


if __name__ == "__main__":
    unittest.main()
