import { damaged } from "../../decode.ts";
import { StreamStoreError } from "../../../error.ts";
import { systemError } from "../../../store/durable_file.ts";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { isNamedGzip } from "../../formats.ts";

/** How much of a file is read at a time. */
const chunkBytes = 4_000_000;
/** How much of it comes out at a time where it is compressed. */
const plainChunkBytes = 1 << 18;

/** A file of text, whose bytes come one chunk after another. */
export interface TextSource {
  readonly path: string;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void> | void;
}

/** A file of text. What gzip has compressed is told by its first bytes, which no text in UTF-8 has. */
export async function openText(path: string): Promise<TextSource> {
  const source = await openBytes(path);
  try {
    const start = new Uint8Array(await source.slice(0, Math.min(2, source.byteLength)));
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    if (!isGzip && isNamedGzip(path)) {
      throw damaged(`Cannot read ${path}: it must begin as gzip does, got bytes ${[...start].join(" ")}`);
    }
    const chunks = () => isGzip ? gunzip(path, chunksOf(source)) : chunksOf(source);
    return { path, chunks, close: () => source.close() };
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
