import {
  Binary,
  Dictionary,
  Field,
  FixedSizeBinary,
  Int32,
  LargeBinary,
  Struct,
  type Table,
  tableFromArrays,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { realData, skipRealData as skip } from "../../support/dataset.ts";
import { assertSameStore, edgeFeatures, edgeFields, edgeStore, inFolder } from "../../support/saved.ts";
import { Random } from "../../support/support.ts";
import { keepInMemory, smallChunks } from "../../support/in_memory.ts";

keepInMemory();

type Key = number | bigint | string | null;

/** As Python's `Dataset.sort`: NaN behind all numbers, null behind NaN, strings by their UTF-8. */
function compareKeys(a: Key, b: Key): number {
  const rank = (key: Key) => key === null ? 2 : Number.isNaN(key) ? 1 : 0;
  if (rank(a) !== rank(b) || rank(a) > 0) return rank(a) - rank(b);
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  const [x, y] = [a as number, b as number];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The rows in order, by sorting their indices, which JavaScript does in a stable way. */
function sortedRows(columns: readonly (readonly Key[])[]): number[] {
  return columns[0].map((_, row) => row).sort((a, b) => {
    for (const column of columns) {
      const difference = compareKeys(column[a], column[b]);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const words = ["", "a", "aa", "ab", "b", "Z", "ä", "\u{1f600}", "\uffff", "\ufb01"];

/** Columns with many equal entries, nulls and NaN. */
function makeColumns(random: Random, rowCount: number) {
  const column = <Entry>(entry: () => Entry) =>
    Array.from({ length: rowCount }, () => random.below(6) === 0 ? null : entry());
  return {
    float: column(() => [NaN, -Infinity, Infinity, -0, 0, -1.5, 2.5, 5e-324, 1e300][random.below(9)]),
    int64: column(() => [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n][random.below(6)]),
    text: column(() => words[random.below(words.length)]),
    small: column(() => random.below(3) - 1),
    flag: column(() => random.below(2) === 0),
  };
}

type Columns = ReturnType<typeof makeColumns>;

function keysOf(columns: Columns, name: keyof Columns): Key[] {
  return columns[name].map((key) => typeof key === "boolean" ? Number(key) : key);
}

for (const format of ["parquet", "disk", "arrow"] as const) {
  test(`loadDataset() of ${format} gives rows in the order of columns that are sorted by`, () =>
    inFolder(async (folder) => {
      for (let seed = 1; seed <= 6; seed++) {
        const random = new Random(seed);
        const rowCount = random.below(400);
        const columns = makeColumns(random, rowCount);
        using store = new StreamStore({ row: 0 }, smallChunks);
        store.appendColumns({
          step: Float64Array.from({ length: rowCount }, (_, i) => i),
          row: Float64Array.from({ length: rowCount }, (_, i) => i),
        });
        const { small, ...extra } = columns;
        const path = join(folder, String(seed));
        await store.saveDataset(path, "train", {
          format,
          shardBytes: 1,
          extra: { ...extra, small: vectorFromArray(small, new Int32()) },
        });
        for (let round = 0; round < 4; round++) {
          const all = Object.keys(columns) as (keyof Columns)[];
          const sortBy = Array.from({ length: 1 + random.below(3) }, () => all[random.below(all.length)]);
          using sorted = new StreamStore({ row: 0 }, smallChunks);
          await sorted.loadDataset(path, "train", { sortBy: sortBy.length === 1 ? sortBy[0] : sortBy });
          const expected = sortedRows(sortBy.map((name) => keysOf(columns, name)));
          const found = rowCount === 0 ? [] : [...sorted.column("row").values as Float64Array];
          assert.deepEqual(found, expected, `seed ${seed}, by ${sortBy}`);
        }
      }
    }));
}

test("loadDataset() keeps every bit, every null and every empty list of sorted rows", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    const order = [5, 3, 0, 4, 1, 2];
    const position = order.map((_, row) => order.indexOf(row));
    for (const name of ["disk", "x.parquet", "x.arrow", "x.jsonl", "x.csv"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { fieldFeatures: edgeFeatures, extra: { position } });
      using sorted = new StreamStore(edgeFields, smallChunks);
      await sorted.loadDataset(path, "train", { sortBy: "position" });
      using expected = new StreamStore(edgeFields, smallChunks);
      const rows = store.rows();
      order.forEach((row, step) => {
        const { step: _, ...values } = rows[row];
        expected.append(step, values);
      });
      assertSameStore(sorted, expected);
      using plain = new StreamStore(edgeFields, smallChunks);
      await plain.loadDataset(path, "train");
      const features = async (of: StreamStore) => (await of.toDataset()).schema.metadata.get("huggingface");
      assert.equal(await features(sorted), await features(plain));
    }
  }));

/** Few of every length: many rows are equal, and differ in the last byte, or by it. */
function bytesOf(random: Random, rowCount: number): (Uint8Array | null)[] {
  return Array.from({ length: rowCount }, () => {
    if (random.below(6) === 0) return null;
    const length = [0, 1, 1, 2, 4][random.below(5)];
    return Uint8Array.from({ length }, () => [0, 1, 127, 128, 255][random.below(5)]);
  });
}

/** The rows in order, null behind all. */
function sortedByBytes(values: readonly (Uint8Array | null)[]): number[] {
  return values.map((_, row) => row).sort((a, b) => {
    const [one, other] = [values[a], values[b]];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return Buffer.compare(one, other);
  });
}

test("loadDataset() sorts by bytes of every type, and takes extras along", () =>
  inFolder(async (folder) => {
    const random = new Random(14);
    const rowCount = 300;
    const extra = { frame: "bytes", prompt: "string" } as const;
    const frames = bytesOf(random, rowCount);
    const fixed = bytesOf(random, rowCount).map((value) =>
      value && Uint8Array.from({ length: 4 }, (_, i) => value[i] ?? 0)
    );
    // Of a picture without bytes the path counts.
    const media = bytesOf(random, rowCount).map((value, row) => {
      if (value !== null) return { bytes: value, path: row % 2 === 0 ? null : `${random.below(9)}.png` };
      return random.below(2) === 0 ? null : { bytes: null, path: `${random.below(9)}.png` };
    });
    const mediaType = new Struct([
      new Field("bytes", new Binary(), true),
      new Field("path", new Utf8(), true),
    ]);
    using store = new StreamStore({ row: 0 }, { extra, ...smallChunks });
    for (let row = 0; row < rowCount; row++) {
      store.append(row, { row }, { frame: frames[row], prompt: `row ${row}` });
    }
    const keys = {
      frame: frames,
      large: frames,
      fixed,
      media: media.map((value) => value && (value.bytes ?? Buffer.from(value.path!))),
    };
    for (const name of ["x.parquet", "disk", "x.arrow"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", {
        shardBytes: 1000,
        extra: {
          large: vectorFromArray(frames, new LargeBinary()),
          fixed: vectorFromArray(fixed, new FixedSizeBinary(4)),
          media: vectorFromArray(media as never, mediaType) as never,
        },
      });
      for (const [sortBy, values] of Object.entries(keys)) {
        using sorted = new StreamStore({ row: 0 }, { extra, ...smallChunks });
        await sorted.loadDataset(path, "train", { sortBy });
        const expected = sortedByBytes(values);
        assert.deepEqual([...sorted.column("row").values], expected, `${name}, by ${sortBy}`);
        assert.deepEqual(sorted.extra("prompt").slice(), expected.map((row) => `row ${row}`));
        assert.deepEqual(sorted.extra("frame").slice(), expected.map((row) => frames[row]));
      }
    }
  }));

test("loadDataset() takes steps out of a column, in the order that the rows then have", () =>
  inFolder(async (folder) => {
    using store = new StreamStore({ a: 0 }, smallChunks);
    [5, 6, 7, 8].forEach((a, step) => store.append(step, { a }));
    const path = join(folder, "x.parquet");
    const big = 2n ** 60n;
    await store.saveDataset(path, "train", {
      extra: { t: [big + 3n, big + 1n, big + 2n, 4n], same: [1, 1, 0, 0] },
    });
    using sorted = new StreamStore({ a: 0 }, smallChunks);
    await sorted.loadDataset(path, "train", { sortBy: "t", step: "t" });
    assert.deepEqual(sorted.rows(), [
      { step: 4, a: 8 },
      { step: big + 1n, a: 6 },
      { step: big + 2n, a: 7 },
      { step: big + 3n, a: 5 },
    ]);
    using wrong = new StreamStore({ a: 0 }, smallChunks);
    wrong.append(0, { a: 1 });
    await assert.rejects(
      wrong.loadDataset(path, "train", { sortBy: "same", step: "t" }),
      /the step of row 1 must be > 1152921504606846978, the step before it, got 4$/,
    );
    assert.deepEqual(wrong.rows(), [{ step: 0, a: 1 }]);
    using after = new StreamStore({ a: 0 }, smallChunks);
    after.append(9, { a: 1 });
    await after.loadDataset(path, "train", { sortBy: "t" });
    assert.deepEqual(after.rows().map(({ step, a }) => [step, a]), [[9, 1], [10, 8], [11, 6], [12, 7], [
      13,
      5,
    ]]);
  }));

test("loadDataset() sorts by strings in dictionaries, and by columns of nothing but nulls", () =>
  inFolder(async (folder) => {
    const texts = ["b", "a", null, "b", "ä"];
    const task = vectorFromArray(texts, new Dictionary(new Utf8(), new Int32()));
    const table = tableFromArrays({ a: Float64Array.of(0, 1, 2, 3, 4) }).assign(
      new (tableFromArrays({}).constructor as new (columns: unknown) => Table)({ task }),
    );
    const path = join(folder, "x.arrow");
    writeFileSync(path, tableToIPC(table, "file"));
    using sorted = new StreamStore({ a: 0 }, smallChunks);
    await sorted.loadDataset(path, "train", { sortBy: "task" });
    assert.deepEqual([...sorted.column("a").values], [1, 0, 3, 4, 2]);
    const lines = join(folder, "x.jsonl");
    writeFileSync(lines, '{"a": 1, "b": null}\n{"a": 2, "b": null}\n');
    using same = new StreamStore({ a: 0 }, smallChunks);
    await same.loadDataset(lines, "train", { sortBy: "b" });
    assert.deepEqual([...same.column("a").values], [1, 2]);
  }));

test("loadDataset() refuses what cannot be sorted by, and leaves the store as it was", () =>
  inFolder(async (folder) => {
    using store = edgeStore();
    for (const name of ["x.parquet", "x.arrow", "x.jsonl", "x.csv"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { fieldFeatures: edgeFeatures });
      using target = new StreamStore({ single: 0 }, smallChunks);
      await assert.rejects(
        target.loadDataset(path, "train", { sortBy: "nothing" }),
        /^RangeError: Cannot load a dataset: sortBy must name columns \(single, label, .*\), got "nothing"$/,
        name,
      );
      await assert.rejects(
        target.loadDataset(path, "train", { sortBy: ["single", "varied"] }),
        /the column "varied" to sort by must be of numbers, strings or bytes, got/,
      );
      await assert.rejects(
        target.loadDataset(path, "train", { sortBy: 5 as never }),
        /sortBy must be column names, got 5$/,
      );
      assert.equal(target.rowCount, 0);
      target.append(0, { single: 1 });
    }
  }));

if (skip) console.log(`Tests of sorted real data are skipped: ${skip}`);

test("loadDataset() sorts robot episodes by frame and then by episode", { skip }, async () => {
  const path = join(realData, "lerobot-g1");
  const fields = { action: 0, frame_index: 1, episode_index: 2 };
  using plain = new StreamStore(fields, smallChunks);
  await plain.loadDataset(path);
  using sorted = new StreamStore(fields, smallChunks);
  await sorted.loadDataset(path, "train", { sortBy: ["frame_index", "episode_index"] });
  const rows = plain.rows().sort((a, b) =>
    (a.frame_index as number) - (b.frame_index as number) ||
    (a.episode_index as number) - (b.episode_index as number)
  );
  assert.deepEqual(sorted.rows().map(({ step: _, ...row }) => row), rows.map(({ step: _, ...row }) => row));
  using before = new StreamStore(fields, smallChunks);
  await before.loadDataset(path, "train", { sortBy: "index" });
  assertSameStore(before, plain);
});
