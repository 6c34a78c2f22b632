import { damaged } from "../../decode.ts";
import { StreamStoreError } from "../../../error.ts";
import { Buffer } from "node:buffer";
import type { TextSource } from "./text_source.ts";

/** So much text makes a block of rows. */
export const blockBytes = 4_000_000;

/** The text of a file in pieces that end with whole lines, but for the last one. */
export async function* textBlocks(
  { path }: TextSource,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  /** Whether a line has ended in what is held. */
  let end = 0;
  for await (const chunk of chunks) {
    const lineEnd = chunk.lastIndexOf(lineFeed) + 1;
    if (lineEnd > 0) end = heldBytes + lineEnd;
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes - end > lineMax) {
      throw new StreamStoreError(
        "file-too-large",
        `Cannot read ${path}: a line must have at most ${lineMax} bytes, got more`,
      );
    }
    if (end === 0 || heldBytes < blockBytes) continue;
    const bytes = held.length === 1 ? held[0] : Buffer.concat(held);
    yield decode(path, decoder, bytes.subarray(0, end));
    // A copy, so that the rest does not keep all of it.
    held = end < heldBytes ? [bytes.slice(end)] : [];
    heldBytes -= end;
    end = 0;
  }
  if (heldBytes > 0) yield decode(path, decoder, Buffer.concat(held));
}

const lineFeed = 10;
/** No line of a row is as long; a file without line ends would be read whole. */
export const lineMax = 256_000_000;

function decode(path: string, decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw notUtf8(path, cause);
  }
}

export function notUtf8(path: string, cause: unknown): Error {
  return damaged(`Cannot read ${path}: its text must be UTF-8`, cause);
}

export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
