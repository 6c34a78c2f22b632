/** Small arrays share a buffer: to make one of its own takes V8 0.1 to 1 µs, and a part of another 50 ns. */
import { type ArrayOfDtype, bytesOf, type Dtype, type DtypeArray, newArray } from "../dtypes.ts";

interface Pool {
  array: DtypeArray;
  used: number;
}

const pools = new Map<Dtype, Pool>();

/** Whoever keeps one array, or sends it to another thread, has all of its buffer: so there are not many in each. */
const arraysPerBuffer = 64;
const bufferBytesMax = 65_536;
const sharedBytesMax = bufferBytesMax / 8;

export function makeArray<Name extends Dtype>(dtype: Name, length: number): ArrayOfDtype[Name] {
  if (length * bytesOf(dtype) > sharedBytesMax) return newArray(dtype, length);
  let pool = pools.get(dtype);
  // The length of its array is 0 where somebody has transferred the buffer away.
  if (pool === undefined || pool.used + length > pool.array.length) {
    const lengthMax = bufferBytesMax / bytesOf(dtype);
    pool = { array: newArray(dtype, Math.min(arraysPerBuffer * length, lengthMax)), used: 0 };
    pools.set(dtype, pool);
  }
  pool.used += length;
  return pool.array.subarray(pool.used - length, pool.used) as ArrayOfDtype[Name];
}
