/**
 * Reads series as the viewer does, of the store at the path in its arguments, and prints what it took: how long until all of
 * it was there, how long a query takes then, in milliseconds, and the memory of the process.
 */
import process from "node:process";
import { SeriesReader } from "../../src/view/series/series.ts";
import { anonymousBytes } from "../harness/anonymous.ts";

const [path, names, rowCount, columns, rounds] = process.argv.slice(2);
const series = names.split(" ");
const [rows, width] = [Number(rowCount), Number(columns)];
const reader = new SeriesReader(path);
// The Worker has loaded what it needs.
await reader.query(series.slice(0, 1), 0, 1, 1);

const start = performance.now();
let answer = await reader.query(series, 0, rows, width);
const firstMs = performance.now() - start;
while (answer.knownFrom > 0) answer = await reader.query(series, 0, rows, width);
const wholeMs = performance.now() - start;

const queryMs: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  // Never the same rows, so that no edge falls on a bucket's.
  const from = 7 + 31 * round;
  const begun = performance.now();
  await reader.query(series, from, rows - 3 * round, width);
  queryMs.push((performance.now() - begun) / series.length);
}
const checks = answer.values.map((values) =>
  values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0)
);
const bytes = anonymousBytes("self");
// What is new is written down before the Worker ends.
reader.close();
console.log(JSON.stringify({ firstMs, wholeMs, queryMs, bytes, checks }));
