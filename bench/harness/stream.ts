/**
 * The stream that most cases measure: reference steps of 4 fields and 11 tokens, whose every value follows from the
 * step, so that any result can be checked against `valueAt`.
 */
import { type Feature, StreamStore } from "../../mod.ts";

export const referenceFields = { action: 0, observation: 1, reward: 2, done: 3 } as const;

/** The same fields in the narrowest dtypes that hold them. */
export const narrowFields = {
  action: "uint8",
  observation: "float32",
  reward: "float32",
  done: "bool",
} as const;

/** The tokens of each field of a step, in field order. */
export const referenceCounts = [1, 8, 1, 1] as const;
export const observationWidth = 8;
export const tokensPerStep = 11;

/** Bytes of one step in the store's files: step, type and data of every token, and the row's start. */
export const bytesPerStep = tokensPerStep * (8 + 4 + 8) + 8;

/** Bytes of a frame of a camera, where steps have one beside them. */
export const frameBytes = 50_000;

const value = (dtype: string): Feature => ({ dtype, _type: "Value" });

/** What the fields are in a dataset. */
export const fieldFeatures = {
  action: value("int64"),
  observation: { feature: value("float32"), length: observationWidth, _type: "List" },
  reward: value("float32"),
  done: value("bool"),
} satisfies Record<string, Feature>;

export type ReferenceStore = StreamStore<typeof referenceFields>;

export const actionOf = (step: number): number => step & 3;
export const rewardOf = (step: number): number => (step & 7) / 8;
export const doneOf = (step: number): boolean => step % 200 === 199;
export const observationOf = (step: number, i: number): number => ((step + i) & 255) / 256;

/** One observation for each step modulo 256, as a simulator would hand them out. */
export const observations: readonly Float32Array[] = Array.from(
  { length: 256 },
  (_, step) => Float32Array.from({ length: observationWidth }, (_, i) => observationOf(step, i)),
);

/** The value of a token by its index in the stream. */
export function valueAt(token: number): number {
  const step = Math.floor(token / tokensPerStep);
  const place = token - step * tokensPerStep;
  if (place === 0) return actionOf(step);
  if (place <= observationWidth) return observationOf(step, place - 1);
  return place === observationWidth + 1 ? rewardOf(step) : Number(doneOf(step));
}

/** The type ID of a token by its index in the stream. */
export function typeAt(token: number): number {
  const place = token % tokensPerStep;
  if (place === 0) return 0;
  return place <= observationWidth ? 1 : place - observationWidth + 1;
}

/** Appends steps `[from, to)` one by one. */
export function appendSteps(store: ReferenceStore, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    store.append(step, {
      action: step & 3,
      observation: observations[step & 255],
      reward: (step & 7) / 8,
      done: step % 200 === 199,
    });
  }
}

const referenceNames = ["action", "observation", "reward", "done"] as const;

/** The same by three sequences a step, as the seed's own class is called. */
export function appendSequences(store: ReferenceStore, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    const values = [step & 3, observations[step & 255], (step & 7) / 8, step % 200 === 199];
    store.append([step, step, step, step], referenceNames, values);
  }
}

/** Columns of steps `[from, to)`, in the narrow types in which a program would hold them. */
export function referenceColumns(from: number, to: number) {
  const count = to - from;
  const step = new BigInt64Array(count);
  const action = new Int32Array(count);
  const values = new Float32Array(count * observationWidth);
  const reward = new Float32Array(count);
  const done = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    step[i] = BigInt(from + i);
    action[i] = actionOf(from + i);
    values.set(observations[(from + i) & 255], i * observationWidth);
    reward[i] = rewardOf(from + i);
    done[i] = Number(doneOf(from + i));
  }
  return { step, action, observation: { values, width: observationWidth }, reward, done };
}

const stepsPerFill = 100_000;

/** A store with `stepCount` reference steps in its columns; a new one of float64 where none is given. */
export function filledStore(
  stepCount: number,
  store: ReferenceStore = new StreamStore(referenceFields),
): ReferenceStore {
  for (let from = 0; from < stepCount; from += stepsPerFill) {
    store.appendColumns(referenceColumns(from, Math.min(stepCount, from + stepsPerFill)));
  }
  return store;
}

/** Numbers in [0, 1) from a seed: mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
