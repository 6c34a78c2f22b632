/**
 * What a row of `./run bench --peers` asks of the library: on any runtime, a process of its own.
 *
 *     ours.ts ROW SIZES
 *
 * It fills a store, checks a batch, says in a line of JSON what it is, and answers each line of its input with the
 * nanoseconds of one call, the median of a round of them. bench/peers/peer.py is the same of the peers.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";
import { elapsed, median, prove } from "../harness/harness.ts";
import { runtimeName, runtimeVersion } from "../harness/machine.ts";
import { robotStore, robotWidth, rowsPerEpisode, windowsAroundAnchors } from "../harness/robot.ts";
import {
  actionOf,
  appendSteps,
  createRandom,
  doneOf,
  filledStore,
  narrowFields,
  observationOf,
  observationWidth,
  type ReferenceStore,
  rewardOf,
  tokensPerStep,
  typeAt,
  valueAt,
} from "../harness/stream.ts";
import { tokenStore } from "../harness/tokens.ts";

interface Sizes {
  readonly rows: number;
  readonly steps_appended: number;
  readonly round_ms: number;
}

/** A round, in nanoseconds a call. */
type Round = () => number;

const rows: Readonly<Record<string, (sizes: Sizes) => Round>> = {
  append,
  windows: (sizes) => dense(sizes, 256, 4),
  transitions: (sizes) => dense(sizes, 256, 2),
  sequences: (sizes) => dense(sizes, 64, 32),
  priorities_draw: (sizes) => priorities(sizes).draw,
  priorities_update: (sizes) => priorities(sizes).update,
  tokens,
  columns,
  offsets,
};

/** The fields in float32 or narrower, as the peers hold them. */
const narrowStore = () => new StreamStore(narrowFields) as unknown as ReferenceStore;

/** Calls for as long as a round lasts: their median, since another process may take its turn meanwhile. */
function round(sizes: Sizes, call: () => void): Round {
  return () => {
    const times: number[] = [];
    const began = performance.now();
    for (let now = began; now - began < sizes.round_ms;) {
      call();
      const before = now;
      now = performance.now();
      times.push(now - before);
    }
    return median(times) * 1e6;
  };
}

/** A new store every time, with its growth and all flushes. */
function append({ steps_appended }: Sizes): Round {
  return () => {
    using store = narrowStore();
    const time = elapsed(() => {
      appendSteps(store, 0, steps_appended);
      store.flush();
    });
    prove("the length of a store", store.length, steps_appended * tokensPerStep);
    prove("an appended value", store.window(store.length - 3, 1).values[0], valueAt(store.length - 3));
    return time / steps_appended;
  };
}

/** Windows of rows within episodes, all four fields; where they are transitions the last row is one, with padding. */
function dense(sizes: Sizes, batchSize: number, steps: number): Round {
  const sampler = filledStore(sizes.rows, narrowStore()).sampler({
    steps,
    fields: { observation: observationWidth, action: 1, reward: 1, done: 1 },
    episodes: { end: "done" },
    boundary: steps === 2 ? "pad-right" : "within",
    output: { steps: null },
    batchSize,
    seed: 2,
  });
  const out = sampler.allocate();
  sampler.next(out);
  const { observation, action, reward, done } = out.fields;
  for (let at = 0; at < batchSize * steps; at++) {
    const row = out.starts[Math.floor(at / steps)] + at % steps;
    if (out.mask[at] === 0) {
      prove("the row before what is padded", Number(doneOf(row - 1)), 1);
      continue;
    }
    for (let i = 0; i < observationWidth; i++) {
      prove("a sampled observation", observation.values[at * observationWidth + i], observationOf(row, i));
    }
    prove("a sampled action", action.values[at], actionOf(row));
    prove("a sampled reward", reward.values[at], rewardOf(row));
    prove("a sampled end", done.values[at], Number(doneOf(row)));
  }
  return round(sizes, () => void sampler.next(out));
}

