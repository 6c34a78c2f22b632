/** The limit of what the store writes: plain writes of the same bytes to plain files. */
import { elapsed } from "./harness.ts";
import { LimitFiles, type Piece } from "./limits.ts";
import { tokensPerStep } from "./stream.ts";

const pieceBytes = 256 * 1024;
const chunkBytes = 32 * pieceBytes;

/** Writes that many bytes to one fresh file, piece by piece, its chunks reserved as it grows. Returns the time. */
export function writeStream(byteLength: number, bytesPerPiece = pieceBytes): number {
  using files = new LimitFiles(1);
  const source = new Uint8Array(bytesPerPiece).fill(1);
  let reservedBytes = 0;
  return elapsed(() => {
    for (let at = 0; at < byteLength; at += bytesPerPiece) {
      if (at + bytesPerPiece > reservedBytes) {
        files.reserve(chunkBytes);
        reservedBytes += chunkBytes;
      }
      files.write(files.plan([{ file: 0, byteLength: Math.min(bytesPerPiece, byteLength - at) }]), source);
    }
  });
}

/** Rows that one write of a column holds: as many as a core's own cache takes. */
const rowsPerPiece = 2048;

/** Writes the columns of reference rows to four files that are reserved already. Returns the time. */
export function writeRows(rowCount: number): number {
  using files = new LimitFiles(4);
  files.reserve(8 * rowCount * tokensPerStep);
  const pieces: Piece[] = [];
  for (let from = 0; from < rowCount; from += rowsPerPiece) {
    pieces.push(...piecesOf(Math.min(rowsPerPiece, rowCount - from)));
  }
  const plan = files.plan(pieces);
  const source = sourceOf(pieces);
  return elapsed(() => files.write(plan, source));
}

/** Types, steps and starts of rows, and data of reference steps: the order in which the store writes them, one write a column. */
export function piecesOf(stepCount: number): Piece[] {
  const tokenCount = stepCount * tokensPerStep;
  return [tokenCount, 8 * stepCount, 8 * stepCount, 8 * tokenCount].map((byteLength, file) => ({
    file,
    byteLength,
  }));
}

/** Bytes for the longest of the pieces. */
export function sourceOf(pieces: readonly Piece[]): Uint8Array {
  return new Uint8Array(Math.max(...pieces.map(({ byteLength }) => byteLength))).fill(1);
}
