/**
 * Zero-copy windows, in stores of very different sizes. The starts lie in the last 65,536 tokens, or anywhere, where no
 * value is read: what is measured is the making of a window, and not how long memory takes to answer the read after it.
 */
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, prove, type Sample } from "../harness/harness.ts";
import { runtimeName } from "../harness/machine.ts";
import { type Measurement, measurementOf, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom } from "../harness/stream.ts";

const windowLength = 128;
const hotTokens = 65_536;
const tokensPerFill = 4_000_000;
const valuePeriod = 1024;

export async function window(sizes: Sizes): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const goal = { valueMax: runtimeName === "Bun" ? 150 : 60 };
  for (const tokenCount of sizes.windowTokens) {
    using store = streamOf(tokenCount);
    const { values, all, anywhere } = await readWindows(store, sizes);
    const name = `window of ${windowLength} in ${tokenCount.toLocaleString("en")} tokens`;
    const options = { limit: "subarray of an ordinary array", goal };
    measurements.push(
      measurementOf(`${name}, values`, nanosecondsPer("column"), values, options),
      measurementOf(`${name}, values, anywhere`, nanosecondsPer("column"), anywhere, options),
      measurementOf(`${name}, three columns`, nanosecondsPer("column"), all, options),
    );
  }
  return measurements;
}

type FlatStore = StreamStore<{ readonly value: 0 }>;

/** One long list a step is the quickest way to many tokens. */
function streamOf(tokenCount: number): FlatStore {
  const store: FlatStore = new StreamStore({ value: 0 });
  const pattern = Float32Array.from({ length: tokensPerFill }, (_, i) => i % valuePeriod);
  for (let from = 0, step = 0; from < tokenCount; from += tokensPerFill, step++) {
    const values = pattern.subarray(0, Math.min(tokensPerFill, tokenCount - from));
    store.appendColumns({ step: [step], value: { values, width: values.length } });
  }
  return store;
}

async function readWindows(
  store: FlatStore,
  sizes: Sizes,
): Promise<Record<"values" | "anywhere" | "all", Sample>> {
  const first = Math.max(0, store.length - hotTokens);
  const starts = startsWithin(first, store.length - windowLength, sizes.windowsPerRound);
  const expected = starts.reduce((sum, start) => sum + valueOf(start), 0);
  const timed = (what: string, read: () => number) => (): number => {
    let sum = 0;
    const time = elapsed(() => sum = read());
    prove(what, sum, expected);
    return time / starts.length;
  };
  const ordinary = Float64Array.from({ length: hotTokens }, (_, i) => valueOf(first + i));
  const limit = timed("subarray", () => readSubarrays(ordinary, starts, first));
  const values = await compare(sizes.mediumRounds, timed("window", () => readValues(store, starts)), limit);
  const readThree = timed("window", () => readColumns(store, starts));
  const all = await compare(sizes.mediumRounds, () => readThree() / 3, limit);
  const places = startsWithin(0, store.length - windowLength, sizes.windowsPerRound);
  const anywhere = await compare(sizes.mediumRounds, () => {
    let tokens = 0;
    const time = elapsed(() => tokens = countTokens(store, places));
    prove("the tokens of windows", tokens, places.length * windowLength);
    return time / places.length;
  }, limit);
  return { values, anywhere, all };
}

const valueOf = (token: number): number => token % tokensPerFill % valuePeriod;

function startsWithin(first: number, last: number, count: number): Int32Array {
  const random = createRandom(1);
  return Int32Array.from({ length: count }, () => first + Math.floor(random() * (last - first + 1)));
}

function readSubarrays(ordinary: Float64Array, starts: Int32Array, first: number): number {
  let sum = 0;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i] - first;
    sum += ordinary.subarray(start, start + windowLength)[0];
  }
  return sum;
}

function readValues(store: FlatStore, starts: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < starts.length; i++) sum += store.window(starts[i], windowLength).values[0];
  return sum;
}

function countTokens(store: FlatStore, starts: Int32Array): number {
  let count = 0;
  for (let i = 0; i < starts.length; i++) count += store.window(starts[i], windowLength).values.length;
  return count;
}

/** All three columns are made; types are 0 and lengths right, so the sum is that of the values. */
function readColumns(store: FlatStore, starts: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < starts.length; i++) {
    const { values, types, steps } = store.window(starts[i], windowLength);
    sum += values[0] + types[0] + (steps.length - windowLength);
  }
  return sum;
}
