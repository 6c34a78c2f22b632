/** Rows relative to an anchor, as lists of whole numbers. */
import { describe } from "../fields.ts";
import { isList, readNumbers } from "../typed_array.ts";

/** As near as a time must be to that of a row, in seconds: as in LeRobot. */
const toleranceSeconds = 1e-4;

const countMax = 2 ** 24;

/**
 * Whole numbers one after another, for the offsets of a field. Taken by {@linkcode FieldOutput}.
 *
 * @param start The first.
 * @param end The one after the last.
 * @returns The numbers, of shape `[end - start]`.
 * @throws {RangeError} If one is no whole number, or `end` is not above `start`.
 *
 * @example
 * ```ts
 * import { range } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(range(-1, 3), [-1, 0, 1, 2]);
 * ```
 */
export function range(start: number, end: number): number[] {
  const isFine = Number.isSafeInteger(start) && Number.isSafeInteger(end) && end > start &&
    end - start <= countMax;
  if (isFine) return Array.from({ length: end - start }, (_, i) => start + i);
  throw new RangeError(
    `Cannot make a range: start and end must be whole numbers, end above start by at most ${countMax}, got ${
      describe(start)
    } and ${describe(end)}`,
  );
}

/**
 * Times around an anchor as rows, as LeRobot's `delta_timestamps` are given: for the offsets of a field.
 *
 * @param seconds Times relative to the anchor, of shape `[O]`: -0.1 is a tenth of a second before.
 * @param fps Rows a second.
 * @returns The nearest row of each time, of shape `[O]`.
 * @throws {RangeError} If a time is further than 0.1 ms from that of a row, or `fps` no number above 0.
 * @throws {TypeError} If `seconds` is no list.
 *
 * @example
 * ```ts
 * import { offsetsOf } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(offsetsOf([-0.1, 0, 1 / 30], 30), [-3, 0, 1]);
 * assert.throws(() => offsetsOf([0.05], 30), /must be that of a row/);
 * ```
 */
export function offsetsOf(seconds: readonly number[] | Float64Array, fps: number): number[] {
  const action = "Cannot turn seconds into rows";
  if (!isList(seconds)) {
    throw new TypeError(`${action}: seconds must be a list of numbers, got ${describe(seconds)}`);
  }
  if (!(typeof fps === "number" && fps > 0 && fps < Infinity)) {
    throw new RangeError(`${action}: fps must be a finite number above 0, got ${describe(fps)}`);
  }
  const refuse = (place: number, value: unknown) =>
    new RangeError(
      `${action}: seconds[${place}] must be that of a row, a multiple of 1/${fps} within ${toleranceSeconds}, got ${
        describe(value)
      }`,
    );
  const times = readNumbers(`${action}: seconds`, seconds, (value, place) => {
    throw refuse(place, value);
  });
  return Array.from(times, (time, place) => {
    const row = Math.round(time * fps);
    // NaN and Infinity are no multiples.
    if (!(Math.abs(row - time * fps) / fps <= toleranceSeconds)) throw refuse(place, time);
    return row + 0;
  });
}
