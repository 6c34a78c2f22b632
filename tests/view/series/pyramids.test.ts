/** Columns of charts, from pyramids and from rows, beside those by plain loops. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { openDirectory } from "../../../src/store/open.ts";
import { columnStarts } from "../../../src/view/series/column_rows.ts";
import { seriesLimits } from "../../../src/view/series/limits.ts";
import { Pyramids } from "../../../src/view/series/pyramids.ts";
import { Random } from "../../support/support.ts";
import { withDirectory } from "../../torture/scratch.ts";
import { appendRows, columnsOf, dtypes, valuesOf } from "./oracle.ts";

/** Pyramids are used for whatever is long enough for a bucket, and built in small slices. */
const limits = {
  ...seriesLimits,
  readRowsMax: 0,
  readValuesMax: 0,
  sliceMs: 0,
  valuesAtFirst: 2 ** 13,
  gapMax: 20,
};

function openPyramids(path: string, given = limits) {
  const { connection, fields } = openDirectory(path, { mode: "read", salvage: false });
  const pyramids = new Pyramids(connection, fields, null, given);
  return { pyramids, [Symbol.dispose]: () => connection.close() };
}

const series = ["list[0]", "list[2]", "one"];

const elements: Readonly<Record<string, readonly [string, number]>> = {
  "list[0]": ["list", 0],
  "list[2]": ["list", 2],
  one: ["one", 0],
};

/** Asks for random ranges of what is known, until all is; returns how many answers were not whole. */
function compareAll(pyramids: Pyramids, store: StreamStore, random: Random, rounds: number): number {
  const values = new Map(
    Object.entries(elements).map(([name, [field, element]]) => [
      name,
      valuesOf(store, field, element),
    ]),
  );
  let partial = 0;
  for (let round = 0, isBuilt = false; round < rounds || !isBuilt; round++) {
    const length = 1 + random.below(random.below(4) === 0 ? 20 : store.rowCount + 100);
    const from = random.below(store.rowCount + 10);
    const names = series.filter(() => random.below(2) === 0);
    if (names.length === 0) names.push("one");
    const query = {
      series: names,
      from,
      to: from + length,
      columns: 1 + random.below(random.below(2) === 0 ? 5 : 700),
    };
    const answer = pyramids.query(query)!;
    assert.ok(answer.knownFrom >= from);
    if (answer.knownFrom > from) partial++;
    names.forEach((name, i) => {
      const known = new Map([...values.get(name)!].filter(([row]) => row >= answer.knownFrom));
      const expected = columnsOf(known, from, from + length, query.columns);
      const found = [...answer.values[i]];
      const wrong = expected.findIndex((value, at) =>
        !(value === found[at] || (Number.isNaN(value) && Number.isNaN(found[at])))
      );
      assert.equal(
        wrong,
        -1,
        `${name} ${JSON.stringify(query)}: ${found[wrong]} in place of ${expected[wrong]} at ${wrong}`,
      );
    });
    isBuilt = pyramids.step();
  }
  return partial;
}

test("columnStarts() puts rows into columns as exact integers do, also beyond 2^53", () => {
  const random = new Random(4);
  for (let round = 0; round < 200; round++) {
    const from = random.below(2 ** 20) * (random.below(2) === 0 ? 1 : 2 ** 30);
    const rows = 1 + random.below(2 ** random.below(31)) * 2 ** random.below(20);
    const columns = 1 + random.below(4000);
    const starts = columnStarts(from, from + rows, columns);
    assert.equal(starts.length, columns + 1);
    assert.equal(starts[0], from);
    assert.equal(starts[columns], from + rows);
    for (let column = 0; column <= columns; column++) {
      const product = BigInt(column) * BigInt(rows);
      const quotient = (product + BigInt(columns) - 1n) / BigInt(columns);
      assert.equal(starts[column], from + Number(quotient));
    }
  }
});

