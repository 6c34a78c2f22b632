/** XXH64, after its specification (Collet, https://github.com/Cyan4973/xxHash). */
const [p1, p2, p3, p4, p5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
];

const low = (number: bigint) => BigInt.asUintN(64, number);
const rotated = (number: bigint, bits: bigint) => low(number << bits | number >> 64n - bits);

export function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const round = (lane: bigint, word: bigint) => low(rotated(low(lane + word * p2), 31n) * p1);
  let [total, at] = [seed + p5, 0];
  if (bytes.length >= 32) {
    let lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map(low);
    for (; at + 32 <= bytes.length; at += 32) {
      const from = at;
      lanes = lanes.map((lane, i) => round(lane, view.getBigUint64(from + 8 * i, true)));
    }
    total = [1n, 7n, 12n, 18n].reduce((sum, bits, i) => sum + rotated(lanes[i], bits), 0n);
    for (const lane of lanes) total = low((low(total) ^ round(0n, lane)) * p1 + p4);
  }
  total = low(total + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) {
    const word = low(rotated(low(view.getBigUint64(at, true) * p2), 31n) * p1);
    total = low(rotated(total ^ word, 27n) * p1 + p4);
  }
  for (; at + 4 <= bytes.length; at += 4) {
    total = low(rotated(total ^ low(BigInt(view.getUint32(at, true)) * p1), 23n) * p2 + p3);
  }
  for (; at < bytes.length; at++) total = low(rotated(total ^ low(BigInt(bytes[at]) * p5), 11n) * p1);
  total = low((total ^ total >> 33n) * p2);
  total = low((total ^ total >> 29n) * p3);
  return total ^ total >> 32n;
}
