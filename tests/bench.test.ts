import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bytesIn } from "../bench/cases/size.ts";
import { anonymousBytes, mostBytes } from "../bench/harness/anonymous.ts";
import { cases } from "../bench/harness/cases.ts";
import { runScript } from "../bench/harness/children.ts";
import { compare, elapsed, median, prove } from "../bench/harness/harness.ts";
import { LimitFiles, native } from "../bench/harness/limits.ts";
import { describeMachine } from "../bench/harness/machine.ts";
import {
  digits,
  type Measurement,
  measurementOf,
  milliseconds,
  notMeasured,
} from "../bench/harness/measurement.ts";
import { findPython } from "../bench/harness/python.ts";
import { lineOf, readResults, type Results, saveResults, tableOf } from "../bench/harness/report.ts";
import { quickCases } from "../bench/quick_cases.ts";
import { sizesOf } from "../bench/harness/sizes.ts";
import {
  appendSequences,
  appendSteps,
  filledStore,
  referenceFields,
  tokensPerStep,
  typeAt,
  valueAt,
} from "../bench/harness/stream.ts";
import { StreamStore } from "../mod.ts";
import { isDeno, isShareOf, runtimeName } from "./support/runtime.ts";

// Each case checks its own results and throws where one is wrong; how long it takes is not looked at.
for (const [name, run] of Object.entries(cases).filter((_case, index) => isShareOf(index))) {
  test(`the case ${name} gives right results`, async () => {
    const measurements = await run(sizesOf.small);
    assert.ok(measurements.length > 0);
    for (const { value, ratio, limit } of measurements) {
      assert.ok(value === null || Number.isFinite(value));
      assert.ok(limit === null || (limit.value > 0 && ratio! > 0));
    }
  });
}

for (const [name, run] of Object.entries(quickCases)) {
  test(`the quick case ${name} times its work once, and checks it`, async () => {
    const calls: string[] = [];
    await run({ start: () => calls.push("start"), end: () => calls.push("end") });
    assert.deepEqual(calls, ["start", "end"]);
  });
}

/** By what a wrong result is of: the quick cases that must notice it, and what makes it. */
const spoilt: Readonly<Record<string, [string, (prototype: StreamStore) => object]>> = {
  append: ["append", ({ flush }) => ({
    flush(this: StreamStore) {
      this.append(this.rowCount, { action: 9 });
      flush.call(this);
    },
  })],
  window: ["window", ({ window }) => ({
    window(this: StreamStore, start: number, length: number) {
      return window.call(this, start + 1, length);
    },
  })],
  gather: ["gather", ({ gather }) => ({
    gather(this: StreamStore, starts: number[], length: number) {
      return gather.call(this, starts.map((start) => start + 1), length, undefined as never);
    },
  })],
  toDataset: ["toDataset", ({ toDataset }) => ({
    async toDataset(this: StreamStore) {
      return (await toDataset.call(this)).slice(1);
    },
  })],
  fromDataset: ["fromDataset", ({ fromDataset }) => ({
    fromDataset(this: StreamStore, table: Parameters<StreamStore["fromDataset"]>[0]) {
      return fromDataset.call(this, table.slice(1));
    },
  })],
};

for (const [what, [begin, make]] of Object.entries(spoilt)) {
  test(`the quick cases notice a wrong ${what}`, async () => {
    const prototype = StreamStore.prototype;
    const before = Object.getOwnPropertyDescriptors(prototype);
    const cases = Object.entries(quickCases).filter(([name]) => name.startsWith(begin));
    assert.ok(cases.length > 0);
    for (const [, run] of cases) {
      await run({ start: () => {}, end: () => {} });
      Object.assign(prototype, make(prototype));
      try {
        await assert.rejects(
          async () => await run({ start: () => {}, end: () => {} }),
          /^Error: Cannot trust /,
        );
      } finally {
        Object.defineProperties(prototype, before);
      }
    }
  });
}

