/** Dictionaries of Arrow streams: those that grow, and those that are replaced. */
import {
  Dictionary,
  Field,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { writeArrow } from "../../../src/dataset/arrow/write/file.ts";
import { inFolder } from "../../support/saved.ts";

const type = new Dictionary(new Float64(), new Int32(), 0);
const schema = new Schema([new Field("code", type, true)]);

/** A batch of indices into words, which come in one or several pieces. */
function batchOf(indices: readonly number[], ...words: (number | null)[][]): RecordBatch {
  const dictionary = new Vector(words.flatMap((piece) => vectorFromArray(piece, new Float64()).data));
  const data = Int32Array.from(indices);
  const column = makeData({ type, nullCount: 0, nullBitmap: null, data, dictionary: dictionary as never });
  const shared = { length: indices.length, nullCount: 0, children: [column] };
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), ...shared }) as never);
}

async function codesOf(path: string): Promise<(number | undefined)[]> {
  using store = new StreamStore({ code: 0 });
  await store.loadDataset(path);
  return store.rows(0).map(({ code }) => code as number | undefined);
}

test("loadDataset() of a stream takes dictionaries that grow and that are replaced, each for the batches behind it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.arrows");
    const grown = [[1.5, null], [-0, NaN]];
    const table = new Table(schema, [
      batchOf([0, 1, 0], grown[0]),
      batchOf([3, 2, 1, 0], ...grown),
      batchOf([1, 0], [7, 8]),
      batchOf([0, 0, 1], [9, 10]),
    ]);
    const expected = [1.5, undefined, 1.5, NaN, -0, undefined, 1.5, 8, 7, 9, 9, 10];
    await writeArrow(path, schema, [table], "stream");
    assert.deepEqual(await codesOf(path), expected);
    writeFileSync(path, tableToIPC(table, "stream"));
    assert.deepEqual(await codesOf(path), expected);
  }));

test("loadDataset() of a file takes dictionaries that grow", () =>
  inFolder(async (folder) => {
    const table = new Table(schema, [batchOf([2, 1, 0], [1, 2], [3])]);
    writeFileSync(join(folder, "x.arrow"), tableToIPC(table, "file"));
    assert.deepEqual(await codesOf(join(folder, "x.arrow")), [3, 2, 1]);
    await writeArrow(join(folder, "y.arrow"), schema, [table], "file");
    assert.deepEqual(await codesOf(join(folder, "y.arrow")), [3, 2, 1]);
  }));

test("loadDataset() refuses indices that lie outside of their dictionary, as pyarrow and Polars do, but not behind a null", () =>
  inFolder(async (folder) => {
    const paths = ["x.arrow", "x.arrows"].map((name) => join(folder, name));
    const cases = [[[0, 2], "got 2 in row 1"], [[-1, 0], "got -1 in row 0"], [
      [1, 0, 2 ** 30],
      "got 1073741824 in row 2",
    ]] as const;
    for (const [indices, got] of cases) {
      const table = new Table(schema, [batchOf(indices, [1.5, 2.5])]);
      const reason = `indices must be those of a dictionary of 2, ${got}`;
      for (const path of paths) {
        writeFileSync(path, tableToIPC(table, path.endsWith("s") ? "stream" : "file"));
        await assert.rejects(codesOf(path), {
          code: "damaged",
          message: `Cannot read ${path}, column "code": ${reason}`,
        });
      }
      using store = new StreamStore({ code: 0 });
      await assert.rejects(store.fromDataset(table), {
        name: "TypeError",
        message: `Cannot load a dataset: the column "code" does not fit: ${reason}`,
      });
      assert.equal(store.rowCount, 0);
    }
    const nulls = batchOf([1, 9, 0], [1.5, 2.5]);
    const [column] = nulls.data.children;
    Object.assign(column, { nullBitmap: Uint8Array.of(0b101), _nullCount: 1 });
    const table = new Table(schema, [nulls]);
    using store = new StreamStore({ code: 0 });
    await store.fromDataset(table);
    assert.deepEqual(store.rows(), [{ step: 0, code: 2.5 }, { step: 1 }, { step: 2, code: 1.5 }]);
  }));
