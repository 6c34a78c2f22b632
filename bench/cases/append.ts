/**
 * Append. What JavaScript does for a step (lay it out in the tail) and what the native library does later (expand the
 * tail into the columns) are timed apart, and then together with growth into fresh chunks.
 */
import { StreamStore } from "../../mod.ts";
import { Connection } from "../../src/store/connection.ts";
import { compare, elapsed, measure, prove, type Sample } from "../harness/harness.ts";
import { LimitFiles, native } from "../harness/limits.ts";
import { runtimeName } from "../harness/machine.ts";
import { type Measurement, measurementOf, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  appendSequences,
  appendSteps,
  observations,
  referenceCounts,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  valueAt,
} from "../harness/stream.ts";
import { piecesOf, sourceOf, writeStream } from "../harness/writes.ts";
import { againstSeed } from "./seed.ts";

const perStep = nanosecondsPer("step");

export async function append(sizes: Sizes): Promise<Measurement[]> {
  return [
    measurementOf("append, JavaScript's share", perStep, await appendIntoTail(sizes), {
      limit: "the same stores in Zig",
      goal: { valueMax: runtimeName === "Bun" ? 28 : 50 },
    }),
    measurementOf(
      "append, JavaScript's share, in the seed's form of three sequences",
      perStep,
      await appendIntoTail(sizes, appendSequences),
      {
        limit: "the same stores in Zig",
        goal: { valueMax: 150 },
      },
    ),
    measurementOf("append, the flush", perStep, await flushTail(sizes), {
      limit: "pwrite",
      goal: { ratioMax: 1.3 },
    }),
    measurementOf("append sustained, flush and growth included", perStep, await appendSustained(sizes), {
      limit: "its two parts, timed apart",
      goal: { ratioMax: 1.05, text: "≤ the sum of the two, give or take 5 %" },
    }),
    await againstSeed(sizes),
    measurementOf("append, one field", perStep, await appendOneField(sizes), { goal: { valueMax: 20 } }),
    measurementOf("append, a list of 512 float32", perStep, await appendWideList(sizes), {
      limit: "fallocate and pwrite",
    }),
  ];
}

/** Steps into an emptied tail, round after round. */
async function appendIntoTail(sizes: Sizes, append = appendSteps): Promise<Sample> {
  using store: ReferenceStore = new StreamStore(referenceFields);
  const stepsPerTail = findStepsPerTail();
  const layOut = tailInZig(stepsPerTail);
  let step = 0;
  const sample = await compare(sizes.mediumRounds, () => {
    store.flush();
    const time = elapsed(() => append(store, step, step + stepsPerTail));
    step += stepsPerTail;
    return time / stepsPerTail;
  }, () => elapsed(layOut) / stepsPerTail);
  proveTokens(store);
  return sample;
}

/** The least work there is: the same values and records stored in memory, and a count published a step. */
function tailInZig(stepsPerTail: number): () => void {
  const state = new Uint32Array(2);
  const records = new Float64Array(2 * referenceCounts.length * stepsPerTail);
  const values = new Float64Array(tokensPerStep * stepsPerTail);
  const counts = Int32Array.from(referenceCounts);
  const stepValues = Float32Array.of(1, ...observations[0], 0, 0);
  return () => native.sl_tail_write(state, records, values, stepsPerTail, counts, counts.length, stepValues);
}

/** The flush of full tails, beside writes of the same bytes to four files that are reserved already. */
async function flushTail(sizes: Sizes): Promise<Sample> {
  using store: ReferenceStore = new StreamStore(referenceFields);
  using files = new LimitFiles(4);
  const stepsPerTail = findStepsPerTail();
  const pieces = piecesOf(stepsPerTail);
  const source = sourceOf(pieces);
  files.reserve(2 * sizes.mediumRounds * source.length);
  let step = 0;
  const sample = await compare(sizes.mediumRounds, () => {
    appendSteps(store, step, step + stepsPerTail);
    step += stepsPerTail;
    return elapsed(() => store.flush()) / stepsPerTail;
  }, () => {
    const plan = files.plan(pieces);
    return elapsed(() => files.write(plan, source)) / stepsPerTail;
  });
  proveTokens(store);
  return sample;
}

/**
 * A new store every round: reservation of chunks, first pages and flushes are all in it. Beside it the same steps with
 * flushes of full tails timed apart: streaming may cost no more than its two parts.
 */
function appendSustained(sizes: Sizes): Promise<Sample> {
  const stepCount = sizes.appendSteps;
  const stepsPerTail = findStepsPerTail();
  return compare(sizes.longRounds, () => {
    using store: ReferenceStore = new StreamStore(referenceFields);
    const time = elapsed(() => {
      appendSteps(store, 0, stepCount);
      store.flush();
    });
    proveTokens(store);
    return time / stepCount;
  }, () => {
    using store: ReferenceStore = new StreamStore(referenceFields);
    let time = 0;
    for (let from = 0; from < stepCount; from += stepsPerTail) {
      time += elapsed(() => appendSteps(store, from, Math.min(stepCount, from + stepsPerTail)));
      time += elapsed(() => store.flush());
    }
    proveTokens(store);
    return time / stepCount;
  });
}

/** The smallest step there is. */
function appendOneField(sizes: Sizes): Promise<Sample> {
  const stepCount = sizes.appendSteps;
  return measure(sizes.longRounds, () => {
    using store = new StreamStore({ value: 0 });
    const time = elapsed(() => {
      for (let step = 0; step < stepCount; step++) store.append(step, { value: step });
      store.flush();
    });
    prove("append of one field", store.window(stepCount - 1, 1).values[0], stepCount - 1);
    return time / stepCount;
  });
}

/** A step that is one list, as a camera or a language model would give it. */
function appendWideList(sizes: Sizes): Promise<Sample> {
  const width = 512;
  const stepCount = Math.ceil(sizes.appendSteps / 20);
  const values = Float32Array.from({ length: width }, (_, i) => i / width);
  return compare(sizes.longRounds, () => {
    using store = new StreamStore({ values: 0 });
    const time = elapsed(() => {
      for (let step = 0; step < stepCount; step++) store.append(step, { values });
      store.flush();
    });
    prove("append of lists", store.length, stepCount * width);
    prove("append of lists", store.window(store.length - 1, 1).values[0], values[width - 1]);
    return time / stepCount;
  }, () => writeStream(stepCount * (width * 20 + 8)) / stepCount);
}

/** How many reference steps go into the tail before one of them has to flush it: counted on a store of its own. */
function findStepsPerTail(): number {
  const { flush } = Connection.prototype;
  let flushCount = 0;
  Connection.prototype.flush = function (): void {
    flushCount++;
    flush.call(this);
  };
  try {
    using store: ReferenceStore = new StreamStore(referenceFields);
    let step = 0;
    for (; flushCount === 0; step++) appendSteps(store, step, step + 1);
    return step - 1;
  } finally {
    Connection.prototype.flush = flush;
  }
}

/** Compares the store's first and last tokens with what was appended. */
function proveTokens(store: ReferenceStore): void {
  const count = Math.min(store.length, 10_000);
  for (const start of [0, store.length - count]) {
    const { values } = store.window(start, count);
    for (let i = 0; i < count; i++) {
      if (values[i] !== valueAt(start + i)) prove(`token ${start + i}`, values[i], valueAt(start + i));
    }
  }
}
