/** What the page computes with rows: views, what follows, names in the address, and the table's bar. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { followed, nextMode, parseFollow } from "../../src/view/client/stream/follow.ts";
import { groupsOf, joinNames, seriesOf, splitNames } from "../../src/view/client/stream/series_names.ts";
import {
  askedFor,
  clamped,
  panned,
  parseView,
  snapped,
  viewText,
  wholeOf,
  zoomed,
} from "../../src/view/client/stream/view_range.ts";
import { ScrollScale } from "../../src/view/client/table/scroll_scale.ts";
import { Random } from "../support/support.ts";

const bounds = { firstRow: 1000, endRow: 2_000_000_000 };

test("zoomed() keeps the row under the pointer where it is, and views stay within the store", () => {
  const random = new Random(3);
  let view = wholeOf(bounds);
  for (let i = 0; i < 2000; i++) {
    const at = view.from + random.float() * (view.to - view.from);
    const next = zoomed(view, at, 0.5 + random.float(), bounds);
    const width = next.to - next.from;
    assert.ok(next.from >= bounds.firstRow && next.to <= bounds.endRow && width >= 4 - 1e-6, viewText(next));
    const isFree = next.from > bounds.firstRow && next.to < bounds.endRow && width > 4.001;
    const part = (at - view.from) / (view.to - view.from);
    if (isFree) assert.ok(Math.abs((at - next.from) / width - part) < 1e-3, `${i}: ${viewText(next)}`);
    view = random.below(50) === 0 ? panned(next, (random.float() - 0.5) * 1e9, bounds) : next;
  }
});

test("clamped() shows all of a store that is smaller than the least view, and of an empty one a row", () => {
  assert.deepEqual(clamped({ from: 0, to: 100 }, { firstRow: 0, endRow: 2 }), { from: 0, to: 2 });
  assert.deepEqual(clamped({ from: 0, to: 100 }, { firstRow: 0, endRow: 0 }), { from: 0, to: 1 });
  assert.deepEqual(clamped({ from: -50, to: 50 }, { firstRow: 10, endRow: 1000 }), { from: 10, to: 110 });
  assert.deepEqual(clamped({ from: 950, to: 1050 }, { firstRow: 10, endRow: 1000 }), { from: 900, to: 1000 });
});

test("askedFor() asks for a column a pixel of whole rows, or for each row and one more at both ends", () => {
  const dense = { from: 5000.4, to: 9000.6 };
  assert.deepEqual(snapped(dense, 1000), { from: 5000, to: 9001 });
  assert.deepEqual(askedFor(dense, 1000, bounds), { from: 5000, to: 9001, columns: 1000, isDense: true });
  const sparse = { from: 5000.4, to: 5100.6 };
  assert.deepEqual(snapped(sparse, 1000), sparse);
  assert.deepEqual(askedFor(sparse, 1000, bounds), { from: 4999, to: 5102, columns: 103, isDense: false });
  const edges = { firstRow: 5000, endRow: 5101 };
  assert.deepEqual(askedFor(sparse, 1000, edges), { from: 5000, to: 5101, columns: 101, isDense: false });
  // The server gives at most 8,192 columns.
  for (const rows of [7990, 8000, 8010, 20_000]) {
    assert.ok(askedFor({ from: 2000.5, to: 2000.5 + rows }, 5000, bounds).columns <= 8192, `${rows}`);
  }
});

test("viewText() and parseView() are each other's opposite, and what is no view is none", () => {
  for (const view of [{ from: 0, to: 10 }, { from: 1.25, to: 2e9 }]) {
    assert.deepEqual(parseView(viewText(view)), view);
  }
  for (const text of [undefined, "", "5", "5:5", "7:6", "-1:5", "1e3:2e3", "a:b", "1:2:3"]) {
    assert.equal(parseView(text), null);
  }
});

test("followed() keeps the beginning or the width, also when the head is dropped", () => {
  const view = { from: 100, to: 200 };
  const grown = { firstRow: 0, endRow: 260 };
  assert.deepEqual(followed(view, "off", grown), view);
  assert.deepEqual(followed(view, "follow", grown), { from: 100, to: 260 });
  assert.deepEqual(followed(view, "window", grown), { from: 160, to: 260 });
  assert.deepEqual(followed(view, "follow", { firstRow: 150, endRow: 260 }), { from: 150, to: 260 });
  assert.deepEqual(["off", "follow", "window"].map((mode) => nextMode(parseFollow(mode))), [
    "follow",
    "window",
    "off",
  ]);
  assert.equal(parseFollow("what"), "off");
});

test("splitNames() gives back what joinNames() made of any names", () => {
  for (const names of [[], ["a"], ["a,b", "c\\", "\\,", "observation[2]", "é\n"], ["a", "b", "c"]]) {
    assert.deepEqual(splitNames(joinNames(names)), names);
  }
});

test("groupsOf() finds the field of each series, also of names that look like elements", () => {
  const field = (name: string, width: number | null) => ({
    name,
    typeId: 0,
    dtype: "float64",
    isList: width !== null,
    width: [0, width ?? 1] as const,
    share: 0,
    newest: null,
  });
  const fields = [field("a", 3), field("a[1]", null), field("b", null)];
  assert.deepEqual(seriesOf(fields[0]), ["a[0]", "a[1]", "a[2]"]);
  assert.deepEqual(seriesOf(fields[1]), ["a[1]"]);
  assert.deepEqual(groupsOf(fields, ["b", "a[2]", "a[1]", "nothing", "b[x]"]), [
    { field: "a", series: ["a[2]"] },
    { field: "a[1]", series: ["a[1]"] },
    { field: "b", series: ["b"] },
  ]);
});

test("ScrollScale reaches the first and the last row, and every row of a table that is not too high", () => {
  for (const rows of [0, 1, 10, 1000, 300_000, 1_000_000_000, 2 ** 53]) {
    const scale = new ScrollScale(rows, 26, 500);
    assert.ok(scale.height >= 500 && scale.height <= 8_000_000);
    assert.equal(scale.topOf(0), 0);
    assert.equal(scale.topOf(scale.height - 500), scale.lastTop);
    assert.equal(scale.lastTop, Math.max(0, rows - 500 / 26));
    assert.equal(scale.isShort, rows * 26 > 8_000_000);
    for (const part of [0, 0.1, 0.5, 0.999, 1]) {
      const top = part * scale.lastTop;
      assert.ok(Math.abs(scale.topOf(scale.scrolledOf(top)) - top) <= 1e-9 * rows, `${rows} at ${part}`);
    }
  }
  const exact = new ScrollScale(1000, 26, 520);
  assert.deepEqual([exact.topOf(26 * 17), exact.topOf(-5), exact.topOf(1e9)], [17, 0, 980]);
});