/** Single steps in proportion to their priorities, with weights; and new priorities for steps at random. */
function priorities(sizes: Sizes): Record<"draw" | "update", Round> {
  const [batchSize, batches] = [256, 64];
  const sampler = filledStore(sizes.rows, narrowStore()).sampler({
    steps: 1,
    fields: { observation: observationWidth, action: 1, reward: 1, done: 1 },
    batchSize,
    order: { kind: "prioritized", alpha: 0.6, beta: 0.4 },
    seed: 4,
  });
  const out = sampler.allocate();
  const random = createRandom(7);
  const update = (count: number, idOf: (i: number) => number) =>
    [
      Float64Array.from({ length: count }, (_, i) => idOf(i)),
      Float64Array.from({ length: count }, random),
    ] as const;
  sampler.next(out);
  // Each step has a priority of its own, as in the peers.
  for (let from = 0; from < sizes.rows; from += 100_000) {
    sampler.updatePriorities(...update(Math.min(100_000, sizes.rows - from), (i) => from + i));
  }
  sampler.next(out);
  out.ids.forEach((row, i) =>
    prove(
      "a drawn observation",
      out.fields.observation.values[i * observationWidth + 3],
      observationOf(row, 3),
    )
  );
  const updates = Array.from(
    { length: batches },
    () => update(batchSize, () => Math.floor(random() * sizes.rows)),
  );
  let place = 0;
  return {
    draw: round(sizes, () => void sampler.next(out)),
    update: round(sizes, () => sampler.updatePriorities(...updates[place++ % batches])),
  };
}

/** A language model's batch: the inputs, and the targets one further. */
function tokens(sizes: Sizes): Round {
  const [batchSize, length] = [64, 1025];
  const sampler = tokenStore(sizes.rows * tokensPerStep).sampler({
    tokens: length,
    batchSize,
    seed: 3,
    output: { values: "uint16", types: null, steps: null },
  });
  const out = sampler.allocate();
  sampler.next(out);
  for (let at = 0; at < batchSize * length; at++) {
    prove("a token", out.values[at], out.starts[Math.floor(at / length)] + at % length & 0xffff);
  }
  return round(sizes, () => void sampler.next(out));
}

/** Windows of tokens with their steps, types and values. */
function columns(sizes: Sizes): Round {
  const [batchSize, length] = [256, 128];
  const sampler = filledStore(sizes.rows).sampler({
    tokens: length,
    batchSize,
    seed: 1,
    output: { values: "float64" },
  });
  const out = sampler.allocate();
  sampler.next(out);
  for (let at = 0; at < batchSize * length; at++) {
    const token = out.starts[Math.floor(at / length)] + at % length;
    prove("a sampled value", out.values[at], valueAt(token));
    prove("a sampled type", out.types[at], typeAt(token));
    prove("a sampled step", Number(out.steps[at]), Math.floor(token / tokensPerStep));
  }
  return round(sizes, () => void sampler.next(out));
}

/** A robot's windows: observations and actions at rows of their own around an anchor. */
function offsets(sizes: Sizes): Round {
  const batchSize = 64;
  const sampler = robotStore(sizes.rows).sampler({ ...windowsAroundAnchors(sizes.rows), batchSize, seed: 1 });
  const out = sampler.allocate();
  sampler.next(out);
  const { observation, action } = out.fields;
  for (let window = 0; window < batchSize; window++) {
    const anchor = out.starts[window];
    const first = anchor - anchor % rowsPerEpisode;
    const last = Math.min(sizes.rows, first + rowsPerEpisode) - 1;
    for (const offset of [-1, 0]) {
      const at = (window * 2 + offset + 1) * robotWidth + 3;
      prove("an observation", observation.values[at], Math.max(first, anchor + offset) + 3);
    }
    for (let offset = 0; offset < 16; offset++) {
      const at = window * 16 + offset;
      prove("an action", action.values[at * robotWidth + 25], -(Math.min(last, anchor + offset) + 25));
      prove("whether it is the episode's", action.offsetMask[at], Number(anchor + offset <= last));
    }
  }
  return round(sizes, () => void sampler.next(out));
}

const [row, sizes] = process.argv.slice(2);
const ask = rows[row](JSON.parse(sizes));
console.log(JSON.stringify({ version: `${runtimeName} ${runtimeVersion}` }));
for await (const _ of createInterface({ input: process.stdin })) console.log(ask());
