/** Batches as a trainer draws them: windows of tokens, windows of rows, dense fields, priorities. */
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, measure, prove, type Sample } from "../harness/harness.ts";
import { native } from "../harness/limits.ts";
import {
  type Measurement,
  measurementOf,
  microseconds,
  milliseconds,
  nanosecondsPer,
} from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  actionOf,
  createRandom,
  filledStore,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  typeAt,
  valueAt,
} from "../harness/stream.ts";

const windows = 256;

export async function sampler(sizes: Sizes): Promise<Measurement[]> {
  using store = filledStore(sizes.gatherSteps);
  touch(store);
  return [
    ...await tokenWindows(store, sizes),
    await denseFields(store, sizes),
    await savedState(store, sizes),
    await newestWindow(sizes),
    await statistics(sizes),
    ...await priorities(sizes),
  ];
}

/** Against the same copy in plain Zig, from starts of its own. */
async function tokenWindows(store: ReferenceStore, sizes: Sizes): Promise<Measurement[]> {
  const length = 128;
  const sampler = store.sampler({
    tokens: length,
    batchSize: windows,
    seed: 1,
    output: { values: "float64" },
  });
  const out = sampler.allocate();
  const { steps, types: stored, values } = store.window(0, store.length);
  const types = Int32Array.from(stored);
  const random = createRandom(5);
  const sample = await compare(sizes.shortRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    for (let window = 0; window < windows; window++) {
      const at = window * length + (window % length);
      prove("a sampled value", out.values[at], valueAt(out.starts[window] + (window % length)));
      prove("a sampled type", out.types[at], typeAt(out.starts[window] + (window % length)));
    }
    out.values.fill(NaN);
    return time;
  }, () => {
    const starts = Float64Array.from(
      { length: windows },
      () => Math.floor(random() * (store.length - length)),
    );
    return elapsed(() =>
      native.sl_window_copy(starts, windows, length, steps, types, values, out.steps, out.types, out.values)
    );
  });
  const name = `sampler, uniform, ${windows} × ${length} tokens, three columns`;
  const limit = "plain copy in Zig";
  return [measurementOf(name, microseconds, sample, { limit, goal: { ratioMax: 1.3 } })];
}

/** Observations and actions of windows of rows that stay within an episode, against a copy of as many values. */
async function denseFields(store: ReferenceStore, sizes: Sizes): Promise<Measurement> {
  const [batchSize, steps] = [64, 32];
  const sampler = store.sampler({
    steps,
    fields: { observation: observationWidth, action: 1 },
    episodes: { end: "done" },
    batchSize,
    seed: 2,
  });
  const out = sampler.allocate();
  const { values } = store.window(0, store.length);
  const random = createRandom(6);
  const perWindow = steps * (observationWidth + 1);
  const copied = new Float32Array(batchSize * perWindow);
  const sample = await compare(sizes.shortRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    for (let window = 0; window < batchSize; window++) {
      const row = window % steps;
      const { observation, action } = out.fields;
      const at = window * steps + row;
      prove(
        "a sampled observation",
        observation.values[at * observationWidth + 3],
        observationOf(out.starts[window] + row, 3),
      );
      prove("a sampled action", action.values[at], actionOf(out.starts[window] + row));
    }
    return time;
  }, () => {
    const last = store.rowCount - steps;
    const starts = Float64Array.from(
      { length: batchSize },
      () => Math.floor(random() * last) * tokensPerStep,
    );
    return elapsed(() => native.sl_values_narrow(starts, batchSize, perWindow, values, copied));
  });
  const name =
    `sampler, dense fields of ${observationWidth} and 1, ${batchSize} × ${steps} steps within episodes`;
  return measurementOf(name, microseconds, sample, {
    limit: "copy of as many values in Zig",
    goal: { ratioMax: 1.4 },
  });
}

async function savedState(store: ReferenceStore, sizes: Sizes): Promise<Measurement> {
  const sampler = store.sampler({
    steps: 4,
    fields: { action: 1 },
    episodes: { end: "done" },
    order: "shuffle",
    seed: 3,
  });
  const sample = await measure(sizes.shortRounds, () => {
    const first = sampler.next()!.starts.slice();
    let text = "";
    const time = elapsed(() => {
      text = JSON.stringify(sampler.state());
      sampler.restore(JSON.parse(text));
    });
    prove("the epoch of a restored sampler", sampler.state().epoch!.epoch, JSON.parse(text).epoch.epoch);
    if (sampler.next()!.starts.every((start, i) => start === first[i])) throw new Error("A batch came twice");
    return time;
  });
  const { time, best } = sample;
  return measurementOf("sampler, state and restore, as text", microseconds, { time, best }, {
    goal: { valueMax: 20 },
  });
}

/** What a policy that acts does: it appends a step, and looks at the newest window. */
async function newestWindow(sizes: Sizes): Promise<Measurement> {
  using store = new StreamStore(referenceFields);
  const observation = new Float32Array(observationWidth);
  const options = {
    steps: 8,
    fields: { observation: observationWidth, action: 1 },
    episodes: { end: "done" },
  } as const;
  const count = 1000;
  let step = 0;
  const { time, best } = await measure(sizes.mediumRounds, () => {
    let last = NaN;
    let appending = 0;
    const whole = elapsed(() => {
      for (let i = 0; i < count; i++) {
        observation[0] = step;
        store.append(step++, { action: 1, observation, reward: 0, done: false });
        last = store.context(options).fields.observation.values[7 * observationWidth];
      }
    });
    prove("the newest observation", last, step - 1);
    appending = elapsed(() => {
      for (let i = 0; i < count; i++) {
        store.append(step++, { action: 1, observation, reward: 0, done: false });
      }
    });
    return (whole - appending) / count;
  });
  const name = "context of the newest 8 steps, dense fields, after every append";
  return measurementOf(name, microseconds, { time, best }, { goal: { valueMax: 5 } });
}

