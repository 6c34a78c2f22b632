/** Small integers as Parquet packs them: levels of nesting, and indices into a dictionary. */
export type Integers = Uint8Array | Uint32Array;

/**
 * Fills `out` from runs: a repeated value, or groups of eight packed in `width` bits each. hyparquet has this too, but
 * into Arrays, and writes past their end where a damaged file has a longer run.
 *
 * @see https://github.com/apache/parquet-format/blob/master/Encodings.md
 */
export function readRuns(bytes: Uint8Array, width: number, out: Integers): void {
  if (width > 32) throw new Error(`integers must have 32 bits at most, got ${width}`);
  let [at, filled] = [0, 0];
  while (filled < out.length) {
    let [header, shift] = [0, 0];
    do {
      if (at >= bytes.length || shift > 28) {
        throw new Error(`runs must have ${out.length} integers, got ${filled}`);
      }
      header |= (bytes[at] & 0x7f) << shift;
      shift += 7;
    } while (bytes[at++] & 0x80);
    const count = header >>> 1;
    if (header & 1) {
      const packed = Math.min(8 * count, out.length - filled);
      if (at + Math.ceil(packed * width / 8) > bytes.length) {
        throw new Error(`runs must have ${out.length} integers, got ${filled}`);
      }
      unpack(bytes, at, width, out.subarray(filled, filled + packed));
      at += count * width;
      filled += packed;
    } else {
      let value = 0;
      for (let i = 0; i < width; i += 8) value |= bytes[at++] << i;
      out.fill(value >>> 0, filled, filled + count);
      filled += count;
    }
  }
}

function unpack(bytes: Uint8Array, start: number, width: number, out: Integers): void {
  if (width === 1) {
    for (let i = 0; i < out.length; i++) out[i] = bytes[start + (i >> 3)] >> (i & 7) & 1;
    return;
  }
  let [at, held, heldBits] = [start, 0, 0];
  const modulus = 2 ** width;
  for (let i = 0; i < out.length; i++) {
    // Up to 39 bits are held: more than the bit operators have, and less than a number does.
    while (heldBits < width) {
      held += bytes[at++] * 2 ** heldBits;
      heldBits += 8;
    }
    out[i] = held % modulus;
    held = Math.floor(held / modulus);
    heldBits -= width;
  }
}
