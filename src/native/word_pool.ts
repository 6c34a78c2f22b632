/** Arrays of few words share a buffer: to make one of 128 takes V8 0.3 to 1 µs, and a part of another 60 ns. */
let pool = new BigInt64Array(0);
let pooled = 0;
const poolLength = 8192;

export function makeWords(length: number): BigInt64Array {
  if (length > poolLength / 8) return new BigInt64Array(length);
  // Its length is 0 where somebody has transferred the buffer away.
  if (pooled + length > pool.length) {
    pool = new BigInt64Array(poolLength);
    pooled = 0;
  }
  pooled += length;
  return pool.subarray(pooled - length, pooled);
}
