/**
 * The line through columns of pixels is the line through all points: in every column of pixels it covers the same
 * values, and between columns it has the same segments.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnOf,
  type Columns,
  type Detail,
  parseSeries,
  rangeOf,
  scaleOf,
} from "../../src/view/client/stream/columns.ts";
import { type Pen, type Plot, trace } from "../../src/view/client/stream/trace.ts";
import { askedFor } from "../../src/view/client/stream/view_range.ts";
import { Random } from "../support/support.ts";

/** A drawing as what it covers: of each column of pixels the values, and the segments from one to another. */
class Picture implements Pen {
  readonly spans = new Map<number, [number, number]>();
  readonly segments = new Set<string>();
  #at: [number, number] = [NaN, NaN];

  moveTo(x: number, y: number): void {
    this.#at = [x, y];
  }

  lineTo(x: number, y: number): void {
    const [fromX, fromY] = this.#at;
    if (x !== fromX) this.segments.add([fromX, fromY, x, y].join());
    else {
      const [top, bottom] = this.spans.get(x) ?? [y, y];
      this.spans.set(x, [Math.min(top, y, fromY), Math.max(bottom, y, fromY)]);
    }
    this.#at = [x, y];
  }

  /** Spans of a plot's columns but for those of one point, and what crosses or touches the plot. */
  within({ left, width }: Plot): { spans: string[]; segments: string[] } {
    const spans = [...this.spans].filter(([x, [top, bottom]]) =>
      x >= left && x < left + width && top < bottom
    );
    const segments = [...this.segments].filter((segment) => {
      const [fromX, , x] = segment.split(",").map(Number);
      return Math.max(fromX, x) >= left && Math.min(fromX, x) < left + width;
    });
    return { spans: spans.map(String).sort(), segments: segments.sort() };
  }
}

/** As the protocol says, row by row. */
function columnsOf(values: Float64Array, from: number, to: number, count: number): Columns {
  const make = () => new Float64Array(count).fill(NaN);
  const columns = { first: make(), last: make(), min: make(), max: make(), count: new Float64Array(count) };
  for (let row = from; row < to; row++) {
    const value = values[row];
    if (!Number.isFinite(value)) continue;
    const at = Math.floor((row - from) * count / (to - from));
    if (columns.count[at]++ === 0) columns.first[at] = columns.min[at] = columns.max[at] = value;
    columns.last[at] = value;
    columns.min[at] = Math.min(columns.min[at], value);
    columns.max[at] = Math.max(columns.max[at], value);
  }
  return columns;
}

const rowCount = 60_000;
const kinds: Record<string, (random: Random) => Float64Array> = {
  noise: (random) => Float64Array.from({ length: rowCount }, () => random.float() - 0.5),
  "spikes and steps": (random) =>
    Float64Array.from(
      { length: rowCount },
      (_, row) => random.below(500) === 0 ? random.float() * 100 : row >> 12,
    ),
  "a walk": (random) => {
    let at = 0;
    return Float64Array.from({ length: rowCount }, () => at += random.float() - 0.5);
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`trace() draws of ${kind} what all points would draw, dense and sparse, at every edge`, () => {
    const random = new Random(7);
    const values = make(random);
    const bounds = { firstRow: 0, endRow: rowCount };
    for (let round = 0; round < 60; round++) {
      const pixels = 50 + random.below(900);
      const rows = Math.floor(4 + (rowCount - 4) * random.float() ** 6);
      const start = random.below(rowCount - rows + 1);
      const part = rows < pixels ? random.float() * 0.9 : 0;
      const view = { from: start + part, to: Math.min(rowCount, start + rows + part) };
      const asked = askedFor(view, pixels, bounds);
      const name = "value";
      const one = (row: number) =>
        asked.isDense && row >= 0 && row < rowCount ? [[name, values[row]] as const] : [];
      const detail: Detail = {
        ...asked,
        knownFrom: asked.from,
        series: new Map([[name, columnsOf(values, asked.from, asked.to, asked.columns)]]),
        before: new Map(one(asked.from - 1)),
        after: new Map(one(asked.to)),
      };
      const [least, greatest] = scaleOf(rangeOf(detail, [name], view.from, view.to));
      const plot = { left: 68, top: 6, width: pixels, height: 200, ...view, least, greatest };
      const drawn = new Picture();
      trace(drawn, detail, name, plot);
      const expected = new Picture();
      // In columns of pixels as uPlot has them: from the pixel on where it is dense, around it where it is not.
      const x = (row: number) => {
        const at = plot.left + pixels * (row - view.from) / (view.to - view.from);
        return asked.isDense && row >= view.from ? Math.floor(at + 1e-9) : Math.round(at);
      };
      const y = (row: number) => Math.round(6 + 200 * (1 - (values[row] - least) / (greatest - least)));
      const first = Math.max(0, Math.floor(view.from) - 1);
      const end = Math.min(rowCount, Math.ceil(view.to) + 1);
      expected.moveTo(x(first), y(first));
      for (let row = first + 1; row < end; row++) expected.lineTo(x(row), y(row));
      const seed = `round ${round}: ${pixels} pixels, rows ${view.from} to ${view.to}`;
      assert.deepEqual(drawn.within(plot), expected.within(plot), seed);
    }
  });
}

