import assert from "node:assert/strict";
import { test } from "node:test";
import {
  drawKey,
  drawOrder,
  episodeProgress,
  episodeRule,
  fieldCells,
  fieldSummary,
  fillLayout,
  priorityFill,
  priorityReport,
  priorityTree,
  scaledField,
  statisticsFieldsMax,
  statisticsIndexLength,
  statisticsPageLength,
  statisticsProgress,
  status,
  storeOptions,
  windowIndex,
  windowName,
} from "../../src/native/abi.ts";
import { runtime } from "../../src/native/load.ts";

/** The options of a temporary store: each in its place, and 0 for the others. */
function smallStore(): Float64Array {
  const options = new Float64Array(storeOptions.length);
  const given = {
    capacityTokens: 100,
    tailRecordsMax: 16,
    tailValuesMax: 16,
    reservedElements: 1000,
    typeBytes: 4,
  };
  for (const [name, number] of Object.entries(given)) {
    options[storeOptions[name as keyof typeof given]] = number;
  }
  return options;
}

test("numbers that no sampler passes are refused by the library", () => {
  const { native, tables: { sampler } } = runtime;
  const bytes = new Uint8Array(4096);
  const indices = new Float64Array(8);
  const out = new Float64Array(8);
  const lengths = new Int32Array(8);
  const invalid = status.invalidArgument;
  const key = new Float64Array(drawKey.length);
  key[drawKey.bound] = 9;
  key[drawKey.decay] = 0.5;
  for (const order of Object.values(drawOrder)) {
    out[0] = 9;
    assert.equal(sampler.ss_numbers_draw(order, key, indices, 1, out), 0);
  }
  assert.equal(sampler.ss_numbers_draw(Object.keys(drawOrder).length, key, indices, 1, out), invalid);
  for (const name of ["seedLow", "seedHigh", "stream", "bound"] as const) {
    const bad = key.slice();
    bad[drawKey[name]] = -1;
    assert.equal(sampler.ss_numbers_draw(drawOrder.uniform, bad, indices, 1, out), invalid, name);
  }
  const index = new Float64Array(windowIndex.length);
  index[windowIndex.windowLength] = index[windowIndex.stride] = index[windowIndex.end] = 1;
  index[windowIndex.episodeCount] = 1;
  const locate = (from: Float64Array, name: number) =>
    sampler.ss_windows_locate(from, name, bytes, bytes, bytes, indices, 1, out, out, lengths);
  assert.equal(locate(index, windowName.ordinal), 0);
  assert.equal(locate(index, Object.keys(windowName).length), invalid);
  for (
    const [name, number] of [["windowLength", 0], ["stride", 0], ["before", -1], ["before", 2 ** 31 - 1], [
      "policy",
      4,
    ], ["bucketShift", 64]] as const
  ) {
    const bad = index.slice();
    bad[windowIndex[name]] = number;
    assert.equal(locate(bad, windowName.ordinal), invalid, name);
    assert.equal(sampler.ss_windows_rank(bad, bytes, bytes, 0, out), invalid, name);
  }

  const directory = new TextEncoder().encode("/tmp");
  assert.equal(
    native.ss_store_open(
      directory,
      directory.length,
      0,
      smallStore(),
      bytes,
      0,
      bytes,
      out,
    ),
    0,
  );
  const [store] = out;
  const progress = new Float64Array(episodeProgress.length);
  const cells = new Int32Array(2 * fieldCells.length);
  const scan = (rule: number, count: number) =>
    sampler.ss_episodes_scan(store, rule, cells, count, progress, new BigUint64Array(1), 1);
  assert.equal(scan(episodeRule.end, 2), 0);
  for (const [rule, count] of [[episodeRule.none, 1], [episodeRule.end, 0], [episodeRule.id, 2], [9, 1]]) {
    assert.equal(scan(rule, count), invalid);
  }
  const groups = Float64Array.of(store, 0);
  const fill = (layout: number, fields = Float64Array.of(0, 0, 0, 1, 1, 1), count = 1) => {
    const [o, b] = [out, bytes];
    return sampler.ss_fields_fill(
      groups,
      1,
      layout,
      indices,
      lengths,
      lengths,
      1,
      1,
      fields,
      count,
      o,
      b,
      o,
      b,
      o,
      b,
      o,
      b,
      o,
      b,
    );
  };
  const { part, values } = fillLayout;
  assert.equal(fill(part.fields), 0);
  for (const layout of [part.tokens + values.float64, part.rows, 2 ** 31 + part.fields]) {
    assert.equal(fill(layout), invalid);
  }
  const many = new Float64Array(5 * scaledField.length).fill(1);
  assert.equal(fill(part.fields, many, 5), invalid);
  for (
    const [name, number] of [
      ["type", 0.5],
      ["kind", 1],
      ["width", 0],
      ["width", -1],
      ["output", 0],
      ["output", 9],
      ["output", 16],
    ] as const
  ) {
    const bad = Float64Array.of(0, 0, 0, 1, 1, 1);
    bad[scaledField[name]] = number;
    assert.equal(fill(part.fields, bad), invalid, name);
  }
  const { offsets } = runtime.tables;
  const around = (layout: number, count = 1, field = Float64Array.of(0, 0, 0, 1, 1, 0)) =>
    offsets.ss_offsets_fill(
      groups,
      1,
      layout,
      indices,
      indices,
      lengths,
      lengths,
      1,
      new Int32Array(1),
      count,
      field,
      out,
      bytes,
      bytes,
    );
  assert.equal(around(part.fields + values.float64 + fillLayout.repeats), 0);
  for (const layout of [part.fields, part.rows + values.float64, 2 ** 31 + part.fields + values.float64]) {
    assert.equal(around(layout), invalid);
  }
  assert.equal(around(part.fields + values.float64, 0), invalid);
  assert.equal(around(part.fields + values.int32, 1, Float64Array.of(0, 0, 1, 1, 1, 0)), invalid);
  for (const [bad, code] of [[[-1, 0], invalid], [[store, -1], invalid], [[store, 0.5], invalid]] as const) {
    groups.set(bad);
    assert.equal(fill(part.fields), code);
  }
  assert.equal(native.ss_store_close(store, 0, 0), 0);
});

