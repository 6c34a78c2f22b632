/** An extra column of every type that apache-arrow has, saved in every format: written as it is, or refused at once. */
import {
  Field,
  List,
  makeData,
  Null,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  Vector,
} from "apache-arrow";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readParquet, Table as WasmTable } from "parquet-wasm/node";
import { type ExtraColumn, StreamStore } from "../../mod.ts";
import { writeParquet } from "../../src/dataset/parquet/write/file.ts";
import { filesIn, inFolder } from "../support/saved.ts";
import { cases, item, rowCount } from "../support/arrow_types.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const plain = (given: Vector) =>
  JSON.stringify(
    [...given],
    (_, value) =>
      typeof value === "bigint"
        ? `${value}`
        : ArrayBuffer.isView(value)
        ? [...value as Uint32Array].map(String)
        : value,
  );

function filled(): StreamStore<{ a: 0 }> {
  const store = new StreamStore({ a: 0 }, smallChunks);
  for (let step = 0; step < rowCount; step++) store.append(step, { a: step });
  return store;
}

for (const [name, { vector, json, csv = json, isParquet = true }] of Object.entries(cases)) {
  test(`saveDataset() saves an extra column of type ${name} as it is, or refuses it at once`, () =>
    inFolder(async (folder) => {
      using store = filled();
      const extra = { x: vector as unknown as ExtraColumn };
      const files: Record<string, (bytes: Uint8Array) => void> = {
        "x.arrow": (bytes) => assert.equal(plain(tableFromIPC(bytes).getChild("x")!), plain(vector)),
        "x.arrows": (bytes) => assert.equal(plain(tableFromIPC(bytes).getChild("x")!), plain(vector)),
        "disk": () => {},
        "x.jsonl": (bytes) => {
          const lines = new TextDecoder().decode(bytes).split("\n");
          assert.deepEqual(lines.slice(0, -1), json!.map((text, i) => `{"a": ${i}.0, "x": ${text}}`));
        },
        "x.csv": (bytes) => {
          const lines = new TextDecoder().decode(bytes).split("\n");
          assert.deepEqual(lines.slice(1, -1), csv!.map((text, i) => `${i}.0,${text}`));
        },
        "x.parquet": (bytes) => {
          // parquet-wasm panics on what it has written there; Arrow reads it as bools.
          if (name === "dictionary of bools") return;
          const found = tableFromIPC(readParquet(bytes).intoIPCStream()).getChild("x")!;
          assert.equal(found.length, rowCount);
          // Milliseconds stand for seconds there.
          if (!/\[s\]|seconds|date64/.test(name)) assert.equal(plain(found), plain(vector));
          if (name === "struct of times in seconds") {
            assert.deepEqual(found.toJSON().map(({ a }) => a), [1000, 2000, 3000]);
          }
        },
      };
      for (const [file, check] of Object.entries(files)) {
        const path = join(folder, file);
        const isHeld = file === "x.parquet" ? isParquet : /json|csv/.test(file) ? json !== null : true;
        const saved = store.saveDataset(path, "train", { extra });
        if (!isHeld) {
          await assert.rejects(saved, {
            name: "TypeError",
            message:
              /^Cannot save as (Parquet|JSON lines|CSV): the column "x" must be .*; drop it, or save as arrow$/,
          });
          assert.ok(!existsSync(path), file);
          continue;
        }
        await saved;
        if (file !== "disk") check(readFileSync(path));
        using copy = new StreamStore({ a: 0 }, smallChunks);
        await copy.loadDataset(path, "train");
        assert.deepEqual(copy.rows(), store.rows(), file);
      }
      assert.ok(filesIn(folder).every((name) => !/(^|\/)\./.test(name)), String(filesIn(folder)));
    }));
}

test("saveDataset() counts nulls in several pieces, as parquet-wasm wants of a column", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 }, smallChunks);
    const count = 600_000;
    store.appendColumns({ step: Float64Array.from({ length: count }, (_, i) => i), a: new Int8Array(count) });
    const extra = {
      nulls: new Array(count).fill(null),
      lists: new Vector([makeData({
        type: new List(item(new Null() as never)),
        length: count,
        nullCount: 0,
        valueOffsets: Int32Array.from({ length: count + 1 }, (_, i) => i),
        child: makeData({ type: new Null(), length: count }),
      } as never)]) as never,
    };
    await store.saveDataset(join(folder, "x.arrows"), "train", { extra });
    const read = WasmTable.fromIPCStream(readFileSync(join(folder, "x.arrows")));
    assert.ok(read.numBatches > 1);
    await store.saveDataset(join(folder, "x.parquet"), "train", { extra });
    const table = tableFromIPC(readParquet(readFileSync(join(folder, "x.parquet"))).intoIPCStream());
    assert.equal(table.numRows, count);
    assert.equal(table.getChild("lists")!.get(count - 1)!.length, 1);
  }));

test("saveDataset() rejects where parquet-wasm panics, and saves the next whole", () =>
  inFolder(async (folder) => {
    const { vector } = cases["dense union"];
    const fields = [new Field("x", vector.type, true)];
    const schema = new Schema(fields);
    const data = makeData({
      type: new Struct(fields),
      length: rowCount,
      nullCount: 0,
      children: [...vector.data] as never,
    });
    const path = join(folder, "x.parquet");
    await assert.rejects(
      writeParquet(path, [new Table(schema, [new RecordBatch(schema, data)])]),
      /x\.parquet: parquet-wasm must encode rows 0 to 2, but ended in a panic/,
    );
    using store = filled();
    await store.saveDataset(join(folder, "y.parquet"));
    using copy = new StreamStore({ a: 0 }, smallChunks);
    await copy.loadDataset(join(folder, "y.parquet"));
    assert.deepEqual(copy.rows(), store.rows());
  }));
