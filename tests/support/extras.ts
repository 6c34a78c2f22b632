/** What tests of extras share: values of every size, and what each step of a stream has. */
import assert from "node:assert/strict";
import type { StreamStore } from "../../mod.ts";

export const fields = { action: 0, observation: 1 } as const;
export const extra = { prompt: "string", frame: "bytes", note: "string" } as const;
export type ExtrasStore = StreamStore<typeof fields, typeof extra>;

/** Around what goes through the tail, and beyond a chunk of a file. */
const sizes = [0, 1, 7, 8, 9, 1365, 1366, 4095, 4096, 4097, 20_000];
const texts = [
  "",
  "a",
  "Grüße \0 \u{1f600}",
  "\ufeffmark",
  "日本".repeat(700),
  "x".repeat(127),
  "é".repeat(1366),
];

/** What step number `step` has: null where it has nothing. Every 97th frame is longer than a chunk of its file. */
export function valuesAt(
  step: number,
): { prompt: string | null; frame: Uint8Array | null; note: string | null } {
  const size = step % 97 === 96 ? 1_100_000 : sizes[step % sizes.length];
  return {
    prompt: step % 5 === 3 ? null : `${step}:${texts[step % texts.length]}`,
    frame: step % 7 === 2 ? null : new Uint8Array(size).fill(step % 251),
    note: step % 50 === 49 ? texts[step % texts.length] : null,
  };
}

/** Values that a field may have, or none. */
export function numbersAt(step: number): { action?: number; observation?: number[] } {
  return step % 4 === 3 ? {} : { action: step, observation: [step, -step] };
}

export function appendStep(store: ExtrasStore, step: number): void {
  if (step % 3 > 0) return store.append(step, numbersAt(step), valuesAt(step));
  const numbers = Object.entries(numbersAt(step));
  if (numbers.length === 0) return store.append(step, {}, valuesAt(step));
  const lists = Object.fromEntries(Object.entries(valuesAt(step)).map(([name, value]) => [name, [value]]));
  const names = numbers.map(([name]) => name) as (keyof typeof fields)[];
  store.append(names.map(() => step), names, numbers.map(([, value]) => value), lists);
}

/** Compares rows `[from, to)` with what their steps, which are their numbers, have. */
export function compareExtras(store: ExtrasStore, from: number, to: number): void {
  for (const name of ["prompt", "frame", "note"] as const) {
    const found = store.extra(name);
    for (let row = from; row < to; row++) {
      const expected = valuesAt(row)[name];
      const value = found.get(row);
      if (expected instanceof Uint8Array) {
        assert.equal(Buffer.compare(value as Uint8Array, expected), 0, `${name} ${row}`);
      } else assert.equal(value, expected, `${name} ${row}`);
    }
  }
}

/** Everything that a store holds of a row. */
function whole(store: ExtrasStore): unknown {
  return [store.rowCount, store.length, store.rows()];
}

/** Calls that are refused, and leave no trace. */
export function refuses(store: ExtrasStore, call: () => void, expected: object): void {
  const before = whole(store);
  assert.throws(call, expected);
  assert.deepEqual(whole(store), before);
}
