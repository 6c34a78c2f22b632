import { zstdDecompressSync } from "node:zlib";
import { decode } from "../../decode.ts";
import type { RowsHeader } from "../apache_arrow.ts";
import type { Codec } from "../flatbuffer_check.ts";
import { decompressLz4Frame, lz4RatioMax } from "./lz4.ts";

/** By which a buffer is shorter at most: zstd repeats a byte over a block of 128 KiB, and such a block takes four bytes. */
const ratioMax = { zstd: 2 ** 15, lz4: lz4RatioMax };
/** In front of a compressed buffer stands the length that it has uncompressed, or -1 where it is not compressed. */
const lengthBytes = 8;

/** The buffers of a message with rows, decompressed. */
export function decompressBuffers(
  regions: RowsHeader["buffers"],
  body: Uint8Array,
  codec: Codec,
): Uint8Array[] {
  return regions.map(({ offset, length }) => {
    if (offset >= 0 && length >= 0 && offset + length <= body.length) {
      return decompress(body.subarray(offset, offset + length), codec);
    }
    throw new Error(`buffers must lie within their ${body.length} bytes, got ${length} bytes from ${offset}`);
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
