/** Steps are int64: numbers while they are exact as numbers, else bigints. */
export function narrowStep(step: bigint): number | bigint {
  const number = Number(step);
  return Number.isSafeInteger(number) ? number : step;
}

export function isInt64(step: bigint): boolean {
  return BigInt.asIntN(64, step) === step;
}
