import { NotSupported, TooLarge } from "../../decode.ts";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { ByteSource } from "../../files/byte_source.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import { Struct } from "../thrift.ts";

/**
 * What a footer of ours says of its writer, up to a checksum of the footer itself: CRC-32 in hexadecimal, computed with
 * zeros in its place. Pages have one in their headers, as Parquet provides; for the footer, which tells what their bytes
 * mean, it has none. Readers pass this text on to no file that they write, as they do with metadata by key.
 */
const checksumLabel = "streamstore (footer crc32 ";

const blankChecksum = "00000000";

/** The writer's name in a footer that has its checksum yet to get. */
export const blankWriter = `${checksumLabel}${blankChecksum})`;

/** The length of the footer, and the mark of the format. */
export const trailerBytes = 8;
/** Most footers are there with the first read. */
const firstReadBytes = 1 << 19;
/** Ten thousand columns in fifty row groups have some 35 MB, and more where texts are long; a file may say that it has 4 GB. */
const footerBytesMax = 256_000_000;

/** At both ends of a file. */
export const magic = "PAR1";
/** In its place in a file whose footer is encrypted. */
const encryptedMagic = "PARE";

/** Reads a file's metadata, and compares them with their checksum if they have one. */
export async function readFooter(source: ByteSource): Promise<Metadata> {
  const { byteLength } = source;
  let tail = new Uint8Array(await source.slice(Math.max(0, byteLength - firstReadBytes), byteLength));
  checkMagic(tail);
  const length = footerLength(tail);
  if (length > byteLength - trailerBytes) {
    throw new Error(`its footer must lie within its ${byteLength} bytes, got a length of ${length}`);
  }
  if (length > footerBytesMax) {
    throw new TooLarge(`its footer must have at most ${footerBytesMax} bytes, got ${length}`);
  }
  if (length > tail.length - trailerBytes) {
    tail = new Uint8Array(await source.slice(byteLength - trailerBytes - length, byteLength));
  }
  const end = tail.length - trailerBytes;
  const footer = tail.subarray(end - length, end);
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  // Parsed first: what is no Parquet at all has an error that says so.
  const metadata = metadataOf(Struct.parse({ view, offset: 0 }, "its footer"));
  checkFooter(footer, metadata.writer);
  return metadata;
}

function checkMagic(tail: Uint8Array): void {
  const found = new TextDecoder("latin1").decode(tail.subarray(-magic.length));
  if (found === magic && tail.length >= trailerBytes) return;
  if (found === encryptedMagic) {
    throw new NotSupported("it must not be encrypted, but its footer is");
  }
  throw new Error(
    `it must end with the length of its footer and ${magic}, as Parquet files do, got ${tail.length} bytes and ${
      JSON.stringify(found)
    }`,
  );
}

/** By the end of a file: how many bytes its footer has. */
export function footerLength(tail: Uint8Array): number {
  return new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - trailerBytes, true);
}

function checkFooter(footer: Uint8Array, writer: string): void {
  const at = checksumPlace(footer);
  if (at < 0) {
    // Half of the name is enough to tell that there was a checksum.
    if (!/streamstore|footer crc32/.test(writer)) return;
    throw new Error(`its footer must name its writer with a checksum, got ${JSON.stringify(writer)}`);
  }
  const found = new TextDecoder().decode(footer.subarray(at, at + blankChecksum.length));
  const expected = footerChecksum(footer, at);
  if (found !== expected) {
    throw new Error(`its footer must have the bytes that its checksum ${found} is of, got ${expected}`);
  }
}

/** Where in a footer its checksum stands, or -1 if it has none. */
function checksumPlace(footer: Uint8Array): number {
  const bytes = Buffer.from(footer.buffer, footer.byteOffset, footer.byteLength);
  const at = bytes.lastIndexOf(checksumLabel, undefined, "latin1");
  return at < 0 ? -1 : at + checksumLabel.length;
}

/** Puts its checksum into a footer that has the blank writer. */
export function sealFooter(footer: Uint8Array): void {
  const at = checksumPlace(footer);
  new TextEncoder().encodeInto(footerChecksum(footer, at), footer.subarray(at));
}

/** The checksum of a footer, which stands at `at` or will. */
function footerChecksum(footer: Uint8Array, at: number): string {
  const before = crc32(footer.subarray(0, at));
  const blanked = crc32(blankChecksum, before);
  return crc32(footer.subarray(at + blankChecksum.length), blanked).toString(16).padStart(8, "0");
}
