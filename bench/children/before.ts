/**
 * One call of the library, timed in a burst for each line of input that names it. The answer is its nanoseconds, a median.
 * The argument says how much is done, as `sizesOf` does.
 *
 * bench/harness/before.ts runs this in the tree of an older commit too: so it takes of the library what mod.ts exports,
 * and of that what both have.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";
import { elapsed, elapsedUntil, median, prove } from "../harness/harness.ts";
import { type Sizes, sizesOf } from "../harness/sizes.ts";
import {
  actionOf,
  appendSteps,
  createRandom,
  fieldFeatures,
  filledStore,
  narrowFields,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  rewardOf,
  tokensPerStep,
  valueAt,
} from "../harness/stream.ts";

const sizes = sizesOf[process.argv[2] as Sizes["mode"]];
const random = createRandom(11);
const isSmall = sizes.mode === "small";
const callsPerBurst = isSmall ? 2 : 20;

/** Made when they are first needed: a large store for what reads at random, and one for what reads everything. */
let [large, largeNarrow, whole]: (ReferenceStore | null)[] = [null, null, null];
const largeOnce = (): ReferenceStore => large ??= filledStore(sizes.gatherSteps);
const largeNarrowOnce = (): ReferenceStore => largeNarrow ??= filledStore(sizes.gatherSteps, narrowStore());
const wholeOnce = (): ReferenceStore => whole ??= filledStore(sizes.rows);

/** A store of the narrowest dtypes that hold the steps; of float64 where the library had no others. */
function narrowStore(): ReferenceStore {
  try {
    return new StreamStore(narrowFields) as unknown as ReferenceStore;
  } catch {
    return new StreamStore(referenceFields);
  }
}

type Burst = () => number | Promise<number>;

const bursts: Readonly<Record<string, () => Burst | Promise<Burst>>> = {
  append: () => append(() => new StreamStore(referenceFields)),
  "append-float32": () => append(narrowStore),
  flush,
  gather: () => gather(largeOnce(), false),
  "gather-all": () => gather(largeOnce(), true),
  "gather-float32": () => gather(largeNarrowOnce(), false),
  dense: () => dense(64, 32),
  transitions: () => dense(256, 2),
  column,
  table,
  values: () => window("values"),
  steps: () => window("steps"),
  open,
  load,
};

/** A new store every time, with its growth and all flushes. */
function append(newStore: () => ReferenceStore): Burst {
  return () => {
    using store = newStore();
    const time = elapsed(() => {
      appendSteps(store, 0, sizes.appendSteps);
      store.flush();
    });
    prove("the length of a store", store.length, sizes.appendSteps * tokensPerStep);
    proveToken(store, store.length - 3);
    return time / sizes.appendSteps;
  };
}

/** Of fewer steps than a tail holds, so that none is flushed before. */
function flush(): Burst {
  const stepCount = 2000;
  const store: ReferenceStore = new StreamStore(referenceFields);
  let step = 0;
  return () => {
    const times = Array.from({ length: callsPerBurst }, () => {
      appendSteps(store, step, step += stepCount);
      return elapsed(() => store.flush()) / stepCount;
    });
    proveToken(store, store.length - 3);
    return median(times);
  };
}

function gather(store: ReferenceStore, isWithTypesAndSteps: boolean): Burst {
  const [count, length] = [256, 128];
  const starts = () =>
    Float64Array.from({ length: count }, () => Math.floor(random() * (store.length - length)));
  // Arrays of the kinds that this library gives.
  const all = store.gather(starts(), length);
  const out = isWithTypesAndSteps ? all : { values: all.values, types: null, steps: null };
  return () =>
    median(Array.from({ length: callsPerBurst }, () => {
      const from = starts();
      const time = elapsed(() => void store.gather(from, length, out as never));
      for (let window = 0; window < count; window++) {
        const at = window * length + window % length;
        const token = from[window] + window % length;
        prove("a gathered value", all.values[at], valueAt(token));
        if (isWithTypesAndSteps) {
          prove("a gathered step", Number(all.steps[at]), Math.floor(token / tokensPerStep));
        }
      }
      return time;
    }));
}

