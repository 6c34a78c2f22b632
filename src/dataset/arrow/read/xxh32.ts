const [prime1, prime2, prime3, prime4, prime5] = [
  0x9e3779b1 | 0,
  0x85ebca77 | 0,
  0xc2b2ae3d | 0,
  0x27d4eb2f,
  0x165667b1,
];

/**
 * The checksum of LZ4's frames: XXH32 with the seed 0.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  let sum = prime5;
  if (length >= 16) {
    let [a, b, c, d] = [prime1 + prime2 | 0, prime2, 0, -prime1 | 0];
    for (; at + 16 <= length; at += 16) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
    sum = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) | 0;
  }
  sum = sum + length | 0;
  for (; at + 4 <= length; at += 4) {
    sum = Math.imul(rotate(sum + Math.imul(view.getInt32(at, true), prime3) | 0, 17), prime4);
  }
  for (; at < length; at++) {
    sum = Math.imul(rotate(sum + Math.imul(bytes[at], prime5) | 0, 11), prime1);
  }
  sum = Math.imul(sum ^ sum >>> 15, prime2);
  sum = Math.imul(sum ^ sum >>> 13, prime3);
  return (sum ^ sum >>> 16) >>> 0;
}

function round(lane: number, word: number): number {
  return Math.imul(rotate(lane + Math.imul(word, prime2) | 0, 13), prime1);
}

function rotate(word: number, count: number): number {
  return word << count | word >>> 32 - count;
}
