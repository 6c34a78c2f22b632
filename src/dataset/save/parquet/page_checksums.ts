import { crc32 } from "node:zlib";
import type { Schema } from "apache-arrow";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { PieceReader } from "./piece_reader.ts";
import { moveFooter } from "./footer.ts";
import { PageMoves } from "./page_moves.ts";

/** The mark at the file's begin. */
const magicBytes = 4;
/** A page's header has some 30 bytes where, as here, it has no statistics. */
const headerBytesMax = 1024;

/**
 * A Parquet file as it is written, with a CRC-32 added to the header of every page, and with a footer that knows where
 * the pages are now and has a checksum of itself. Readers that verify checksums (Arrow's, where it is asked to) can tell
 * then whether a page is what was written; parquet-wasm writes none.
 * `named` is the schema that the file is to tell of, where it is not the one that the bytes were made with.
 */
export async function* withChecksums(
  pieces: AsyncIterable<Uint8Array>,
  named: Schema | null,
): AsyncGenerator<Uint8Array> {
  const reader = new PieceReader(pieces);
  const moves = new PageMoves();
  yield await reader.take(magicBytes);
  while (isPage(await reader.peek(headerBytesMax))) {
    const start = reader.offset;
    const { header, length } = parseHeader(await reader.peek(headerBytesMax));
    await reader.take(length);
    const body = await reader.take(header.field_3 as number);
    const longer = headerWith(header, crc32(body));
    moves.add(start, longer.length - length);
    yield longer;
    yield body;
  }
  const tailStart = reader.offset;
  yield moveFooter(await reader.rest(), tailStart, moves, named);
}

/**
 * Behind the pages stand indexes, and the footer. Only a page's header begins with two numbers of 32 bits, its kind and
 * its size: each has one byte in front, and the first is below 64.
 */
function isPage(bytes: Uint8Array): boolean {
  const number = 0x15;
  return bytes[0] === number && bytes[2] === number;
}

type Struct = ReturnType<typeof deserializeTCompactProtocol>;

function parseHeader(bytes: Uint8Array): { header: Struct; length: number } {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  const header = deserializeTCompactProtocol(reader);
  return { header, length: reader.offset };
}

/** Kind, size unpacked and size packed, checksum, and what the kind of page has. */
function headerWith({ field_1, field_2, field_3, ...kind }: Struct, checksum: number): Uint8Array {
  const writer = new ByteWriter(headerBytesMax);
  serializeTCompactProtocol(writer, { field_1, field_2, field_3, field_4: checksum | 0, ...kind });
  return writer.getBytes();
}
