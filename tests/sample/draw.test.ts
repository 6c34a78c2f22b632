/** The draw as docs/sampling.md specifies it: draw.py, which is numpy alone, gives the batches of the real sampler. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { type AnyBatch, type SamplerOptions, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;
const script = fileURLToPath(new URL("draw.py", import.meta.url));

const fields = { observation: 0, action: { type: 1, dtype: "int64" }, run: 2, done: 3 } as const;
type Fields = typeof fields;
type Options = SamplerOptions<"observation" | "action" | "run" | "done">;

/** Rows of varying length, in episodes of 1 to 40; by two writers, of which neither ends its last. */
function fill(path: string, rowCount: number, seed: number): void {
  const random = new Random(seed);
  for (const [from, to] of [[0, rowCount >> 1], [rowCount >> 1, rowCount]]) {
    using store = StreamStore.open(path, { fields });
    fillRows(store, from, to, random);
  }
}

function fillRows(store: StreamStore<Fields>, from: number, to: number, random: Random): void {
  for (let step = from, run = 0; step < to; step++) {
    const observation = Array.from({ length: random.below(4) }, () => random.float() * 100 - 50);
    const done = random.float() < 0.06;
    const isBare = random.float() < 0.1;
    store.append(step, isBare ? { action: step, done } : { observation, action: step, run, done });
    if (done) run++;
  }
}

/** What of a batch draw.py tells too. */
function told(batch: AnyBatch) {
  const { starts, lengths, sources } = batch;
  const values = batch.fields !== undefined
    ? Object.fromEntries(
      Object.entries(batch.fields).map(([name, { values }]) => [name, [...values as Float32Array]]),
    )
    : { "": [...batch.values as Float32Array] };
  return { sources: [...sources ?? starts.map(() => 0)], starts: [...starts], lengths: [...lengths], values };
}

type Told = ReturnType<typeof told>;

function reproduced(requests: readonly object[]): Told[][] {
  const options = { input: JSON.stringify(requests), encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(python!, ["-B", script], options));
}

interface Case {
  readonly options: Options & { readonly batchSize: number; readonly seed: number | bigint };
  readonly batches: number;
}

const ends = { end: "done" } as const;
const dense = { steps: 6, fields: { observation: 3, action: 1 } } as const;

const cases: Readonly<Record<string, Case>> = {
  "uniform": { options: { tokens: 16, batchSize: 50, seed: 7 }, batches: 4 },
  "uniform, a seed of 64 bits": { options: { tokens: 5, batchSize: 50, seed: 2n ** 64n - 3n }, batches: 2 },
  "uniform within episodes, a stride": {
    options: { ...dense, episodes: ends, stride: 3, batchSize: 40, seed: 11 },
    batches: 3,
  },
  "uniform within episodes that go on where a writer began": {
    options: { ...dense, episodes: { end: "done", sessions: "join" }, stride: 7, batchSize: 40, seed: 12 },
    batches: 3,
  },
  "uniform within rows": { options: { tokens: 2, episodes: "rows", batchSize: 60, seed: 13 }, batches: 2 },
  "shuffle of rows, padded on the left": {
    options: {
      tokens: 4,
      episodes: "rows",
      boundary: "pad-left",
      order: "shuffle",
      batchSize: 300,
      seed: 14,
    },
    batches: 3,
  },
  "uniform across episodes": {
    options: { ...dense, episodes: ends, boundary: "cross", batchSize: 40, seed: 11 },
    batches: 2,
  },
  "shuffle, several epochs": {
    options: { tokens: 24, episodes: ends, order: "shuffle", epochs: 2, batchSize: 500, seed: 3 },
    batches: 8,
  },
  "shuffle, padded on the left, a shard": {
    options: {
      ...dense,
      episodes: { id: "run" },
      boundary: "pad-left",
      order: "shuffle",
      shard: { index: 2, count: 3 },
      batchSize: 64,
      seed: 5,
    },
    batches: 10,
  },
  "sequential, padded on the right, given starts": {
    options: {
      ...dense,
      episodes: { starts: [0, 10, 250, 251] },
      boundary: "pad-right",
      order: "sequential",
      stride: 2,
      batchSize: 100,
      seed: 0,
    },
    batches: 4,
  },
  "recent, the newest rows": {
    options: { tokens: 8, order: { kind: "recent", steps: 50 }, batchSize: 60, seed: 9 },
    batches: 3,
  },
  "uniform between steps": {
    options: { tokens: 5, between: { steps: [100, 300] }, episodes: ends, batchSize: 60, seed: 15 },
    batches: 2,
  },
  "shuffle between steps, padded on the left, a stride": {
    options: {
      ...dense,
      between: { steps: [333, 600] },
      episodes: ends,
      boundary: "pad-left",
      order: "shuffle",
      stride: 2,
      batchSize: 64,
      seed: 16,
    },
    batches: 4,
  },
  "recent, the newest rows between steps": {
    options: {
      ...dense,
      between: { steps: [50, 400] },
      order: { kind: "recent", steps: 40 },
      batchSize: 60,
      seed: 17,
    },
    batches: 2,
  },
  "recent, a decay between steps": {
    options: {
      tokens: 4,
      between: { steps: [50, 400] },
      order: { kind: "recent", decay: 0.9 },
      batchSize: 60,
      seed: 18,
    },
    batches: 2,
  },
  "recent, a decay": {
    options: { ...dense, order: { kind: "recent", decay: 0.98 }, batchSize: 200, seed: 9 },
    batches: 3,
  },
  "recent, a fast decay": {
    options: { tokens: 4, order: { kind: "recent", decay: 0.3 }, batchSize: 200, seed: 10 },
    batches: 2,
  },
};

