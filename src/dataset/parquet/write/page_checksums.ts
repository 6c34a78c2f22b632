import { crc32 } from "node:zlib";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { PageMoves } from "./page_moves.ts";

/** The mark at the file's begin. */
export const magicBytes = 4;
/** A page's header has some 30 bytes where, as here, it has no statistics. */
const headerBytesMax = 1024;

/** The pages of a file, and what stands behind them. */
export interface SealedPages {
  readonly pieces: readonly Uint8Array[];
  readonly moves: PageMoves;
  /** Where the pages of the file ended. */
  readonly end: number;
}

/**
 * The pages of a Parquet file with a CRC-32 added to the header of each, for another file in which they begin at `start`.
 * Readers that verify checksums (Arrow's, where it is asked to) can tell then whether a page is what was written;
 * parquet-wasm writes none.
 */
export function sealPages(file: Uint8Array, start: number): SealedPages {
  const pieces: Uint8Array[] = [];
  const moves = new PageMoves(start - magicBytes);
  let at = magicBytes;
  while (isPage(file, at)) {
    const { header, length } = parseHeader(file.subarray(at, at + headerBytesMax));
    const end = at + length + (header.field_3 as number);
    const body = file.subarray(at + length, end);
    const longer = headerWith(header, crc32(body));
    moves.add(at, longer.length - length);
    pieces.push(longer, body);
    at = end;
  }
  return { pieces, moves, end: at };
}

/**
 * Behind the pages stand indexes, and the footer. Only a page's header begins with two numbers of 32 bits, its kind and
 * its size: each has one byte in front, and the first is below 64.
 */
function isPage(bytes: Uint8Array, at: number): boolean {
  const number = 0x15;
  return bytes[at] === number && bytes[at + 2] === number;
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