test("trace() breaks the line where a column has no value, and shows as a dot what stands alone", () => {
  const values = Float64Array.of(NaN, 1, NaN, NaN, 2, 3, Infinity, 1, NaN);
  const detail: Detail = {
    from: 10,
    to: 19,
    columns: 9,
    knownFrom: 10,
    series: new Map([["value", columnsOf(values, 0, 9, 9)]]),
    before: new Map(),
    after: new Map(),
  };
  const calls: string[] = [];
  const pen: Pen = {
    moveTo: (x, y) => calls.push(`move ${x} ${y}`),
    lineTo: (x, y) => calls.push(`line ${x} ${y}`),
  };
  const plot = { left: 0, top: 0, width: 90, height: 40, from: 10, to: 19, least: 0, greatest: 4 };
  trace(pen, detail, "value", plot);
  assert.deepEqual(calls, [
    "move 10 30",
    "move 9.5 30",
    "line 10.5 30",
    "move 40 20",
    "line 50 10",
    "move 70 30",
    "move 69.5 30",
    "line 70.5 30",
  ]);
});

test("parseSeries() reads what the server writes, and columnOf() finds a row's column as the server does", () => {
  const header = { store: 0, from: 5, to: 12, columns: 3, series: ["a", "b[1]"], knownFrom: 7 };
  const text = JSON.stringify(header);
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const bytes = new ArrayBuffer(4 + length + 2 * 5 * 3 * 8);
  new DataView(bytes).setUint32(0, length, true);
  new Uint8Array(bytes, 4).set(new TextEncoder().encode(text.padEnd(length)));
  new Float64Array(bytes, 4 + length).set(Array.from({ length: 30 }, (_, i) => i));
  const answer = parseSeries(bytes);
  assert.deepEqual(answer.header, header);
  assert.deepEqual([...answer.columns.get("a")!.last, ...answer.columns.get("b[1]")!.count], [
    3,
    4,
    5,
    27,
    28,
    29,
  ]);
  const detail = { ...header, series: answer.columns, before: new Map(), after: new Map() };
  const expected = [4, 5, 6, 7, 8, 9, 10, 11, 12].map((row) =>
    row < 5 || row > 11 ? -1 : Math.floor((row - 5) * 3 / 7)
  );
  assert.deepEqual([4, 5, 6, 7, 8, 9, 10, 11, 12].map((row) => columnOf(detail, row)), expected);
});

test("scaleOf() has room around any range, also where its width is no number", () => {
  assert.deepEqual(scaleOf([0, 10]), [-0.5, 10.5]);
  assert.deepEqual(scaleOf([5, 5]), [4.75, 5.25]);
  assert.deepEqual(scaleOf([0, 0]), [-1, 1]);
  assert.deepEqual(scaleOf(null), [0, 1]);
  const [least, greatest] = scaleOf([-Number.MAX_VALUE, Number.MAX_VALUE]);
  assert.ok(Number.isFinite(greatest - least) && least < greatest);
});
