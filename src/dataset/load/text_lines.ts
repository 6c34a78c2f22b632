import { Buffer } from "node:buffer";
import type { ByteSource } from "../byte_source.ts";

/** How much of a file is read at a time. */
const blockBytes = 4_000_000;

/** The text of a file in pieces that end with whole lines, but for the last one. */
export async function* textBlocks(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = new Uint8Array(0);
  for (let at = 0; at < source.byteLength; at += blockBytes) {
    const read = new Uint8Array(await source.slice(at, Math.min(at + blockBytes, source.byteLength)));
    const bytes = rest.length === 0 ? read : new Uint8Array(Buffer.concat([rest, read]));
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > 0) yield decode(source, decoder, bytes.subarray(0, end));
    rest = bytes.subarray(end);
    if (rest.length > lineMax) {
      throw new Error(`Cannot read ${source.path}: a line must have at most ${lineMax} bytes`);
    }
  }
  if (rest.length > 0) yield decode(source, decoder, rest);
}

const lineFeed = 10;
/** No line of a row is as long; a file without line ends would be read whole. */
const lineMax = 256_000_000;

function decode({ path }: ByteSource, decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Error(`Cannot read ${path}: its text must be UTF-8`, { cause });
  }
}
