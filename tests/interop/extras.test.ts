/** Text and bytes beside the rows, from and to Python's `datasets`, pyarrow, DuckDB and Polars: every byte of them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { test } from "node:test";
import { type Feature, StreamStore } from "../../mod.ts";
import { bytes, texts } from "../dataset/extras/columns.ts";
import { inFolder } from "../support/saved.ts";
import { runScript, skipReason } from "./python.ts";

const timeout = 300_000;
const encoder = new TextEncoder();
type Values = readonly (string | Uint8Array | null)[];

const hex = (values: Values) =>
  values.map((value) =>
    value === null
      ? null
      : Buffer.from(typeof value === "string" ? encoder.encode(value) : value).toString("hex")
  );

const given = { texts: hex(texts), bytes: hex(bytes) };

interface Written {
  readonly writer: string;
  readonly path: string;
  readonly columns: Readonly<Record<string, "text" | "bytes" | "fixed">>;
}

/** What is cut or filled up to four bytes. */
const fixed = bytes.map((value) => value && Uint8Array.from({ length: 4 }, (_, i) => value[i] ?? 0));

test(
  "text and bytes are read from every writer, of every type",
  { skip: skipReason, timeout },
  () =>
    inFolder(async (folder) => {
      const files = runScript<Written[]>("extras.py", folder, { ...given, folder });
      const failures: string[] = [];
      let values = 0;
      for (const { writer, path, columns } of files) {
        const names = Object.keys(columns);
        const extra = Object.fromEntries(
          names.map((name) => [name, columns[name] === "text" ? "string" : "bytes"]),
        );
        try {
          using store = new StreamStore({ action: 0 }, {
            extra: extra as Record<string, "string" | "bytes">,
          });
          await store.loadDataset(path, "train", { extra: names });
          for (const name of names) {
            const expected = columns[name] === "fixed" ? fixed : columns[name] === "text" ? texts : bytes;
            assert.deepEqual(hex(store.extra(name).slice()), hex(expected), name);
            values += expected.length;
          }
          assert.deepEqual([...store.column("action").values], texts.map((_, row) => row));
        } catch (error) {
          failures.push(`${writer}: ${(error as Error).message.slice(0, 300)}`);
        }
      }
      console.log(`${files.length} datasets, ${values} values of extras compared`);
      assert.deepEqual(failures, []);
      assert.ok(values > 1500, `${values}`);
    }),
);

test("text and bytes that are written are read by everybody, with their features", {
  skip: skipReason,
  timeout,
}, () =>
  inFolder(async (folder) => {
    const fieldFeatures = {
      large: { dtype: "large_string", _type: "Value" },
      blob: { dtype: "large_binary", _type: "Value" },
      media: { _type: "Image" },
      sound: { _type: "Audio", sampling_rate: 8000 },
      elsewhere: { _type: "Image" },
    } satisfies Record<string, Feature>;
    const extra = {
      text: "string",
      large: "string",
      plain: "bytes",
      blob: "bytes",
      media: "bytes",
      sound: "bytes",
      elsewhere: "string",
    } as const;
    using store = new StreamStore({ action: 0 }, { extra });
    using text = new StreamStore({ action: 0 }, { extra: { text: "string" } });
    for (const [row, word] of texts.entries()) {
      const blob = bytes[row];
      store.append(row, { action: row }, {
        text: word,
        large: word,
        plain: blob,
        blob,
        media: blob,
        sound: blob,
        elsewhere: word,
      });
      text.append(row, { action: row }, { text: word });
    }
    const kinds = {
      text: "text",
      large: "text",
      plain: "bytes",
      blob: "bytes",
      media: "media",
      sound: "media",
      elsewhere: "paths",
    };
    const features = {
      text: "Value",
      large: "Value",
      plain: "Value",
      blob: "Value",
      media: "Image",
      sound: "Audio",
      elsewhere: "Image",
    };
    const files: unknown[] = [];
    for (
      const [form, name] of [["parquet", "x.parquet"], ["arrow", "x.arrow"], ["arrows", "x.arrows"], [
        "disk",
        "disk",
      ]]
    ) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { fieldFeatures });
      files.push({ form, path, kinds, features });
    }
    for (const form of ["jsonl", "csv"]) {
      const path = join(folder, `x.${form}`);
      await text.saveDataset(path);
      files.push({ form, path, kinds: { text: "text" } });
    }
    const sorted: unknown[] = [];
    for (const by of ["text", "plain", "blob"] as const) {
      using store = new StreamStore({ action: 0 }, { extra });
      await store.loadDataset(join(folder, "disk"), "train", { sortBy: by });
      const path = join(folder, `by-${by}`);
      await store.saveDataset(path);
      sorted.push({ given: join(folder, "disk"), by, path });
    }
    const { differences, reads } = runScript<{ differences: string[]; reads: number }>("extras.py", folder, {
      ...given,
      files,
      sorted,
    });
    console.log(`${reads} reads of extras`);
    assert.deepEqual(differences, []);
    assert.ok(reads >= 17, `${reads}`);
  }));
