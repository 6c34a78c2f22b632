/** Text that gzip has compressed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { StreamStore } from "../../../mod.ts";
import { inFolder, plainRows } from "../../support/saved.ts";

test("loadDataset() reads text that gzip has compressed, whatever its name, also in several members", () =>
  inFolder(async (folder) => {
    const texts: Record<string, string> = {
      "x.csv.gz": "a,b\n1,2\n3,4\n",
      "x.tsv.gz": "a\tb\n1\t2\n3\t4\n",
      "x.jsonl.gz": '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
      "x.ndjson.GZ": '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n',
      "x.json.gz": '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]',
      "y.csv": "a,b\n1,2\n3,4\n",
    };
    for (const [name, text] of Object.entries(texts)) {
      const path = join(folder, name);
      const half = Math.floor(text.length / 2);
      for (
        const bytes of [
          gzipSync(text),
          Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]),
        ]
      ) {
        writeFileSync(path, bytes);
        using store = new StreamStore({ a: 0, b: 1 });
        await store.loadDataset(path);
        assert.deepEqual(plainRows(store), [{ a: 1, b: 2 }, { a: 3, b: 4 }], name);
      }
    }
    using store = new StreamStore({ a: 0, b: 1 });
    writeFileSync(join(folder, "z.csv.gz"), "a,b\n1,2\n");
    await assert.rejects(
      store.loadDataset(join(folder, "z.csv.gz")),
      /z\.csv\.gz: it must begin as gzip does, got bytes 97 44$/,
    );
    using split = new StreamStore({ a: 0, b: 1 });
    await split.loadDataset(folder, "train", { format: "jsonl" });
    assert.equal(split.rowCount, 4);
  }));

test("loadDataset() refuses gzip that is cut off or damaged, and loads nothing of it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.jsonl.gz");
    const lines = Array.from({ length: 50_000 }, (_, i) => `{"a": ${i}, "b": ${i * 7919 % 10_007}}\n`);
    const whole = gzipSync(lines.join(""));
    using store = new StreamStore({ a: 0 });
    for (const length of [3, 10, 100, whole.length >> 1, whole.length - 9, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await assert.rejects(
        store.loadDataset(path),
        /x\.jsonl\.gz: its gzip must be whole, got: /,
        `${length}`,
      );
    }
    for (const at of [20, whole.length >> 1, whole.length - 6]) {
      const bytes = Uint8Array.from(whole);
      bytes[at] ^= 16;
      writeFileSync(path, bytes);
      await assert.rejects(store.loadDataset(path), /^StreamStoreError: Cannot (read|load) /, `${at}`);
    }
    assert.equal(store.rowCount, 0);
  }));
