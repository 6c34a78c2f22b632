import { statisticsPageLength } from "../native/abi.ts";

/**
 * The buckets of a sketch that have values, in the order of the values. A bucket's key is 0 for zero, and else
 * 1 + (exponent << 7 | upper 7 bits of the mantissa), negative for negative values; see zig/src/statistics/statistics.zig.
 */
export interface Buckets {
  readonly keys: Int32Array;
  readonly counts: Float64Array;
}

const keyMax = 0x7ff * statisticsPageLength;

/** A key has the exponent and the upper bits of the mantissa, of which 20 stand in the upper half of a float64. */
const shift = 20 - Math.log2(statisticsPageLength);
const words = new Uint32Array(2);
const float = new Float64Array(words.buffer);

/** The positive float64 with which a key's bucket begins. */
function lowerEnd(key: number): number {
  words[1] = (key - 1) << shift;
  return float[0];
}

/** The value that is off by the least part, whatever value of the bucket it stands for: the harmonic mean of its ends. */
export function bucketValue(key: number): number {
  if (key === 0) return 0;
  const lower = lowerEnd(Math.abs(key));
  const upper = lowerEnd(Math.abs(key) + 1);
  // The last bucket ends at 2 ** 1024, which is no float64.
  const ratio = upper === Infinity ? 255 / 256 : lower / upper;
  return Math.sign(key) * lower * (2 / (1 + ratio));
}

/** The buckets of both. */
export function mergeBuckets(one: Buckets, other: Buckets): Buckets {
  const keys = new Int32Array(one.keys.length + other.keys.length);
  const counts = new Float64Array(keys.length);
  let [i, j, length] = [0, 0, 0];
  while (i < one.keys.length || j < other.keys.length) {
    const [key, otherKey] = [one.keys[i] ?? Infinity, other.keys[j] ?? Infinity];
    keys[length] = Math.min(key, otherKey);
    counts[length++] = (key <= otherKey ? one.counts[i++] : 0) + (otherKey <= key ? other.counts[j++] : 0);
  }
  return { keys: keys.slice(0, length), counts: counts.slice(0, length) };
}

/** Whether pairs of key and count are in order and make up so many values. */
export function isBuckets(pairs: readonly number[], count: number): boolean {
  let [last, sum] = [-Infinity, 0];
  for (let i = 0; i < pairs.length; i += 2) {
    const [key, inBucket] = [pairs[i], pairs[i + 1]];
    if (!Number.isInteger(key) || Math.abs(key) > keyMax || key <= last) return false;
    if (!Number.isSafeInteger(inBucket) || inBucket < 1) return false;
    last = key;
    sum += inBucket;
  }
  return sum === count;
}
