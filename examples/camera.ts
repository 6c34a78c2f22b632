/** A camera that has no lens: gray pictures of 8 × 8 squares, as JPEG files. `robot_camera.ts` records with it. */

const side = 8;

/** Huffman tables of a picture whose squares are each of one gray: codes of 4 bits for how many bits follow, one for "no more". */
const tables = [
  [0x00, [0, 0, 0, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
  [0x10, [1], [0]],
] as const;

/**
 * A picture.
 *
 * @param grays Shape `[rows][columns]`, a gray from 0 to 255 for each square.
 */
export function takePicture(grays: readonly (readonly number[])[]): Uint8Array {
  const [height, width] = [side * grays.length, side * grays[0].length];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    // Steps of 8 make the mean of a square a whole number.
    ...segment(0xdb, [0, ...new Array(side * side).fill(8)]),
    ...segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    ...tables.flatMap(([place, counts, values]) =>
      segment(0xc4, [place, ...counts, ...new Array(16 - counts.length).fill(0), ...values])
    ),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...codedSquares(grays.flat()),
    ...[0xff, 0xd9],
  ]);
}

function segment(marker: number, content: readonly number[]): number[] {
  const length = content.length + 2;
  return [0xff, marker, length >> 8, length & 255, ...content];
}

/** Each square by how far it is from the one before. */
function codedSquares(grays: readonly number[]): number[] {
  let bits = "";
  let before = 128;
  for (const gray of grays) {
    const change = Math.round(gray) - before;
    const count = Math.abs(change).toString(2).length * Number(change !== 0);
    // A negative number is told by its bits inverted.
    const word = change < 0 ? change + 2 ** count - 1 : change;
    bits += count.toString(2).padStart(4, "0") + (count > 0 ? word.toString(2).padStart(count, "0") : "") +
      "0";
    before += change;
  }
  const bytes = bits.match(/.{1,8}/g)!.map((byte) => parseInt(byte.padEnd(8, "1"), 2));
  // 255 begins a marker, unless a 0 follows.
  return bytes.flatMap((byte) => byte === 255 ? [255, 0] : [byte]);
}
