/** What the tests of saved datasets share: a store with every kind of column, and how two stores are compared. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Feature, type FieldMap, type LoadDatasetOptions, StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

export const value = (dtype: string): Feature => ({ dtype, _type: "Value" });
export const list = (feature: Feature, length?: number): Feature =>
  length === undefined ? { feature, _type: "List" } : { feature, length, _type: "List" };

/** Runs a test with a folder of its own. */
export async function inFolder(task: (folder: string) => Promise<void>): Promise<void> {
  await withDirectory(task);
}

/** Files below a folder, hidden ones too, sorted. */
export function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) =>
    join(entry.parentPath, entry.name).slice(folder.length + 1)
  ).sort();
}

/** A store with what is loaded from a file of a name and a text. */
export async function loadText(
  name: string,
  fields: FieldMap,
  text: string,
  options?: LoadDatasetOptions,
): Promise<StreamStore> {
  const store = new StreamStore<FieldMap>(fields);
  await inFolder(async (folder) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    await store.loadDataset(path, "train", options);
  });
  return store;
}

/** Rows without steps, and lists as plain ones. */
export function plainRows(store: StreamStore): unknown[] {
  return store.rows().map(({ step: _, ...row }) =>
    Object.fromEntries(
      Object.entries(row).map((
        [name, entry],
      ) => [name, ArrayBuffer.isView(entry) ? [...entry as Float64Array] : entry]),
    )
  );
}

/** Both hold the same tokens bit for bit, in the same rows, with the same empty lists. */
export function assertSameStore(found: StreamStore, expected: StreamStore): void {
  assert.equal(found.rowCount, expected.rowCount);
  assert.equal(found.length, expected.length);
  const [a, b] = [found.window(0, found.length), expected.window(0, expected.length)];
  assert.deepEqual(a.types, b.types);
  assert.deepEqual(a.bits, b.bits);
  assert.deepEqual(found.rows(), expected.rows());
}

const payload = new Float64Array(BigUint64Array.of(0x7ff8000000000123n).buffer)[0];

/** Every way in which a row can hold a field, with the numbers that are easily lost. */
export const edgeFields = {
  single: 0,
  label: { type: 1, dtype: "int64" },
  id: { type: 2, dtype: "int64" },
  mask: { type: 3, dtype: "uint64" },
  varied: 4,
  fixed: 5,
  image: 6,
  done: 7,
  time: { type: 8, dtype: "int64" },
} as const satisfies FieldMap;

export const edgeFeatures = {
  single: value("float32"),
  label: { names: ["left", "right"], _type: "ClassLabel" },
  id: value("int64"),
  mask: value("uint64"),
  varied: list(value("float64")),
  fixed: list(value("float32"), 2),
  image: { shape: [2, 2], dtype: "uint8", _type: "Array2D" },
  done: value("bool"),
  time: value("timestamp[us]"),
} as const satisfies Record<string, Feature>;

export function edgeStore(): StreamStore<typeof edgeFields> {
  const store = new StreamStore(edgeFields);
  store.append(0, {
    single: Math.fround(0.1),
    label: 1,
    id: 2n ** 53n + 1n,
    mask: 2n ** 64n - 1n,
    varied: [],
  });
  store.append(1, {
    varied: [NaN, -0, Infinity, 5e-324],
    fixed: [0.5, -0],
    image: [1, 2, 3, 255],
    done: true,
  });
  store.append(2, {});
  store.append(3, { single: NaN, label: 0, id: -(2n ** 63n), mask: 0, done: false, time: 2n ** 60n + 1n });
  store.append(4, { single: -Infinity, varied: [0.1], time: -1 });
  store.append(5, { varied: [] });
  return store;
}

/** A NaN that only binary formats keep as it is. */
export function appendPayload(store: StreamStore<typeof edgeFields>): void {
  store.append(6, { varied: new Float64Array([payload]) });
}
