import { type FileHandle, open } from "node:fs/promises";
import { inFile } from "../decode.ts";

/** Bytes that are read in ranges, wherever they lie. Messages name them by their path. */
export interface ByteSource {
  readonly path: string;
  readonly byteLength: number;
  /** Bytes from `start` to `end`, or to the end of all. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
  /** What will be asked for next, for a source that can fetch it together. */
  prefetch?(ranges: readonly { readonly start: number; readonly end: number }[]): void;
  close(): Promise<void> | void;
}

/** A file on the disk. What it cannot be read for is an error that names it. */
export async function openBytes(path: string): Promise<ByteSource> {
  const handle = await inFile(path, null, () => open(path, "r"));
  try {
    const { size } = await handle.stat();
    return {
      path,
      byteLength: size,
      slice: (start, end = size) => inFile(path, null, () => readBytes(handle, size, start, end)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readBytes(handle: FileHandle, size: number, start: number, end: number): Promise<ArrayBuffer> {
  if (!(start >= 0 && start <= end && end <= size)) {
    throw new Error(`bytes ${start} to ${end} must lie within the file, which has ${size}`);
  }
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) {
      throw new Error(`it must keep its ${size} bytes while it is read, got ${start + done}`);
    }
    done += bytesRead;
  }
  return bytes.buffer;
}
