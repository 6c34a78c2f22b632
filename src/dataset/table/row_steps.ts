import type { Connection } from "../../store/connection.ts";
import type { ArrowData } from "./types.ts";
import { isSet } from "./bitmaps.ts";
import { numbersOf } from "./numbers.ts";
import { numberAt } from "../value_types.ts";

/** The step that a first further row gets: 0 in an empty store, else the one after the last. */
export function firstStep(connection: Connection): bigint {
  return connection.isEmpty ? 0n : connection.lastStep + 1n;
}

const stepMax = 2n ** 63n - 1n;

/** `count` steps from `first`. */
export function followingSteps(first: bigint, count: number, action: string): BigInt64Array {
  if (first + BigInt(count) - 1n > stepMax) {
    throw new RangeError(
      `Cannot ${action}: steps must be <= ${stepMax}, got ${count} rows from step ${first}`,
    );
  }
  const steps = new BigInt64Array(count);
  const start = Number(first);
  if (Number.isSafeInteger(start) && Number.isSafeInteger(start + count)) {
    // Halves of 32 bits, ten times as fast as a bigint a row.
    const halves = new Int32Array(steps.buffer);
    for (let i = 0; i < count; i++) {
      halves[2 * i] = start + i;
      halves[2 * i + 1] = Math.floor((start + i) / 2 ** 32);
    }
  } else {
    for (let i = 0; i < count; i++) steps[i] = first + BigInt(i);
  }
  return steps;
}

/** Steps out of integers, of which none may be null or beyond int64. */
export function toSteps(
  count: number,
  integerAt: (row: number) => number | bigint | boolean | null,
  refuse: (row: number, got: unknown) => Error,
): BigInt64Array {
  const steps = new BigInt64Array(count);
  for (let row = 0; row < count; row++) {
    const given = integerAt(row);
    const step = given === null ? null : BigInt(given);
    if (step === null || step > stepMax) throw refuse(row, step);
    steps[row] = step;
  }
  return steps;
}

/** Steps out of an Arrow column of integers. */
export function arrowSteps(data: ArrowData, refuse: (row: number, got: unknown) => Error): BigInt64Array {
  const { length, values, dtype, first, validity } = numbersOf(data);
  if (dtype === "int64" && validity === null) return copiedSteps(values, first, length);
  return toSteps(
    length,
    (row) => validity === null || isSet(validity, row) ? numberAt(values, dtype, first + row) : null,
    refuse,
  );
}

/** As they are, where all can be steps: a bigint a row takes as long as all the rest of a row. */
function copiedSteps({ buffer, byteOffset }: ArrayBufferView, first: number, count: number): BigInt64Array {
  const steps = new BigInt64Array(count);
  new Uint8Array(steps.buffer).set(new Uint8Array(buffer, byteOffset + 8 * first, 8 * count));
  return steps;
}
