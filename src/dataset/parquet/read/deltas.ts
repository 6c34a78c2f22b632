/**
 * Integers as the differences between one and the next, less the least difference of their block, in as many bits as those
 * of their part of it need: DELTA_BINARY_PACKED. All is in 64 bits, also for integers of 32: writers differ in whether they
 * let a difference of such wrap around, and the lower 32 bits of the sum are right either way. In halves, because a bigint
 * would be an object on its way.
 *
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md
 */

/** Behind the bytes that are read, so that whole words can be. */
const spareBytes = 16;

/** Fills `out`, which has one word for an integer of 32 bits or two for one of 64, and says where their bytes end. */
export function readDeltas(given: Uint8Array, out: Uint32Array, wordsEach: 1 | 2): number {
  const bytes = new Uint8Array(given.length + spareBytes);
  bytes.set(given);
  const cursor = new Cursor(bytes, given.length);
  const count = out.length / wordsEach;
  const [blockSize, partCount] = [cursor.takeCount(), cursor.takeCount()];
  const partSize = blockSize / partCount;
  if (!(blockSize > 0 && blockSize % 128 === 0 && partSize % 32 === 0)) {
    throw new Error(
      `differences must come in blocks of a multiple of 128, in parts of a multiple of 32, got ${blockSize} in ${partCount}`,
    );
  }
  const said = cursor.takeCount();
  if (said !== count) throw new Error(`differences must be of ${count} integers, got ${said}`);
  cursor.takeSigned();
  if (count > 0) out[0] = cursor.low;
  if (count > 0 && wordsEach === 2) out[1] = cursor.high;
  for (let filled = 1; filled < count;) {
    cursor.takeSigned();
    const widths = cursor.take(partCount);
    for (let part = 0; part < partCount && filled < count; part++) {
      const width = widths[part];
      if (width > 64) throw new Error(`differences must have at most 64 bits, got ${width}`);
      const length = Math.min(partSize, count - filled);
      const start = cursor.at;
      cursor.check(Math.ceil(length * width / 8));
      const add = wordsEach === 1 ? addWords : addPairs;
      add(cursor, start, width, out, filled, filled + length);
      // The last part of all is as long as the others, whatever of it is of use; some writers cut it off.
      cursor.at = Math.min(given.length, start + partSize * width / 8);
      filled += length;
    }
  }
  return cursor.at;
}

/** Integers of 32 bits, each from the one before. */
function addWords(least: Cursor, start: number, width: number, out: Uint32Array, from: number, to: number) {
  const { view, low } = least;
  const mask = width >= 32 ? -1 : (1 << width) - 1;
  let [value, at, shift] = [out[from - 1], start, 0];
  for (let i = from; i < to; i++) {
    let difference = view.getUint32(at, true) >>> shift;
    if (shift > 0 && shift + width > 32) difference |= view.getUint8(at + 4) << (32 - shift);
    value = (value + low | 0) + (difference & mask) | 0;
    out[i] = value;
    shift += width;
    at += shift >>> 3;
    shift &= 7;
  }
}

/** Integers of 64 bits, in halves. */
function addPairs(least: Cursor, start: number, width: number, out: Uint32Array, from: number, to: number) {
  const { view } = least;
  const [leastLow, leastHigh] = [least.low >>> 0, least.high];
  const lowMask = width >= 32 ? -1 : (1 << width) - 1;
  const highMask = width >= 64 ? -1 : width <= 32 ? 0 : (1 << (width - 32)) - 1;
  let [low, high, at, shift] = [out[2 * from - 2], out[2 * from - 1] | 0, start, 0];
  for (let i = from; i < to; i++) {
    let difference = view.getUint32(at, true) >>> shift;
    if (shift > 0 && shift + width > 32) difference |= view.getUint8(at + 4) << (32 - shift);
    let upper = 0;
    if (width > 32) {
      upper = view.getUint32(at + 4, true) >>> shift;
      if (shift > 0 && shift + width > 64) upper |= view.getUint8(at + 8) << (32 - shift);
    }
    const sum = low + leastLow + ((difference & lowMask) >>> 0);
    low = sum >>> 0;
    high = high + leastHigh + (upper & highMask) + Math.floor(sum / 2 ** 32) | 0;
    out[2 * i] = low;
    out[2 * i + 1] = high;
    shift += width;
    at += shift >>> 3;
    shift &= 7;
  }
}

/** Goes through bytes; an integer that it takes is then in `low` and `high`. */
class Cursor {
  readonly view: DataView;
  at = 0;
  low = 0;
  high = 0;

  constructor(private readonly bytes: Uint8Array, private readonly end: number) {
    this.view = new DataView(bytes.buffer);
  }

  check(count: number): void {
    if (this.at + count <= this.end) return;
    throw new Error(`differences must lie within their ${this.end} bytes, got ${count} from ${this.at}`);
  }

  take(count: number): Uint8Array {
    this.check(count);
    return this.bytes.subarray(this.at, this.at += count);
  }

  takeCount(): number {
    this.#takeVarint();
    return (this.low >>> 0) + (this.high >>> 0) * 2 ** 32;
  }

  /** The lowest bit is the sign: 0, -1, 1, -2 and so on. */
  takeSigned(): void {
    this.#takeVarint();
    const sign = -(this.low & 1);
    this.low = (this.low >>> 1 | this.high << 31) ^ sign;
    this.high = this.high >>> 1 ^ sign;
  }

  /** Seven bits a byte, the lowest first, up to 64 in all. */
  #takeVarint(): void {
    [this.low, this.high] = [0, 0];
    for (let shift = 0;; shift += 7) {
      this.check(1);
      if (shift > 63) throw new Error("an integer must have at most 10 bytes, got more");
      const byte = this.bytes[this.at++];
      const bits = byte & 0x7f;
      if (shift < 32) this.low |= bits << shift;
      if (shift >= 32) this.high |= bits << (shift - 32);
      else if (shift > 25) this.high |= bits >>> (32 - shift);
      if (byte < 0x80) return;
    }
  }
}