test("the command for benchmarks finds the quick cases, and is done within a minute", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  // Types are what `./run check` is for.
  const [runtime, ...args] = isDeno
    ? ["deno", "bench", "--no-check"]
    : [runtimeName, "bench/streamstore_bench.ts"];
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(`${root}run`, [runtime, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  assert.equal(status, 0, stderr);
  for (const name of Object.keys(quickCases)) assert.ok(stdout.includes(name), `${name} in ${stdout}`);
  assert.ok(performance.now() - began < 60_000);
});

test("the names of measurements differ, since the table is made by them", async () => {
  const names: string[] = [];
  for (const name of ["append", "reads", "gather", "window"]) {
    names.push(...(await cases[name](sizesOf.small)).map((measurement) => measurement.name));
  }
  assert.equal(new Set(names).size, names.length);
});

test("append is measured in the seed's own form too, and what stands beside it is called a rewrite", async () => {
  const names = (await cases.append(sizesOf.small)).map(({ name }) => name);
  const tables = readFileSync(new URL("../docs/performance.md", import.meta.url), "utf8");
  const wanted = [
    "append, JavaScript's share, in the seed's form of three sequences",
    "append sustained, times as fast as a rewrite of the seed's class in numpy",
  ];
  for (const name of wanted) {
    assert.ok(names.some((found) => found.startsWith(name)), name);
    assert.ok(tables.includes(`| ${name} `), `docs/performance.md lacks the row ${name}`);
  }
});

test("valueAt() and typeAt() tell what appendSteps(), appendSequences() and filledStore() put there", () => {
  using appended = new StreamStore(referenceFields);
  appendSteps(appended, 0, 500);
  using byForm = new StreamStore(referenceFields);
  appendSequences(byForm, 0, 500);
  using filled = filledStore(500);
  const indices = Array.from({ length: 500 * tokensPerStep }, (_, i) => i);
  for (const store of [appended, byForm, filled]) {
    const { values, types, steps } = store.window(0, store.length);
    assert.deepEqual([...values], indices.map(valueAt));
    assert.deepEqual([...types], indices.map(typeAt));
    assert.deepEqual([...steps], indices.map((index) => BigInt(Math.floor(index / tokensPerStep))));
  }
});

test("compare() lets both go first in turn, and leaves the warm-up out", async () => {
  const order: string[] = [];
  const sample = await compare(4, () => order.push("subject"), () => order.push("limit"));
  assert.equal(order.length, 2 * (4 + 1));
  assert.deepEqual(order.slice(2, 6), ["subject", "limit", "limit", "subject"]);
  assert.equal(sample.best, 3);
  assert.equal(sample.limitBest, 4);
});

test("compare() gives the medians of times and of ratios", async () => {
  const times = [99, 1, 2, 30, 4];
  const counter = () => {
    let next = 0;
    return () => times[next++];
  };
  const sample = await compare(4, counter(), () => 2);
  assert.deepEqual([sample.time, sample.limitTime, sample.ratio, sample.best], [3, 2, 1.5, 1]);
  assert.equal(median([3, 1, 2]), 2);
});

test("prove() stops on a wrong result", () => {
  prove("a sum", 3, 3);
  prove("a NaN", NaN, NaN);
  assert.throws(() => prove("a sum", 3, 4), /Cannot trust a sum: it must give 4, got 3/);
  assert.ok(elapsed(() => {}) >= 0);
});

test("goals are judged by value and by ratio", () => {
  const sample = { time: 3e6, best: 2e6, limitTime: 2e6, limitBest: 1e6, ratio: 1.5 };
  const judged = (goal: Parameters<typeof measurementOf>[3] = {}) =>
    measurementOf("a case", milliseconds, sample, { limit: "a limit", ...goal }).goal;
  assert.deepEqual(judged({ goal: { valueMax: 3 } }), { text: "≤ 3 ms", isReached: true });
  assert.deepEqual(judged({ goal: { valueMax: 2.9 } }), { text: "≤ 2.9 ms", isReached: false });
  assert.deepEqual(judged({ goal: { valueMin: 4 } }), { text: "≥ 4 ms", isReached: false });
  assert.deepEqual(judged({ goal: { ratioMax: 1.4 } }), { text: "≤ 1.4 × the limit", isReached: false });
  assert.equal(judged(), null);
  assert.deepEqual([1234.5, 99.96, 9.96, 0.0123, NaN].map(digits), ["1,235", "100", "10", "0.012", "–"]);
});

test("results of all runtimes meet in one file and one table", () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const path = join(directory, "results", "bench.json");
    saveResults(path, resultsOf("Node", 3));
    saveResults(path, resultsOf("Bun", 2));
    saveResults(path, resultsOf("Deno", 9));
    saveResults(path, resultsOf("Deno", 1));
    const table = tableOf(readResults(path)).split("\n");
    assert.equal(table[0], "|  | unit | Deno 1 | Bun 1 | Node 1 | the limit | × the limit | goal |");
    assert.equal(
      table[2],
      "| a case | ms | 1 | 2 | 3 | memcpy: 0.5 / 0.5 / 0.5 | 2.00 / 4.00 / 6.00 | ≤ 1.5 ms: reached / missed / missed |",
    );
    assert.equal(table[3], "| another (not today) |  | – | – | – |  |  |  |");
    assert.match(table.at(-1)!, /Measured on a machine\./);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function resultsOf(runtime: Results["runtime"], value: number): Results {
  const sample = {
    time: value * 1e6,
    best: value * 1e6,
    limitTime: 0.5e6,
    limitBest: 0.5e6,
    ratio: 2 * value,
  };
  const options = { limit: "memcpy", goal: { valueMax: 1.5 } };
  const measurements: Measurement[] = [
    measurementOf("a case", milliseconds, sample, options),
    notMeasured("another", "not today"),
  ];
  return { runtime, version: "1", machine: "a machine", measurements };
}

test("a line shows what there is of a measurement", () => {
  const [first, second] = resultsOf("Deno", 2).measurements.map(lineOf);
  assert.match(first, /^a case +2 ms, memcpy 0\.5, × 4\.00, ≤ 1\.5 ms: MISSED$/);
  assert.equal(second, "another (not today)");
});

test("the machine is named with its processor, memory and kernel", () => {
  assert.match(describeMachine(), /^.+, \d+ cores, \d+ GiB, \w+ [\w.-]+, .+$/);
});

test("mostBytes() sees what was there only for a while, and no more once the work is done", async () => {
  let bytes: number | null = 5;
  let count = 0;
  const read = () => (count++, bytes);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  const most = await mostBytes(read, async () => {
    bytes = 70;
    await pause();
    bytes = 6;
    await pause();
  });
  assert.equal(most, 70);
  const before = count;
  await pause();
  assert.equal(count, before);
  assert.equal(await mostBytes(() => null, pause as () => Promise<void>), null);
});

test("anonymousBytes() is what memory is taken, where the system tells", () => {
  const before = anonymousBytes("self");
  const held = new Uint8Array(300e6).fill(1);
  const after = anonymousBytes("self");
  assert.equal(before === null, !existsSync("/proc/self/status"));
  assert.ok(before === null || after! - before > 200e6, `${before}, then ${after}`);
  assert.equal(held[1], 1);
});

test("bytesIn() is of all files below a folder, and of holes only their length", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    mkdirSync(join(folder, "below"));
    writeFileSync(join(folder, "below", "full"), new Uint8Array(5000).fill(1));
    writeFileSync(join(folder, "hole"), "");
    truncateSync(join(folder, "hole"), 1e6);
    const { allocated, apparent } = bytesIn(folder);
    assert.equal(apparent, 1_005_000);
    assert.ok(allocated >= 5000 && allocated < 100_000, `${allocated}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a Python that lacks a package is not taken", () => {
  assert.equal(findPython("no_package_has_this_name"), null);
});

test("the limits library writes where the plan says", () => {
  using files = new LimitFiles(2);
  files.reserve(1 << 16);
  const plan = files.plan([{ file: 0, byteLength: 100 }, { file: 1, byteLength: 50 }, {
    file: 0,
    byteLength: 7,
  }]);
  assert.deepEqual([...plan].filter((_, i) => i % 3 !== 0), [0, 100, 0, 50, 100, 7]);
  files.write(plan, new Uint8Array(100));
  assert.throws(() => files.write(plan, new Uint8Array(99)), /Cannot write to a file/);
});

test("the limits library adds up all types", () => {
  const types = Int32Array.from({ length: 100_003 }, (_, i) => i % 5);
  assert.equal(native.sl_types_sum(types, types.length), types.reduce((sum, type) => sum + type, 0));
});

test("a process that fails is an error with its own words", () => {
  assert.throws(() => runScript("missing"), /Cannot run bench\/children\/missing\.ts: it ended with 1\. /);
});
