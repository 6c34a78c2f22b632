import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { StreamStoreError } from "../../../error.ts";
import { systemError } from "../../../store/durable_file.ts";
import { damaged } from "../../decode.ts";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { parseName } from "../../formats.ts";

/** How much of a file is read at a time. */
const chunkBytes = 4_000_000;
/** How much of it comes out at a time where it is compressed. */
const plainChunkBytes = 1 << 18;
/** So much text makes a block of rows. */
export const blockCharacters = 4_000_000;
/** No row is as long; a file without line ends would be read whole. */
const rowCharactersMax = 256_000_000;

/** A file of text. */
export interface TextSource {
  readonly path: string;
  /** All of it, piece by piece, each time that it is asked for. */
  texts(): AsyncIterable<string>;
  close(): Promise<void> | void;
}

/** A file of text in UTF-8. What gzip has compressed is told by its first bytes, which no such text has. */
export async function openText(path: string): Promise<TextSource> {
  const source = await openBytes(path);
  try {
    const start = new Uint8Array(await source.slice(0, Math.min(2, source.byteLength)));
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    if (!isGzip && parseName(path)?.isGzip) {
      throw damaged(`Cannot read ${path}: it must begin as gzip does, got bytes ${[...start].join(" ")}`);
    }
    const texts = () => decoded(path, isGzip ? gunzip(path, chunksOf(source)) : chunksOf(source));
    return { path, texts, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  const { byteLength } = source;
  for (let at = 0; at < byteLength; at += chunkBytes) {
    yield new Uint8Array(await source.slice(at, Math.min(at + chunkBytes, byteLength)));
  }
}

/** Goes no further than it is asked for, however much would come out. */
async function* gunzip(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(chunks, { objectMode: true, highWaterMark: 1 });
  const plain = createGunzip({ chunkSize: plainChunkBytes });
  packed.on("error", (error) => plain.destroy(error));
  packed.pipe(plain);
  try {
    for await (const chunk of plain) yield chunk;
  } catch (cause) {
    const error = systemError(cause, `Cannot read ${path}`, path);
    if (error instanceof StreamStoreError) throw error;
    throw damaged(`Cannot read ${path}: its gzip must be whole, got: ${(cause as Error).message}`, cause);
  } finally {
    packed.destroy();
    plain.destroy();
  }
}

async function* decoded(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw damaged(`Cannot read ${path}: its text must be UTF-8`, cause);
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}

/** The text in pieces that end with whole lines, but for the last one. */
export async function* wholeLines(source: TextSource): AsyncGenerator<string> {
  let held = "";
  /** Behind the last line that has ended in it. */
  let end = 0;
  for await (const text of source.texts()) {
    const lineEnd = text.lastIndexOf("\n") + 1;
    if (lineEnd > 0) end = held.length + lineEnd;
    held += text;
    checkRow(source.path, held.length - end, "a line");
    if (end === 0 || held.length < blockCharacters) continue;
    yield held.slice(0, end);
    held = held.slice(end);
    end = 0;
  }
  if (held !== "") yield held;
}

/** What a row is in the text has no end so far. */
export function checkRow(path: string, characters: number, what: string, from = ""): void {
  if (characters <= rowCharactersMax) return;
  throw new StreamStoreError(
    "file-too-large",
    `Cannot read ${path}: ${what} must have at most ${rowCharactersMax} characters, got more${from}`,
  );
}

export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
