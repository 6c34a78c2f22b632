import { describe } from "./fields.ts";

/** Steps are int64: numbers while they are exact as numbers, else bigints. */
export function narrowStep(step: bigint): number | bigint {
  const number = Number(step);
  return Number.isSafeInteger(number) ? number : step;
}

export function isInt64(step: bigint): boolean {
  return BigInt.asIntN(64, step) === step;
}

/** The error for what is no step. `advice` follows it where nothing better is known from the value. */
export function wrongStep(action: string, name: string, step: unknown, advice = ""): RangeError | TypeError {
  const error = typeof step === "number" || typeof step === "bigint" ? RangeError : TypeError;
  const told = step instanceof Date ? "; getTime() gives its milliseconds" : bigintAdvice(step) || advice;
  return new error(
    `${action}: ${name} must be a safe integer or an int64 bigint, got ${describe(step)}${told}`,
  );
}

/** What to do with an integer that a number may have rounded, as 1e6 times the time of day; else nothing. */
export function bigintAdvice(value: unknown): string {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) &&
    Math.abs(value as number) < 2 ** 64;
  return isRounded ? "; BigInt keeps what a number rounds, as in BigInt(Date.now()) * 1000000n" : "";
}
