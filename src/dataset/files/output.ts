import { type FileHandle, open } from "node:fs/promises";

/** A new file that bytes are written to one after another. */
export class OutputFile {
  byteCount = 0;

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<OutputFile> {
    return new OutputFile(await open(path, "wx"));
  }

  async write(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.handle.write(
        bytes,
        done,
        bytes.length - done,
        this.byteCount + done,
      );
      done += bytesWritten;
    }
    this.byteCount += done;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** Small pieces go to the system together. */
const bufferedBytes = 1 << 20;

/** Writes all pieces into a new file; returns how many bytes they were. */
export async function writePieces(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const file = await OutputFile.create(path);
  try {
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    const flush = async () => {
      await file.write(join(held));
      held = [];
      heldBytes = 0;
    };
    for await (const piece of pieces) {
      if (heldBytes + piece.length > bufferedBytes && held.length > 0) await flush();
      if (piece.length >= bufferedBytes) {
        await file.write(piece);
        continue;
      }
      held.push(piece);
      heldBytes += piece.length;
    }
    if (held.length > 0) await flush();
    return file.byteCount;
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
