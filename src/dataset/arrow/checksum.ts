/**
 * The checksums of the Arrow files that are written here. Arrow has none of its own.
 *
 * Each message has eight hexadecimal digits in its `custom_metadata`, which other programs pass over: the CRC-32 of all of
 * its bytes, prefix, metadata and body, with zeros in the place of the digits. It goes on from the checksum of the message
 * before, so that a message that is missing or stands elsewhere is noticed too. The schema, which is the first message,
 * has eight digits more: the checksum of the last message, put in when all are written. A stream of ours ends with Arrow's
 * marker and nothing behind it but, in a file, the index.
 *
 * An Arrow file is a stream with an index, and one with checksums is read as a stream: no value depends on the index. The
 * `state.json` of a folder lists the last checksums of its files, and has one of that list.
 */
import { crc32 } from "node:zlib";

export const checksumKey = "streamstore:crc32";
const zeros = "00000000";

/** What stands in the place of the digits before they are known. */
export const blankDigits = { schema: zeros + zeros, dictionary: zeros, batch: zeros };

/** The checksum of bytes behind those that had the checksum `before`. */
export function checksumOf(bytes: Uint8Array, before: number): number {
  return crc32(bytes, before);
}

export function digitsOf(checksum: number): string {
  return checksum.toString(16).padStart(zeros.length, "0");
}

export function writeDigits(place: Uint8Array, digits: string): void {
  place.set(new TextEncoder().encode(digits));
}

/** The digits in a message: its own checksum, and in a schema that of the last message. In their place zeros are left. */
export function takeDigits(place: Uint8Array): { readonly own: string; readonly last: string } {
  const digits = new TextDecoder("latin1").decode(place);
  writeDigits(place, zeros.repeat(place.length / zeros.length));
  return { own: digits.slice(0, zeros.length), last: digits.slice(zeros.length) };
}

/** A file of a folder as its `state.json` lists it. HuggingFace's own library takes the name, and passes over the rest. */
export interface ListedFile {
  readonly filename: string;
  /** The checksum of the file's last message. */
  readonly crc32: string;
}

/** The key of the list's own checksum. */
export const listChecksumKey = "_streamstore_crc32";

/** The checksum of a list of files, however it is laid out in the JSON. */
export function listChecksum(files: unknown): string {
  return digitsOf(checksumOf(new TextEncoder().encode(JSON.stringify(files)), 0));
}
