import { bitsAt, unpackBits } from "./runs.ts";

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
  const first = halvesOf(cursor.takeSigned());
  if (count > 0) out.set(first.slice(0, wordsEach));
  let lowers = new Uint32Array(0);
  for (let filled = 1; filled < count;) {
    const least = halvesOf(cursor.takeSigned());
    const widths = cursor.take(partCount);
    for (let part = 0; part < partCount && filled < count; part++) {
      const width = widths[part];
      if (width > 64) throw new Error(`differences must have at most 64 bits, got ${width}`);
      const length = Math.min(partSize, count - filled);
      const start = cursor.at;
      cursor.take(Math.ceil(length * width / 8));
      // Made anew for the last part only: all others are as long, and an array costs as much as ten differences.
      if (lowers.length !== length) lowers = new Uint32Array(length);
      addDifferences(bytes, start, width, least, lowers, out, filled * wordsEach, wordsEach);
      // The last part of all is as long as the others, whatever of it is of use; some writers cut it off.
      cursor.at = Math.min(bytes.length, start + partSize * width / 8);
      filled += length;
    }
  }
  return cursor.at;
}

/** The lower 32 bits of an integer of 64, and the upper ones. */
function halvesOf(integer: bigint): readonly [number, number] {
  return [Number(BigInt.asUintN(32, integer)), Number(BigInt.asIntN(32, integer >> 32n))];
}

/** Differences of a part, which are then numbers in `out`, each from the one before. */
function addDifferences(
  bytes: Uint8Array,
  start: number,
  width: number,
  [leastLow, leastHigh]: readonly [number, number],
  lowers: Uint32Array,
  out: Uint32Array,
  from: number,
  wordsEach: 1 | 2,
): void {
  if (width <= 32) unpackBits(bytes, start, width, lowers);
  // In halves: a bigint would be an object on its way.
  let low = out[from - wordsEach];
  let high = out[from - 1] | 0;
  for (let i = 0, at = from; i < lowers.length; i++, at += wordsEach) {
    let lower = lowers[i];
    let upper = 0;
    if (width > 32) {
      const byte = start + Math.floor(i * width / 8);
      lower = bitsAt(bytes, byte, i * width & 7, 32) >>> 0;
      upper = bitsAt(bytes, byte + 4, i * width & 7, width - 32);
    }
    const sum = low + leastLow + lower;
    low = sum >>> 0;
    out[at] = low;
    if (wordsEach === 1) continue;
    high = high + leastHigh + upper + Math.floor(sum / 2 ** 32) | 0;
    out[at + 1] = high;
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
