/** Text and bytes that the writers under test write beside some stores' steps, which follow from a step's number too. */
import assert from "node:assert/strict";
import type { ExtraValues, StreamStore } from "../../mod.ts";
import { type Content, mix } from "./content.ts";

export const extra = { note: "string", blob: "bytes" } as const;
export type Extras = ExtraValues<typeof extra>;

export function extrasOf(step: number): { readonly note: string | null; readonly blob: Uint8Array | null } {
  const size = mix(step, 52);
  // Now and then more than goes through the tail, and seldom more than a chunk of the file.
  const length = size % 8192 === 0 ? 1_100_000 : size % 64 === 0 ? 4000 + size % 5000 : size % 40;
  return {
    note: mix(step, 50) % 4 === 0 ? null : `${step}${["", " é", "x".repeat(60)][size % 3]}`,
    blob: mix(step, 51) % 3 > 0 ? null : new Uint8Array(length).fill(step),
  };
}

/** Lists with a value for each of the steps `[from, to)`. */
export function extraListsOf(from: number, to: number) {
  const all = Array.from({ length: to - from }, (_, i) => extrasOf(from + i));
  return { note: all.map(({ note }) => note), blob: all.map(({ blob }) => blob) };
}

/** Rows `[from, to)` have the text and bytes of the steps with these numbers. */
export function compareExtras(store: Content, from: number, to: number): void {
  const [notes, blobs] = ["note", "blob"].map((name) => (store as unknown as StreamStore).extra(name));
  for (let step = from; step < to; step++) {
    const { note, blob } = extrasOf(step);
    assert.equal(notes.get(step), note, `The note of row ${step} is not as it was written`);
    const found = blobs.bytes(step);
    const isSame = blob === null || found === null
      ? blob === found
      : Buffer.compare(found as Uint8Array, blob) === 0;
    assert.ok(
      isSame,
      `The blob of row ${step} is not as it was written, got ${found?.length} of ${blob?.length}`,
    );
  }
}

/** The last row, which may wait for its second part: its note comes with the first. */
export function compareOpenRow(store: Content, row: number): void {
  const [note, blob] = ["note", "blob"].map((name) => (store as unknown as StreamStore).extra(name).get(row));
  assert.deepEqual([note, blob], [extrasOf(row).note, null]);
}
