/**
 * Small integers as Parquet packs them: levels of nesting, bools, and indices into a dictionary.
 *
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
export type Integers = Uint8Array | Uint32Array;

/** An integer of at most 32 bits, from one of the 8 bits of a byte on. Behind the last byte there is nothing but zeros. */
export function bitsAt(bytes: Uint8Array, at: number, shift: number, width: number): number {
  let value = (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> shift;
  if (shift + width > 32) value |= bytes[at + 4] << (32 - shift);
  return width < 32 ? value & (1 << width) - 1 : value;
}

/** Fills `out` with integers of so many bits each. */
export function unpackBits(bytes: Uint8Array, start: number, width: number, out: Integers): void {
  if (width === 1) return unpackSingles(bytes, start, out);
  if (width <= 24) return unpackHeld(bytes, start, width, out);
  let [at, shift] = [start, 0];
  for (let i = 0; i < out.length; i++) {
    out[i] = bitsAt(bytes, at, shift, width);
    shift += width;
    at += shift >>> 3;
    shift &= 7;
  }
}

/** A byte at a time: levels of lists are this, one for every value. */
function unpackSingles(bytes: Uint8Array, start: number, out: Integers): void {
  const whole = out.length & ~7;
  let at = start;
  for (let i = 0; i < whole; i += 8) {
    const byte = bytes[at++];
    out[i] = byte & 1;
    out[i + 1] = byte >> 1 & 1;
    out[i + 2] = byte >> 2 & 1;
    out[i + 3] = byte >> 3 & 1;
    out[i + 4] = byte >> 4 & 1;
    out[i + 5] = byte >> 5 & 1;
    out[i + 6] = byte >> 6 & 1;
    out[i + 7] = byte >> 7;
  }
  for (let i = whole; i < out.length; i++) out[i] = bytes[at] >> (i & 7) & 1;
}

/** Fewer than 8 bits are left over when a byte is added: 31 in all, which the bit operators hold. */
function unpackHeld(bytes: Uint8Array, start: number, width: number, out: Integers): void {
  const mask = (1 << width) - 1;
  let [at, held, heldBits] = [start, 0, 0];
  for (let i = 0; i < out.length; i++) {
    for (; heldBits < width; heldBits += 8) held |= bytes[at++] << heldBits;
    out[i] = held & mask;
    held >>>= width;
    heldBits -= width;
  }
}

/** Fills `out` from runs: a repeated value, or groups of eight packed in `width` bits each. */
export function readRuns(bytes: Uint8Array, width: number, out: Integers): void {
  if (width > 32) throw new Error(`integers must have 32 bits at most, got ${width}`);
  const missing = (filled: number) => new Error(`runs must have ${out.length} integers, got ${filled}`);
  let [at, filled] = [0, 0];
  while (filled < out.length) {
    let [header, shift] = [0, 0];
    do {
      if (at >= bytes.length || shift > 28) throw missing(filled);
      header |= (bytes[at] & 0x7f) << shift;
      shift += 7;
    } while (bytes[at++] & 0x80);
    const isPacked = (header & 1) === 1;
    const count = Math.min((header >>> 1) * (isPacked ? 8 : 1), out.length - filled);
    if (at + Math.ceil((isPacked ? count : 1) * width / 8) > bytes.length) throw missing(filled);
    const run = out.subarray(filled, filled + count);
    filled += count;
    if (isPacked) {
      unpackBits(bytes, at, width, run);
      at += (header >>> 1) * width;
      continue;
    }
    const value = bitsAt(bytes, at, 0, Math.ceil(width / 8) * 8) >>> 0;
    if (width < 32 && value >>> width !== 0) {
      throw new Error(`integers must have ${width} bits, got ${value}`);
    }
    run.fill(value);
    at += Math.ceil(width / 8);
  }
}

/** Indices into a dictionary of so many entries. */
export function readIndices(bytes: Uint8Array, count: number, entryCount: number): Uint32Array {
  if (bytes.length === 0) throw new Error("indices must have their width in front, got no bytes");
  const indices = new Uint32Array(count);
  // One of 0 says that all indices are.
  if (bytes[0] > 0) readRuns(bytes.subarray(1), bytes[0], indices);
  let last = 0;
  for (let i = 0; i < count; i++) if (indices[i] > last) last = indices[i];
  if (last < entryCount) return indices;
  throw new Error(`its dictionary must have an entry ${last}, has ${entryCount}`);
}