async function statistics(sizes: Sizes): Promise<Measurement> {
  const { time, best } = await measure(sizes.longRounds, () => {
    using store = filledStore(sizes.rows);
    const time = elapsed(() => void store.stats());
    prove("the count of a field", store.stats().observation.count, sizes.rows * observationWidth);
    return time / store.length;
  });
  return measurementOf("stats of all fields", nanosecondsPer("token"), { time, best });
}

async function priorities(sizes: Sizes): Promise<Measurement[]> {
  using store = scalarStore(sizes.sampledRows / 35);
  const sampler = store.sampler({
    steps: 1,
    fields: { value: 1 },
    batchSize: windows,
    order: { kind: "prioritized" },
    seed: 4,
  });
  const out = sampler.allocate();
  const random = createRandom(7);
  const updates: number[] = [];
  const draws = await measure(sizes.shortRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    prove("a drawn value", out.fields.value.values[9], Math.floor(out.ids[9] / rowsPerEpisode) % 1000);
    const priorities = Float64Array.from({ length: windows }, random);
    updates.push(elapsed(() => sampler.updatePriorities(out.ids, priorities)));
    return time;
  });
  const rows = store.rowCount.toLocaleString("en");
  const goal = { valueMax: 100 };
  const sorted = updates.sort((a, b) => a - b);
  const update = { time: sorted[sorted.length >> 1], best: sorted[0] };
  return [
    measurementOf(`sampler, prioritized draw of ${windows} from ${rows}`, microseconds, only(draws), {
      goal,
    }),
    measurementOf(`update of ${windows} priorities of ${rows}`, microseconds, update, { goal }),
  ];
}

/** How the cost of a batch grows with the store: as many rows as the largest of the peers' reports, and few. */
export async function episodes(sizes: Sizes): Promise<Measurement[]> {
  using small = scalarStore(Math.ceil(sizes.sampledRows / 69.2));
  using large = scalarStore(sizes.sampledRows);
  const [few, many] = [small, large].map((store) => new EpisodeBench(store));
  const index = large.rowCount / 1e8;
  const sample = await compare(sizes.shortRounds, () => many.round(), () => few.round());
  const rows = large.rowCount.toLocaleString("en");
  return [
    measurementOf(`index of episodes, for 100 M rows, from ${rows}`, milliseconds, {
      time: many.indexTime / index,
      best: many.indexTime / index,
    }, { goal: { valueMax: 1000 } }),
    measurementOf(`sampler, uniform within episodes, ${windows} × 4 steps of ${rows}`, microseconds, sample, {
      limit: `the same of ${small.rowCount.toLocaleString("en")}`,
      goal: { valueMax: 55, ratioMax: 1.5, text: "≤ 55 µs and ≤ 1.5 × the limit" },
    }),
  ];
}

const rowsPerEpisode = 347;
/** Batches that are drawn again and again, so that their pages are in memory. */
const batchesAgain = 64;

class EpisodeBench {
  readonly indexTime: number;
  readonly #sampler;
  readonly #out;
  readonly #start;
  #batch = 0;

  constructor(private readonly store: ReturnType<typeof scalarStore>) {
    this.#sampler = store.sampler({
      steps: 4,
      tokens: 4,
      episodes: { id: "value" },
      batchSize: windows,
      seed: 8,
      output: { values: "float64" },
    });
    this.#out = this.#sampler.allocate();
    this.#start = this.#sampler.state();
    this.indexTime = elapsed(() => void this.#sampler.next(this.#out));
    for (let batch = 0; batch < batchesAgain; batch++) this.#sampler.next(this.#out);
  }

  round(): number {
    if (this.#batch++ % batchesAgain === 0) this.#sampler.restore(this.#start);
    const time = elapsed(() => void this.#sampler.next(this.#out));
    for (let window = 0; window < windows; window++) {
      const episode = Math.floor(this.#out.starts[window] / rowsPerEpisode) % 1000;
      prove("the episode of a window's first row", this.#out.values[4 * window], episode);
      prove("the episode of its last row", this.#out.values[4 * window + 3], episode);
    }
    return time;
  }
}

/** A store of one token a row, with the number of its episode modulo 1000. */
function scalarStore(rowCount: number) {
  const store = new StreamStore({ value: 0 });
  const rowsPerFill = 1_000_000;
  const value = new Float64Array(rowsPerFill);
  const step = new Float64Array(rowsPerFill);
  for (let from = 0; from < rowCount; from += rowsPerFill) {
    for (let i = 0; i < rowsPerFill; i++) {
      step[i] = from + i;
      value[i] = Math.floor((from + i) / rowsPerEpisode) % 1000;
    }
    const count = Math.min(rowsPerFill, rowCount - from);
    store.appendColumns({ step: step.subarray(0, count), value: value.subarray(0, count) });
  }
  return store;
}

function only({ time, best }: Sample): Pick<Sample, "time" | "best"> {
  return { time, best };
}

/** Reads every page once: the first touch of a page costs more than a copy, and is not what is compared. */
function touch(store: ReferenceStore): void {
  const { steps, types, values } = store.window(0, store.length);
  let sum = 0;
  for (let i = 0; i < values.length; i += 512) sum += values[i] + types[i] + Number(steps[i] & 1n);
  if (Number.isNaN(sum)) throw new Error("Cannot trust the stream: it holds a NaN that nobody appended");
}
