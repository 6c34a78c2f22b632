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
  const missing = (filled: number) => new Error(`runs must have ${out.length} integers, got ${filled}`);
  let [at, filled] = [0, 0];
  while (filled < out.length) {
    let [header, shift] = [0, 0];
    do {
      if (at >= bytes.length || shift > 28) throw missing(filled);
      header |= (bytes[at] & 0x7f) << shift;
      shift += 7;
    } while (bytes[at++] & 0x80);
    const count = header >>> 1;
    if (header & 1) {
      const packed = Math.min(8 * count, out.length - filled);
      if (at + Math.ceil(packed * width / 8) > bytes.length) throw missing(filled);
      unpack(bytes, at, width, out.subarray(filled, filled + packed));
      at += count * width;
      filled += packed;
    } else {
      if (at + Math.ceil(width / 8) > bytes.length) throw missing(filled);
      let value = 0;
      for (let i = 0; i < width; i += 8) value |= bytes[at++] << i;
      if (width < 32 && value >>> width !== 0) {
        throw new Error(`integers must have ${width} bits, got ${value >>> 0}`);
      }
      out.fill(value >>> 0, filled, filled + count);
      filled += count;
    }
  }
}

/** A byte at a time: levels of lists are this, one for every value. */
function unpackBits(bytes: Uint8Array, start: number, out: Integers): void {
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

function unpack(bytes: Uint8Array, start: number, width: number, out: Integers): void {
  if (width === 1) {
    unpackBits(bytes, start, out);
    return;
  }
  if (width > 24) return unpackWide(bytes, start, width, out);
  // Fewer than 8 bits are left over when a byte is added: 31 in all, which the bit operators hold.
  const mask = (1 << width) - 1;
  let at = start;
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < out.length; i++) {
    while (heldBits < width) {
      held |= bytes[at++] << heldBits;
      heldBits += 8;
    }
    out[i] = held & mask;
    held >>>= width;
    heldBits -= width;
  }
}

function unpackWide(bytes: Uint8Array, start: number, width: number, out: Integers): void {
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