for (let place = 0; place < dtypes.length; place += 2) {
  const [list, one] = dtypes.slice(place);
  test(`query() gives the columns of ${list} and ${one} that a loop over all rows gives, while a store grows`, () =>
    withDirectory((directory) => {
      const random = new Random(100 + place);
      const path = join(directory, "run.stream");
      using store = StreamStore.open(path, { fields: { list, one } }) as unknown as StreamStore;
      appendRows(store, { list, one }, 5000, random);
      store.flush();
      using opened = openPyramids(path);
      assert.ok(compareAll(opened.pyramids, store, random, 8) > 0);
      for (const count of [1, 300, 3000]) {
        appendRows(store, { list, one }, count, random);
        store.flush();
        compareAll(opened.pyramids, store, random, 4);
      }
    }));
}

test("query() keeps absolute rows while a store drops its oldest", () =>
  withDirectory((directory) => {
    const random = new Random(7);
    const path = join(directory, "run.stream");
    const options = {
      fields: { list: "float32", one: "int32" },
      capacity: 65_536,
      retain: { rows: 9000 },
    } as const;
    using store = StreamStore.open(path, options) as unknown as StreamStore;
    using opened =
      (appendRows(store, { list: "float32", one: "int32" }, 9000, random), store.flush(), openPyramids(path));
    for (let round = 0; round < 6; round++) {
      appendRows(store, { list: "float32", one: "int32" }, 9000, random);
      store.flush();
      compareAll(opened.pyramids, store, random, 6);
    }
    assert.ok(store.firstRow > 0);
  }));

test("query() of a store without rows, of rows that are not there, and of series that are not", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    using store = StreamStore.open(path, { fields: { "a[0]": "float32", a: "int8", other: "bool" } });
    using opened = openPyramids(path);
    const query = { series: ["a", "a[0]", "a[1]"], from: 0, to: 10, columns: 2 };
    const nothing = [...Array(8).fill(NaN), 0, 0];
    assert.deepEqual(opened.pyramids.query(query)!.values.map((values) => [...values]), [
      nothing,
      nothing,
      nothing,
    ]);
    assert.equal(opened.pyramids.step(), true);
    store.append(0, { "a[0]": 0.5, a: [3, 4], other: true });
    store.flush();
    const values = opened.pyramids.query(query)!.values.map((each) => each[0]);
    // A field's own name is no element of another.
    assert.deepEqual(values, [3, 0.5, 4]);
    for (const name of ["b", "a[", "a[01]", "a[-1]", "a[99999999999]", ""]) {
      assert.throws(() => opened.pyramids.query({ ...query, series: [name] }), {
        name: "TypeError",
        message: /^Cannot read a series: its name must be a field's, among a\[0\], a, other, or .*, got /,
      });
    }
  }));

test("a pyramid of many series is built for all that are asked for, the newest rows first", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    using store = StreamStore.open(path, { fields: { list: "float32" } });
    const [rows, width] = [20_000, 70];
    const values = Float32Array.from({ length: rows * width }, (_, i) => i % 9973);
    store.appendColumns({ step: Float64Array.from({ length: rows }, (_, i) => i), list: { values, width } });
    using opened = openPyramids(path);
    const names = Array.from({ length: width }, (_, i) => `list[${i}]`);
    const range = { from: 0, to: rows, columns: 3 };
    assert.throws(() => opened.pyramids.query({ series: names, ...range }), {
      name: "RangeError",
      message: "Cannot read series: there must be at most 64, got 70",
    });
    // The second half begins when the first is on its way.
    const halves = [names.slice(0, 40), names.slice(40)];
    const knownFrom = [rows, rows];
    for (let isBuilt = false, round = 0; !isBuilt; round++, isBuilt = opened.pyramids.step()) {
      for (const [half, series] of halves.slice(0, 1 + round).entries()) {
        const answer = opened.pyramids.query({ series, ...range })!;
        assert.ok(answer.knownFrom <= knownFrom[half]);
        knownFrom[half] = answer.knownFrom;
      }
    }
    const found = halves.flatMap((series) => opened.pyramids.query({ series, ...range })!.values);
    for (let i = 0; i < width; i++) {
      const known = new Map(Array.from({ length: rows }, (_, row) => [row, values[row * width + i]]));
      assert.deepEqual([...found[i]], columnsOf(known, 0, rows, 3));
    }
  }));