/** Windows of rows within episodes: the observation and the action, or with two steps all that a transition has. */
function dense(batchSize: number, steps: number): Burst {
  const sampler = largeOnce().sampler({
    steps,
    fields: {
      observation: observationWidth,
      action: 1,
      ...(steps === 2 ? { reward: 1, done: 1 } : {}),
    },
    episodes: { end: "done" },
    boundary: steps === 2 ? "pad-right" : "within",
    batchSize,
    seed: 2,
  });
  const out = sampler.allocate();
  return () =>
    median(Array.from({ length: callsPerBurst }, () => {
      const time = elapsed(() => void sampler.next(out));
      const { observation, action } = out.fields;
      for (let window = 0; window < batchSize; window++) {
        const at = window * steps;
        const row = out.starts[window];
        prove("a sampled value", observation.values[at * observationWidth + 3], observationOf(row, 3));
        prove("a sampled action", action.values[at], actionOf(row));
      }
      return time;
    }));
}

function column(): Burst {
  const store = wholeOnce();
  return () => {
    let values: ArrayLike<number> = [];
    const time = elapsed(() => values = store.column("reward").values);
    prove("the length of a column", values.length, store.rowCount);
    for (let row = 0; row < values.length; row += 97) prove("a column", values[row], rewardOf(row));
    return time;
  };
}

function table(): Burst {
  const store = wholeOnce();
  return async () => {
    let rewards: { get(row: number): unknown } | null = null;
    const time = await elapsedUntil(async () => {
      rewards = (await store.toDataset({ fieldFeatures })).getChild("reward");
    });
    for (let row = 0; row < store.rowCount; row += 997) {
      prove("a table", rewards!.get(row) as number, rewardOf(row));
    }
    return time;
  };
}

/** Anywhere in the last 65,536 tokens: the making of a window is meant, not how long memory takes to answer. */
function window(name: "values" | "steps"): Burst {
  const store = largeOnce();
  const length = 128;
  const hot = Math.min(65_536, store.length - length);
  const starts = Float64Array.from(
    { length: sizes.windowsPerRound },
    () => store.length - length - Math.floor(random() * hot),
  );
  const expected = starts.reduce(
    (sum, start) => sum + (name === "values" ? valueAt(start) : Math.floor(start / tokensPerStep)),
    0,
  );
  return () => {
    let sum = 0;
    const time = elapsed(() => {
      for (let i = 0; i < starts.length; i++) sum += Number(store.window(starts[i], length)[name][0]);
    });
    prove(`the ${name} of windows`, sum, expected);
    return time / starts.length;
  };
}

/** To append to, and closed again: what is in the tail is looked for, and chunks are mapped. */
function open(): Burst {
  const path = join(newFolder(), "run.stream");
  const fields = referenceFields;
  {
    using store: ReferenceStore = StreamStore.open(path, { fields });
    appendSteps(store, 0, sizes.appendSteps);
  }
  return () =>
    median(Array.from({ length: callsPerBurst }, () => {
      let length = 0;
      const time = elapsed(() => {
        using store: ReferenceStore = StreamStore.open(path, { fields });
        length = store.length;
      });
      prove("the length of an opened store", length, sizes.appendSteps * tokensPerStep);
      return time;
    }));
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "before-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  return folder;
}

async function load(): Promise<Burst> {
  const folder = newFolder();
  await wholeOnce().saveDataset(join(folder, "rows"), "train", { format: "parquet", fieldFeatures });
  return async () => {
    using loaded: ReferenceStore = new StreamStore(referenceFields);
    const time = await elapsedUntil(() => loaded.loadDataset(join(folder, "rows"), "train"));
    prove("the rows of a load", loaded.rowCount, sizes.rows);
    proveToken(loaded, loaded.length - 3);
    return time;
  };
}

function proveToken(store: ReferenceStore, token: number): void {
  prove("a token", store.window(token, 1).values[0], valueAt(token));
}

const made = new Map<string, Burst>();
console.log("ready");
for await (const name of createInterface({ input: process.stdin })) {
  if (!made.has(name)) made.set(name, await bursts[name]());
  console.log(await made.get(name)!());
}
