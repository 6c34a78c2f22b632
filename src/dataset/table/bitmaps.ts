import type { Bitmap } from "../../append/batch.ts";

/** A bitmap of so many bits, all set. */
export function setBits(count: number): Uint8Array {
  return new Uint8Array(Math.ceil(count / 8)).fill(0xff);
}

export function isSet(bitmap: Bitmap, index: number): boolean {
  const bit = bitmap.firstBit + index;
  return (bitmap.bytes[bit >> 3] >> (bit & 7) & 1) === 1;
}

export function clearBits(bytes: Uint8Array, from: number, count: number): void {
  for (let bit = from; bit < from + count; bit++) bytes[bit >> 3] &= ~(1 << (bit & 7));
}

/** Clears what is not set in the other one too. */
export function andBits(bytes: Uint8Array, other: Bitmap, count: number): void {
  for (let bit = 0; bit < count; bit++) if (!isSet(other, bit)) clearBits(bytes, bit, 1);
}
