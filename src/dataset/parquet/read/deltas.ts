import { bitsAt } from "./runs.ts";

/**
 * Integers as the differences between one and the next, less the least difference of their block, in as many bits as those
 * of their part of it need: DELTA_BINARY_PACKED. All is in 64 bits, also for integers of 32: writers differ in whether they
 * let a difference of such wrap around, and the lower 32 bits of the sum are right either way.
 *
 * Fills `out`, which has one word for an integer of 32 bits or two for one of 64, and says where their bytes end.
 *
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
export function readDeltas(bytes: Uint8Array, out: Uint32Array, wordsEach: 1 | 2): number {
  const cursor = new Cursor(bytes);
  const count = out.length / wordsEach;
  const [blockSize, partCount] = [Number(cursor.takeVarint()), Number(cursor.takeVarint())];
  const partSize = blockSize / partCount;
  if (!(blockSize > 0 && blockSize % 128 === 0 && partSize % 32 === 0)) {
    throw new Error(
      `differences must come in blocks of a multiple of 128, in parts of a multiple of 32, got ${blockSize} in ${partCount}`,
    );
  }
  const said = Number(cursor.takeVarint());
  if (said !== count) throw new Error(`differences must be of ${count} integers, got ${said}`);
  const first = cursor.takeSigned();
  if (count > 0) out.set(halvesOf(first).slice(0, wordsEach));
  for (let filled = 1; filled < count;) {
    const least = cursor.takeSigned();
    const widths = cursor.take(partCount);
    for (let part = 0; part < partCount && filled < count; part++) {
      const width = widths[part];
      if (width > 64) throw new Error(`differences must have at most 64 bits, got ${width}`);
      const length = Math.min(partSize, count - filled);
      const start = cursor.at;
      cursor.take(Math.ceil(length * width / 8));
      const words = out.subarray((filled - 1) * wordsEach, (filled + length) * wordsEach);
      addDifferences(bytes, start, width, halvesOf(least), words, wordsEach);
      // The last part of all is as long as the others, whatever of it is of use; some writers cut it off.
      cursor.at = Math.min(bytes.length, start + partSize * width / 8);
      filled += length;
    }
  }
  return cursor.at;
}

function halvesOf(integer: bigint): Uint32Array {
  return new Uint32Array(BigInt64Array.of(integer).buffer);
}

/** Each from the one before, the first of which is there. In halves: a bigint would be an object on its way. */
function addDifferences(
  bytes: Uint8Array,
  start: number,
  width: number,
  [leastLow, leastHigh]: Uint32Array,
  out: Uint32Array,
  wordsEach: 1 | 2,
): void {
  const [lowWidth, highWidth] = [Math.min(width, 32), Math.max(width - 32, 0)];
  let [low, high, at, shift] = [out[0], wordsEach === 2 ? out[1] : 0, start, 0];
  for (let i = wordsEach; i < out.length; i += wordsEach) {
    const sum = low + leastLow + (bitsAt(bytes, at, shift, lowWidth) >>> 0);
    low = sum >>> 0;
    out[i] = low;
    if (wordsEach === 2) {
      const upper = highWidth > 0 ? bitsAt(bytes, at + 4, shift, highWidth) : 0;
      high = high + leastHigh + upper + Math.floor(sum / 2 ** 32) | 0;
      out[i + 1] = high;
    }
    shift += width;
    at += shift >>> 3;
    shift &= 7;
  }
}

class Cursor {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    const start = this.at;
    this.at += count;
    if (this.at <= this.bytes.length) return this.bytes.subarray(start, this.at);
    throw new Error(
      `differences must lie within their ${this.bytes.length} bytes, got ${count} from ${start}`,
    );
  }

  /** Seven bits a byte, the lowest first, up to 64 in all. */
  takeVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const [byte] = this.take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("an integer must have at most 10 bytes, got more");
  }

  /** The lowest bit is the sign: 0, -1, 1, -2 and so on. */
  takeSigned(): bigint {
    const value = this.takeVarint();
    return value >> 1n ^ -(value & 1n);
  }
}