test("a sum tree whose shape does not fit its nodes is refused", () => {
  const { priorities } = runtime.tables;
  const nodes = new Float64Array(17);
  const [units, fill, report] = [1, priorityFill.length, priorityReport.length].map((n) =>
    new Float64Array(n)
  );
  const treeOf = (shape: Readonly<Partial<Record<keyof typeof priorityTree, number>>>) => {
    const tree = new Float64Array(priorityTree.length);
    const whole = { nodeCount: 17, capacity: 16, base: 0, end: 16, ...shape };
    for (const [name, number] of Object.entries(whole)) {
      tree[priorityTree[name as keyof typeof whole]] = number;
    }
    return tree;
  };
  assert.equal(priorities.ss_priorities_build(nodes, treeOf({}), report), status.ok);
  for (
    const shape of [
      { capacity: 32 },
      { nodeCount: 16 },
      { end: 17 },
      { base: 5, end: 4 },
      { capacity: 0, end: 0 },
      { nodeCount: NaN, end: 1 },
    ]
  ) {
    const bad = treeOf(shape);
    const invalid = status.invalidArgument;
    assert.equal(priorities.ss_priorities_build(nodes, bad, report), invalid);
    assert.equal(priorities.ss_priorities_fill(nodes, bad, fill, report), invalid);
    assert.equal(priorities.ss_priorities_update(nodes, bad, units, units, 1, 1, report), invalid);
    assert.equal(priorities.ss_priorities_draw(nodes, bad, units, 1, units, units), invalid);
  }
});

test("fields whose cells are of no kind, or too many, are refused", () => {
  const { native, tables: { sampler, statistics } } = runtime;
  const [directory, out, bytes] = [new TextEncoder().encode("/tmp"), new Float64Array(1), new Uint8Array(16)];
  const options = smallStore();
  assert.equal(
    native.ss_store_open(directory, directory.length, 0, options, bytes, 0, bytes, out),
    status.ok,
  );
  const [store] = out;
  const summaries = new Float64Array(fieldSummary.length);
  const index = new Uint32Array(statisticsIndexLength);
  const pages = new Float64Array(statisticsPageLength);
  const progress = new Float64Array(statisticsProgress.length);
  const scanned = new Float64Array(episodeProgress.length);
  const add = (cells: Int32Array, count: number) =>
    statistics.ss_statistics_add(store, cells, count, summaries, index, pages, 1, progress);
  const cells = new Int32Array(fieldCells.length);
  assert.equal(add(cells, 1), status.ok);
  assert.equal(progress[statisticsProgress.isDone], 1);
  for (const kind of [1, -1, 2 ** 31 - 1]) {
    const bad = cells.slice();
    bad[fieldCells.kind] = kind;
    assert.equal(add(bad, 1), status.invalidArgument);
    assert.equal(
      sampler.ss_episodes_scan(store, episodeRule.end, bad, 1, scanned, index, 1),
      status.invalidArgument,
    );
  }
  assert.equal(add(cells, statisticsFieldsMax + 1), status.invalidArgument);
  progress[statisticsProgress.pageCount] = 2;
  assert.equal(add(cells, 1), status.invalidArgument);
  assert.equal(native.ss_store_close(store, 0, 0), status.ok);
});
