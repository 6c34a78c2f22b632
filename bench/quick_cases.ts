/**
 * The cases of `deno bench`: each times one thing that the library is for, on a small store, and checks what it timed.
 * `./run bench` measures them, and more, beside their limits.
 */
import { StreamStore } from "../mod.ts";
import { prove } from "./harness/harness.ts";
import {
  appendSequences,
  appendSteps,
  createRandom,
  fieldFeatures,
  filledStore,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  valueAt,
} from "./harness/stream.ts";

/** Says which part of a case is timed. */
export interface Timer {
  start(): void;
  end(): void;
}

export type QuickCase = (timer: Timer) => void | Promise<void>;

const appendedSteps = 10_000;
const rowCount = 100_000;
const [windowCount, windowLength] = [256, 128];

/** One store for all that reads, made when it is first needed. */
let filled: ReferenceStore | undefined;
const filledOnce = (): ReferenceStore => filled ??= filledStore(rowCount);

export const quickCases: Readonly<Record<string, QuickCase>> = {
  "append, 10,000 steps": (timer) => append(timer, appendSteps),
  "append by three sequences, 10,000 steps": (timer) => append(timer, appendSequences),
  "window of 128 tokens, 256 times": window,
  "gather of 256 × 128 tokens": gather,
  "sampler, a batch of 256 × 128 tokens": sample,
  "toDataset of 100,000 rows": toDataset,
  "fromDataset of 100,000 rows": fromDataset,
};

/** A new store every time, with its growth and the flush. */
function append(timer: Timer, appendTo: typeof appendSteps): void {
  using store: ReferenceStore = new StreamStore(referenceFields);
  timer.start();
  appendTo(store, 0, appendedSteps);
  store.flush();
  timer.end();
  proveTokens("append", store);
}

const random = createRandom(1);
const starts = Array.from(
  { length: windowCount },
  () => Math.floor(random() * (rowCount * tokensPerStep - windowLength)),
);

function window(timer: Timer): void {
  const store = filledOnce();
  let sum = 0;
  timer.start();
  for (const start of starts) sum += store.window(start, windowLength).values[windowLength - 1];
  timer.end();
  prove("window", sum, starts.reduce((total, start) => total + valueAt(start + windowLength - 1), 0));
}

function gather(timer: Timer): void {
  const store = filledOnce();
  timer.start();
  const { values } = store.gather(starts, windowLength);
  timer.end();
  proveWindows("gather", values, starts);
}

let sampler: ReturnType<typeof samplerOf> | undefined;

function samplerOf(store: ReferenceStore) {
  return store.sampler({ tokens: windowLength, batchSize: windowCount, seed: 1 });
}

function sample(timer: Timer): void {
  sampler ??= samplerOf(filledOnce());
  timer.start();
  const batch = sampler.next()!;
  timer.end();
  proveWindows("a batch", batch.values, batch.starts);
}

async function toDataset(timer: Timer): Promise<void> {
  const store = filledOnce();
  timer.start();
  const table = await store.toDataset({ fieldFeatures });
  timer.end();
  prove("the rows of a table", table.numRows, rowCount);
  const reward = table.getChild("reward")!;
  for (let row = 0; row < rowCount; row += 997) {
    prove("reward", reward.get(row), valueAt(tokensPerStep * row + 9));
  }
}

async function fromDataset(timer: Timer): Promise<void> {
  const table = await filledOnce().toDataset({ fieldFeatures });
  using store: ReferenceStore = new StreamStore(referenceFields);
  timer.start();
  await store.fromDataset(table);
  timer.end();
  prove("the rows of a store", store.rowCount, rowCount);
  proveTokens("fromDataset", store);
}

function proveTokens(what: string, store: ReferenceStore): void {
  const { values } = store.window(0, store.length);
  for (let token = 0; token < values.length; token += 13) prove(what, values[token], valueAt(token));
  prove(what, values[values.length - 1], valueAt(values.length - 1));
}

function proveWindows(what: string, values: ArrayLike<number>, windowStarts: ArrayLike<number>): void {
  prove(`the values of ${what}`, values.length, windowCount * windowLength);
  for (let i = 0; i < values.length; i += 7) {
    const token = Number(windowStarts[Math.floor(i / windowLength)]) + i % windowLength;
    prove(what, values[i], valueAt(token));
  }
}
