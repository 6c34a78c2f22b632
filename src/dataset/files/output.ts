import { open } from "node:fs/promises";

/** Small pieces go to the system together. */
const bufferedBytes = 1 << 20;

/** Writes all pieces into a new file; returns how many bytes they were. A piece may be gone once the next is asked for. */
export async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const file = await open(path, "wx");
  const held = new Uint8Array(bufferedBytes);
  let byteCount = 0;
  let heldBytes = 0;
  const write = async (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, byteCount);
      done += bytesWritten;
      byteCount += bytesWritten;
    }
  };
  const flush = async () => {
    await write(held.subarray(0, heldBytes));
    heldBytes = 0;
  };
  try {
    for await (const piece of pieces) {
      if (heldBytes + piece.length > bufferedBytes) await flush();
      if (piece.length > bufferedBytes) {
        await write(piece);
        continue;
      }
      held.set(piece, heldBytes);
      heldBytes += piece.length;
    }
    await flush();
    return byteCount;
  } finally {
    await file.close();
  }
}

/** Pieces as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
