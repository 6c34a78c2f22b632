import { zstdDecompressSync } from "node:zlib";
import { decode } from "../../decode.ts";
import { Flatbuffer, type FlatTable } from "../flatbuffer.ts";
import { decompressLz4Frame, lz4RatioMax } from "./lz4.ts";

/** By which a buffer is shorter at most: zstd repeats a byte over a block of 128 KiB, and such a block takes four bytes. */
const ratioMax = { zstd: 2 ** 15, lz4: lz4RatioMax };
/** In front of a compressed buffer stands the length that it has uncompressed, or -1 where it is not compressed. */
const lengthBytes = 8;

/** How buffers are compressed, by the name that other programs have for it. */
export type Codec = "zstd" | "lz4";

/** A message with rows whose buffers are compressed, as one that is not compressed. */
export function decompressed(message: Uint8Array, codec: Codec): Uint8Array {
  const prefix = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const start = prefix.getInt32(0, true) === -1 ? 8 : 4;
  const metadataEnd = start + prefix.getInt32(start - 4, true);
  const metadata = withoutCompression(message.subarray(start, metadataEnd));
  const buffers = decompressBuffers(metadata, message.subarray(metadataEnd), codec);
  const bodyLength = buffers.reduce((sum, { length }) => sum + padded(length), 0);
  const bytes = new Uint8Array(8 + metadata.length + bodyLength);
  new Int32Array(bytes.buffer, 0, 2).set([-1, metadata.length]);
  let at = 0;
  for (const buffer of buffers) {
    bytes.set(buffer, 8 + metadata.length + at);
    at += padded(buffer.length);
  }
  setLengths(metadata, buffers);
  bytes.set(metadata, 8);
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** The rows of a batch, or those of a dictionary. */
function rowsOf(message: FlatTable): FlatTable {
  const header = message.child(2)!;
  return message.byte(1) === dictionaryHeader ? header.child(1)! : header;
}

const dictionaryHeader = 2;

/** A copy whose rows list their fields anew, behind all else, and do not list the fourth, the compression. */
function withoutCompression(metadata: Uint8Array): Uint8Array {
  const { at, slots, slotsEnd } = rowsOf(new Flatbuffer(metadata).root);
  const end = padded(metadata.length);
  const copy = new Uint8Array(end + padded(slotsEnd - slots));
  copy.set(metadata);
  copy.set(metadata.subarray(slots, slotsEnd), end);
  const view = new DataView(copy.buffer);
  view.setInt32(at, at - end, true);
  view.setUint16(end + 4 + 2 * 3, 0, true);
  return copy;
}

function decompressBuffers(metadata: Uint8Array, body: Uint8Array, codec: Codec): Uint8Array[] {
  const view = new DataView(metadata.buffer);
  const { start, count } = rowsOf(new Flatbuffer(metadata).root).vector(2, 16);
  return Array.from({ length: count }, (_, i) => {
    const [offset, length] = [0, 8].map((part) => Number(view.getBigInt64(start + 16 * i + part, true)));
    if (!(offset >= 0 && length >= 0 && offset + length <= body.length)) {
      throw new Error(
        `buffers must lie within their ${body.length} bytes, got ${length} bytes from ${offset}`,
      );
    }
    return decompress(body.subarray(offset, offset + length), codec);
  });
}

function decompress(buffer: Uint8Array, codec: Codec): Uint8Array {
  if (buffer.length === 0) return buffer;
  if (buffer.length < lengthBytes) {
    throw new Error(`a buffer must have its length, got ${buffer.length} bytes`);
  }
  const length = Number(new DataView(buffer.buffer, buffer.byteOffset).getBigInt64(0, true));
  const content = buffer.subarray(lengthBytes);
  if (length === -1) return content;
  if (length === 0) return new Uint8Array(0);
  const lengthMax = content.length * ratioMax[codec];
  if (!(length > 0 && length <= lengthMax)) {
    throw new Error(
      `${content.length} bytes must be compressed from at most ${lengthMax}, got ${length}`,
    );
  }
  if (codec === "lz4") return decompressLz4Frame(content, length);
  const bytes = unzstd(content, length);
  if (bytes.length === length) return bytes;
  throw new Error(`a buffer must have ${length} bytes, has ${bytes.length}`);
}

/** Memory is taken as bytes come out, not because of a length that is said; more of them than it says is an error. */
function unzstd(content: Uint8Array, length: number): Uint8Array {
  return decode(
    `a buffer of ${content.length} bytes, which zstd has made of ${length},`,
    () => zstdDecompressSync(content, { maxOutputLength: length }),
  );
}

/** Puts in where the buffers lie now, and how long they are together. */
function setLengths(metadata: Uint8Array, buffers: readonly Uint8Array[]): void {
  const view = new DataView(metadata.buffer);
  const message = new Flatbuffer(metadata).root;
  const { start } = rowsOf(message).vector(2, 16);
  let offset = 0;
  buffers.forEach(({ length }, i) => {
    view.setBigInt64(start + 16 * i, BigInt(offset), true);
    view.setBigInt64(start + 16 * i + 8, BigInt(length), true);
    offset += padded(length);
  });
  const place = message.place(3);
  if (place !== null) view.setBigInt64(place, BigInt(offset), true);
}
