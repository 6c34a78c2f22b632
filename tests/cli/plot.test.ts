/** `plot`, and the lines that it and `stats` draw. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { brailleLines } from "../../src/cli/braille.ts";
import type { Bucket } from "../../src/cli/buckets.ts";
import { PartMeans, sparkline } from "../../src/cli/sparkline.ts";
import { call, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const bucket = (
  first: number,
  last = first,
  min = Math.min(first, last),
  max = Math.max(first, last),
): Bucket => ({
  row: 0,
  first,
  last,
  min,
  max,
});

test("brailleLines() draws dots by their bits, upright lines from min to max, and nothing for NaN", () => {
  assert.deepEqual(brailleLines([bucket(0), bucket(1), bucket(2), bucket(3)], 0, 3, 1), ["⡠⠊"]);
  assert.deepEqual(brailleLines([bucket(0, 0, 0, 3), bucket(NaN), bucket(3)], 0, 3, 1), ["⡇⠁"]);
  assert.deepEqual(brailleLines([bucket(0), bucket(7)], 0, 7, 2), ["⣸", "⡇"]);
  assert.deepEqual(brailleLines([bucket(5), bucket(5)], 5, 5, 1), ["⠤"]);
  assert.deepEqual(brailleLines([bucket(-1e308), bucket(1e308)], -1e308, 1e308, 1), ["⡞"]);
});

test("sparkline() goes from the smallest to the largest, with a space for what is no number", () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
  assert.equal(sparkline([1, NaN, 1]), "▁ ▁");
  assert.equal(sparkline([-1e308, 1e308]), "▁█");
  assert.equal(sparkline([]), "");
  const means = new PartMeans(10, 3);
  for (let place = 0; place < 10; place++) means.add(place, place === 9 ? NaN : place);
  assert.deepEqual([...means.means], [1.5, 5, 7.5]);
});

test("plot draws a field over its rows, with the greatest and the least value beside it", () =>
  inFolder(async (folder) => {
    const store = StreamStore.open(join(folder, "run.stream"), { fields: ["value", "list"] });
    for (let row = 0; row < 136; row++) store.append(row, { value: row / 10, list: [0, -row] });
    store.close();
    const { code, output, errors } = await call(folder, "plot", "run.stream", "value");
    assert.deepEqual([code, errors], [0, ""]);
    const lines = output.split("\n");
    assert.equal(lines[0], "value, rows 0 to 135");
    assert.equal(lines.length, 18);
    assert.match(lines[1], /^ {6}13\.5 ┤⠀+[⠀-⣿]+$/u);
    assert.match(lines[16], /^ {9}0 ┤[⠀-⣿]+⠀+$/u);
    // A line that rises has its dots further right in each line further up.
    const places = lines.slice(1, 17).map((line) => line.slice(12).search(/[^⠀]/u));
    assert.deepEqual(places, places.toSorted((one, other) => other - one));
    const { output: part } = await call(folder, "plot", "run.stream", "list[1]", "--rows", "-36:");
    assert.match(part, /^list\[1\], rows 100 to 135\n +-100 ┤/);
    const { output: none } = await call(folder, "plot", "run.stream", "list[2]");
    assert.equal(none, "list[2]: no value in rows 0 to 135\n");
  }));

test("plot --json has of each column of dots what all its rows have", () =>
  inFolder(async (folder) => {
    const store = StreamStore.open(join(folder, "run.stream"), { fields: ["value"] });
    const values = Float64Array.from({ length: 10_000 }, (_, i) => i % 97 === 5 ? NaN : Math.sin(i) * i);
    store.appendColumns({ step: values.map((_, i) => i), value: values });
    store.close();
    const { output } = await call(folder, "plot", "run.stream", "value", "--json");
    const found = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(found.length, 136);
    for (const [i, { row, ...bucket }] of found.entries()) {
      const part = values.slice(row, found[i + 1]?.row ?? 10_000).filter((value) => !Number.isNaN(value));
      const [min, max] = [Math.min(...part), Math.max(...part)];
      assert.deepEqual(bucket, { first: part[0], last: part.at(-1), min, max });
    }
    assert.equal(found[0].row, 0);
  }));

test("plot refuses a field that there is not, rows that are none, and --live without a terminal", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const wrong: [string[], RegExp][] = [
      [["rewrad"], /no field "rewrad" \(did you mean "reward"\?\)/],
      [["rewrad[0]"], /no field "rewrad" /],
      [["reward", "--rows", "1-2"], /from:to, got "1-2"/],
      [["reward", "--live"], /--live needs a terminal/],
    ];
    for (const [args, message] of wrong) {
      const { code, output, errors } = await call(folder, "plot", "run.stream", ...args);
      assert.match(errors, message);
      assert.deepEqual([code, output], [2, ""]);
    }
  }));

test("plot --live draws the store as it grows, and Ctrl-C leaves the terminal as it was", {
  skip: noTerminal,
}, () =>
  inFolder(async (folder) => {
    using store = StreamStore.open(join(folder, "run.stream"), { fields: ["value"] });
    store.append(0, { value: 1 });
    store.flush();
    let step = 1;
    const growing = setInterval(() => store.append(step, { value: step++ }), 20);
    const { code, output } = await onTerminal(
      folder,
      ["plot", "run.stream", "value", "--live"],
      "\u001b[Hvalue, rows",
      2,
    );
    clearInterval(growing);
    assert.equal(code, 130);
    assert.ok(output.startsWith("\u001b[?1049h\u001b[?25l\u001b[H"));
    assert.ok(output.includes("\u001b[?25h\u001b[?1049l"));
    assert.ok(output.split("\u001b[H").length > 2);
  }));
