/** How cost grows: its cases, its table and its picture. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { growthCases } from "../bench/harness/cases.ts";
import { growthOf, growthTableOf, shortCount } from "../bench/harness/growth.ts";
import { growthPlot } from "../bench/harness/growth_plot.ts";
import { bytesRead, dropPages, isLinux } from "../bench/harness/mappings.ts";
import { takeTurns } from "../bench/harness/harness.ts";
import { type Measurement, microseconds } from "../bench/harness/measurement.ts";
import type { Results } from "../bench/harness/report.ts";
import { sizesOf } from "../bench/harness/sizes.ts";
import { runFlags } from "./support/runtime.ts";

const sizedCases = Object.entries(growthCases).filter(([name]) => name !== "growth-dropped");
for (const [name, run] of sizedCases) {
  test(`the case ${name} gives right results at each size, and leaves nothing behind`, async () => {
    const before = growthFolders();
    const measurements = await run(sizesOf.small);
    const counts = name === "growth-stores" ? sizesOf.small.grownStores : sizesOf.small.grownRows;
    const grown = measurements.filter(({ growth }) => growth !== undefined);
    const subjects = new Set(grown.map(({ growth }) => growth!.what));
    assert.ok(subjects.size > 5);
    assert.equal(grown.length, subjects.size * counts.length);
    for (const { name, value, ratio, growth, limit } of grown) {
      assert.ok(value! > 0 && ratio! > 0 && limit!.value > 0, name);
      assert.ok(counts.includes(growth!.count), name);
    }
    assert.deepEqual(growthFolders().filter((folder) => !before.includes(folder)), []);
  });
}

const growthFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`growth-${process.pid}-`));

test("the case growth-dropped tells what came from the disk beside what was asked for", async () => {
  const measurements = await growthCases["growth-dropped"](sizesOf.small);
  assert.equal(measurements.length, isLinux ? 4 : 1);
  // Of 3 batches of 256 windows of 4 rows, each row a value and a step.
  const asked = 256 * 4 * 9 / 1000;
  for (const { limit, value } of measurements) {
    if (limit !== null) assert.equal(limit.value, asked);
    assert.ok(value === null || value >= 0);
  }
});

test("dropPages() drops what lies behind a share of each file, and bytesRead() sees it read again", {
  skip: isLinux ? false : "needs Linux",
}, (t) => {
  const folder = mkdtempSync(fileURLToPath(new URL("../build/bench-", import.meta.url)));
  try {
    const path = join(folder, "file");
    const content = new Uint8Array(8 << 20).map((_, i) => i);
    writeFileSync(path, content);
    const readAgain = (share: number) => {
      dropPages(folder, share);
      const before = bytesRead();
      assert.deepEqual(readFileSync(path), Buffer.from(content));
      return (bytesRead() - before) / content.length;
    };
    const all = readAgain(0);
    if (all === 0) return t.skip("files beside the checkout are in memory only");
    // The kernel may have dropped some by itself.
    for (const [found, expected] of [[all, 1], [readAgain(0.5), 0.5], [readAgain(1), 0]]) {
      assert.ok(Math.abs(found - expected) < 0.25, `${found} of ${expected}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("takeTurns() lets each go first in turn, and leaves the warm-up out", async () => {
  const order: string[] = [];
  const times = await takeTurns(3, ["a", "b", "c"].map((name) => () => order.push(name)));
  assert.equal(order.join(""), "cababcbcacab");
  // The first of the four rounds does not count.
  assert.deepEqual(times, [[4, 9, 11], [5, 7, 12], [6, 8, 10]]);
});

/** A reference of 20 µs at the first size, and what takes `ratio` times as long at each further one. */
function resultsOf(runtime: Results["runtime"], ratio: number): Results {
  const measurements = (["rows", "stores"] as const).flatMap((by) =>
    [1e6, 1e7, 1e9].flatMap((count, i): Measurement[] => {
      const times = [20e3 * ratio ** i];
      return [
        growthOf({ what: `gather by ${by}`, by, count }, microseconds, times, [20e3], 1e6),
        growthOf({ what: "open", by, count }, microseconds, [20e3], [20e3], 1e6),
      ];
    })
  );
  return { runtime, version: "1", machine: "a machine", measurements };
}

