/** `stats`, beside sums that are taken here value by value. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const expected = `\
field        over rows              mean  min  1 %  25 %   50 %  75 %  99 %  max  deviation  values  missing  not finite
observation  ▁▁▁▂▂▃▃▃▄▄▅▅▆▆▆▇▇███  0.225  -10  -10    -1  0.799   1.7  8.03    9    4.16135      40        0           0
reward       ▁ ▁ ▂ ▃ ▄ ▅ ▆ ▇ █ █    2.25    0    0     1   2.01  3.01  4.02  4.5    1.43614      10       10           0
`;

test("stats tells of fields as it stands on a pipe, and on a terminal cut where it ends", {
  skip: noTerminal,
}, () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const args = ["stats", "run.stream", "--fields", "reward,observation"];
    const { code, output, errors } = await call(folder, ...args);
    assert.deepEqual([code, errors], [0, ""]);
    assert.equal(output, expected);
    const { output: cut } = await onTerminal(folder, args);
    for (
      const line of cut.replaceAll("\u001b[1m", "").replaceAll("\u001b[22m", "").split("\n").slice(0, -1)
    ) {
      assert.ok(line.length <= 100 && line.endsWith("…"), line);
    }
  }));

interface Sums {
  readonly ofEpisode: string;
  readonly episodes: number;
  readonly unfinishedRows: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** Rewards 0, 1, 2, … with ends and IDs as given; a writer began at each of `restarts`. */
function makeEpisodes(
  folder: string,
  ends: readonly number[],
  rows: number,
  restarts: readonly number[] = [],
): void {
  const path = join(folder, "run.stream");
  const fields = { reward: "float64", done: "bool", truncated: "bool", id: "int32" } as const;
  let store = StreamStore.open(path, { fields });
  for (let row = 0; row < rows; row++) {
    if (restarts.includes(row)) {
      store.close();
      store = StreamStore.open(path) as typeof store;
    }
    const isEnd = ends.includes(row);
    const before = ends.filter((end) => end < row).length;
    store.append(row, {
      reward: row,
      done: isEnd && row % 2 === 0,
      truncated: isEnd && row % 2 === 1,
      id: before,
    });
  }
  store.close();
}

/** Lengths and sums of rewards, by the first rows of episodes and the row after the last. */
function sumsOf(starts: readonly number[], end: number): { lengths: number[]; sums: number[] } {
  const ranges = starts.map((start, i) => [start, starts[i + 1] ?? end]);
  const lengths = ranges.map(([from, to]) => to - from);
  const sums = ranges.map(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => from + i).reduce((a, b) => a + b, 0)
  );
  return { lengths, sums };
}

async function episodeLines(folder: string, rule: string): Promise<Sums[]> {
  const { code, output, errors } = await call(
    folder,
    "stats",
    "run.stream",
    "--fields",
    "reward",
    "--episodes",
    rule,
    "--json",
  );
  assert.deepEqual([code, errors], [0, ""]);
  return output.trimEnd().split("\n").map((line) => JSON.parse(line)).filter(({ ofEpisode }) => ofEpisode);
}

function checkSums(
  [lengths, rewards]: Sums[],
  starts: readonly number[],
  end: number,
  unfinishedRows: number,
): void {
  const expected = sumsOf(starts, end);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const [found, values] of [[lengths, expected.lengths], [rewards, expected.sums]] as const) {
    assert.deepEqual(
      [found.episodes, found.unfinishedRows, found.min, found.max, found.mean],
      [starts.length, unfinishedRows, Math.min(...values), Math.max(...values), mean(values)],
    );
  }
}

test("stats --episodes tells lengths and sums, where one field or one of two ends them", () =>
  inFolder(async (folder) => {
    // More rows than are read at once.
    makeEpisodes(folder, [10, 4095, 4096, 6001], 10_000);
    checkSums(await episodeLines(folder, "end=done,truncated"), [0, 11, 4096, 4097], 6002, 3998);
    checkSums(await episodeLines(folder, "end=done"), [0, 11], 4097, 5903);
    checkSums(await episodeLines(folder, "id=id"), [0, 11, 4096, 4097], 6002, 3998);
    checkSums(await episodeLines(folder, "rows"), Array.from({ length: 10_000 }, (_, i) => i), 10_000, 0);
  }));

test("stats --episodes ends an episode where its writer did", () =>
  inFolder(async (folder) => {
    makeEpisodes(folder, [10, 40], 60, [20, 41]);
    checkSums(await episodeLines(folder, "end=done,truncated"), [0, 11, 20], 41, 19);
    const { output } = await call(
      folder,
      "stats",
      "run.stream",
      "--fields",
      "reward",
      "--episodes",
      "end=done",
    );
    assert.match(
      output,
      /\n\n3 episodes; 19 rows of one that has not ended\nof an episode +over episodes +mean +min /,
    );
  }));

test("stats --json has what the store's own statistics say", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder, 500);
    const { output } = await call(folder, "stats", "run.stream", "--json");
    using store = StreamStore.open(path, { mode: "read" });
    const stats = store.stats();
    for (const line of output.trimEnd().split("\n")) {
      const { field, rows, values, missing, min, max, mean, standardDeviation, quantiles } = JSON.parse(line);
      const own = stats[field];
      assert.deepEqual(
        [rows, values, missing, min, max, mean, standardDeviation, quantiles["0.5"]],
        [500, own.count, own.missing, own.min, own.max, own.mean, own.standardDeviation, own.quantile(0.5)],
      );
    }
  }));

test("stats of a store without rows has no number, and no episode", () =>
  inFolder(async (folder) => {
    makeRun(folder, 0);
    const { code, output } = await call(
      folder,
      "stats",
      "run.stream",
      "--fields",
      "reward",
      "--episodes",
      "end=done",
    );
    assert.equal(code, 0);
    assert.match(output, /^reward +- +- +- .* 0 +0 +0\n\n0 episodes\n$/m);
  }));