function requestOf(path: string, { options, batches }: Case): object {
  const { tokens, steps, fields, stride = 1, boundary = "within", episodes, between, shard, ...rest } =
    options;
  return {
    ...rest,
    paths: [path],
    windows: {
      unit: steps === undefined ? "tokens" : "steps",
      length: steps ?? tokens,
      stride,
      boundary,
      episodes,
      between: between?.steps,
    },
    ...(fields === undefined ? { width: tokens } : { fields }),
    ...(shard === undefined ? {} : { shard: [shard.index, shard.count] }),
    seed: `${options.seed}`,
    batches,
  };
}

/** So many batches, or fewer where the last epoch ends. Each is filled anew by the next call. */
function drawn(sampler: { next(): AnyBatch | null }, batches: number): Told[] {
  const all: Told[] = [];
  for (let batch = sampler.next(); batch !== null; batch = sampler.next()) {
    all.push(told(batch));
    if (all.length === batches) break;
  }
  return all;
}

test(
  "sampler() draws in every order what the specification says",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      fill(path, 700, 1);
      using store = StreamStore.open<Fields>(path, { mode: "read" });
      const all = reproduced(Object.values(cases).map((one) => requestOf(path, one)));
      for (const [i, [name, { options, batches }]] of Object.entries(cases).entries()) {
        const expected = drawn(store.sampler(options) as { next(): AnyBatch | null }, batches);
        assert.ok(expected.length > 1, name);
        assert.deepEqual(all[i].filter(({ starts }) => starts.length > 0), expected, name);
      }
    }),
);

const partsByPriority: Readonly<Record<string, Options>> = {
  "all rows": { episodes: ends },
  "between steps": { episodes: ends, between: { steps: [411, 2222] } },
  "between steps up to the end, padded on the left, a stride": {
    between: { steps: [1200, Infinity] },
    boundary: "pad-left",
    stride: 3,
  },
};

test("sampler() draws by priority what the specification says", { skip }, () =>
  withDirectory((directory) => {
    const [path, priorities] = [`${directory}/run.stream`, `${directory}/priorities`];
    fill(path, 3000, 2);
    using store = StreamStore.open<Fields>(path, { mode: "read" });
    const order = { kind: "prioritized", alpha: 0.6 } as const;
    for (const [name, part] of Object.entries(partsByPriority)) {
      const options = { ...dense, ...part, order, batchSize: 300, seed: 21 } as const;
      const sampler = store.sampler(options);
      const random = new Random(3);
      for (let round = 0; round < 20; round++) {
        const { ids } = sampler.next()!;
        sampler.updatePriorities(ids!, Array.from(ids!, () => random.float() ** 4 * 10));
      }
      sampler.savePriorities(priorities);
      const { position } = sampler.state();
      const request = requestOf(path, { options, batches: 3 });
      const [found] = reproduced([{ ...request, priorities, position }]);
      assert.deepEqual(found, drawn(sampler as { next(): AnyBatch | null }, 3), name);
    }
  }));

test(
  "mixture() draws what the specification says, in every order and with weights",
  { skip },
  () =>
    withDirectory((directory) => {
      const paths = [0, 1, 2, 3].map((i) => `${directory}/${i}.stream`);
      [200, 4, 500, 800].forEach((rows, i) => fill(paths[i], rows, 10 + i));
      const stores = paths.map((path) => StreamStore.open<Fields>(path, { mode: "read" }));
      const weights = [1, 3, 5, 2.5];
      const windows = { tokens: 12, episodes: ends, batchSize: 100, seed: 8 } as const;
      const orders = ["uniform", "sequential", "shuffle", { kind: "recent", steps: 70 }, {
        kind: "recent",
        decay: 0.98,
      }];
      for (const order of [null, ...orders]) {
        const options = order === null ? windows : { ...windows, order };
        const sources = stores.map((store, i) => order === null ? { store, weight: weights[i] } : store);
        const mixture = StreamStore.mixture(sources, options as typeof windows);
        const request = { ...requestOf(paths[0], { options: options as typeof windows, batches: 3 }), paths };
        const [found] = reproduced([order === null ? { ...request, weights } : request]);
        assert.deepEqual(found, drawn(mixture as { next(): AnyBatch | null }, 3), JSON.stringify(order));
      }
      for (const store of stores) store.close();
    }),
);

if (skip !== false) console.log(`Not run: ${skip}`);