test("growthTableOf() has what the first size takes, and how many times that the others", () => {
  const results = [resultsOf("Deno", 1.2), resultsOf("Bun", 2)];
  assert.deepEqual(growthTableOf(results, "rows")!.split("\n"), [
    "| by rows | unit | at 1 M | × at 10 M | × at 1 B |",
    "| --- | --- | --- | --- | --- |",
    "| gather by rows | µs | 20 / 20 | 1.20 / 2.00 | 1.44 / 4.00 |",
    "| open | µs | 20 / 20 | 1.00 / 1.00 | 1.00 / 1.00 |",
    "",
    "Medians: Deno 1 / Bun 1.",
  ]);
  assert.equal(growthTableOf([{ ...results[0], measurements: [] }], "stores"), null);
  assert.deepEqual([1, 1000, 1e6, 3.46e8, 1e9].map(shortCount), ["1", "1,000", "1 M", "346 M", "1 B"]);
});

test("growth is judged by the ratio to the first size", () => {
  const goals = resultsOf("Bun", 1.4).measurements.map(({ goal }) => goal!.isReached);
  // 1, 1.4 and 1.96 times the first.
  assert.deepEqual(goals.slice(0, 6), [true, true, true, true, false, true]);
});

test("growthPlot() draws a line for each subject, beside one that is flat, with their names", () => {
  const svg = growthPlot(resultsOf("Bun", 2));
  assert.match(svg, /^<svg [^>]*viewBox="0 0 \d+ \d+"/);
  const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, word]) => word);
  for (const word of ["gather by rows", "gather by stores", "1 M", "1 B", "flat", "rows", "stores", "× 4"]) {
    assert.ok(words.includes(word), `${word} in ${words.join(", ")}`);
  }
  assert.equal(words.filter((word) => word === "open").length, 2);
  // Not those of the legends, which are moved into place.
  const lines = [...svg.matchAll(/<path d="([^"]*)" fill="none"[^>]* stroke-width="[26]"[^>]*>/g)]
    .filter(([line]) => !line.includes("transform"));
  const heights = lines.map(([, path]) => path.match(/[\d.]+/g)!.filter((_, i) => i % 2 === 1).map(Number));
  const isFlat = (ys: number[]) => ys.every((y) => Math.abs(y - ys[0]) < 0.5);
  // Of each panel: the flat line, what grows, and what does not.
  assert.deepEqual(heights.map(isFlat), [true, false, true, true, false, true]);
  assert.throws(
    () => growthPlot({ ...resultsOf("Bun", 2), measurements: [] }),
    /Cannot draw: Bun has no results/,
  );
});

const main = fileURLToPath(new URL("../bench/main.ts", import.meta.url));
const bench = (...args: string[]) =>
  spawnSync(process.execPath, [...runFlags, main, ...args], { encoding: "utf8" });

test("bench --large measures the sizes that it is given, and --table and --plot show them", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const [json, plot] = ["growth.json", "growth.svg"].map((name) => join(folder, name));
    const sizes = ["--small", "--rows", "9000,4000", "--stores", "2"];
    const measured = bench("--large", ...sizes, "--json", json);
    assert.equal(measured.status, 0, measured.stderr);
    const table = bench("--large", "--table", "--json", json);
    assert.match(table.stdout, /^\| by rows \| unit \| at 4,000 \| × at 9,000 \|\n/);
    assert.match(table.stdout, /^\| by stores \| unit \| at 2 \|\n/m);
    assert.ok(!existsSync(plot));
    assert.equal(bench("--large", "--plot", plot, "--json", json).status, 0);
    assert.match(readFileSync(plot, "utf8"), /<text[^>]*>9,000<\/text>/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const sizes of ["0", "1,,2", "1.5", "many"]) {
    const wrong = bench("--large", "--rows", sizes);
    assert.equal(wrong.status, 2);
    assert.equal(
      wrong.stderr,
      `Sizes must be whole numbers from 1 on, with commas between, got '${sizes}'\n`,
    );
  }
});
