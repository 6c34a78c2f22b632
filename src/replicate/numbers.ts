/** Numbers that callers give. */
import { describe } from "../fields.ts";

/** The longest time that a timer takes, in milliseconds: one that is longer comes at once. */
export const intervalMax = 2 ** 31 - 1;

/** Throws for what is no integer from `min` to `max`. `what` is what could not be done, and the name of the number. */
export function checkInteger(what: string, value: number | undefined, min: number, max = Infinity): void {
  if (value === undefined || Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Infinity ? `>= ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${what} must be an integer ${range}, got ${describe(value)}`);
}
