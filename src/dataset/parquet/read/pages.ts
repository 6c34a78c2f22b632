import { crc32 } from "node:zlib";
import { compressors } from "hyparquet-compressors";
import { ownValue } from "../../../own_value.ts";
import { decode, NotSupported } from "../../decode.ts";
import type { ChunkBytes } from "./bytes.ts";
import { type ColumnChunk, encodingName } from "./metadata.ts";
import { Struct } from "../thrift.ts";

/** A column's levels: how many of lists there are, and the definition level of a value that is not null. */
export interface Levels {
  readonly lists: readonly unknown[];
  readonly definitionMax: number;
}

/** A page, decompressed; one of a dictionary has no levels. */
export interface Page extends Parts {
  readonly isDictionary: boolean;
  /** Whether its bytes were compared with a checksum. */
  readonly isChecked: boolean;
  readonly count: number;
  readonly encoding: string;
}

/** The three parts of a page; levels are missing where the schema allows one only. */
interface Parts {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly values: Uint8Array;
}

/** The pages of a column chunk, until they have all of its values. Fields have the numbers that parquet.thrift gives them. */
export async function* pagesOf(bytes: ChunkBytes, column: Levels, chunk: ColumnChunk): AsyncGenerator<Page> {
  for (let left = chunk.valueCount; left > 0;) {
    const header = await bytes.parse((reader) => Struct.parse(reader, "the header of a page"));
    const raw = await bytes.take(header.count(3));
    const checksum = header.integer(4);
    // Few writers add a checksum; where one is, bytes that changed are not taken for other numbers.
    const isChecked = checksum !== undefined;
    if (isChecked && crc32(raw) !== checksum >>> 0) {
      throw new Error("a page must have the bytes that its checksum is of");
    }
    const kind = header.struct(7) ?? header.struct(5) ?? header.struct(8);
    if (kind === undefined) continue;
    const isDictionary = header.has(7);
    const count = kind.count(1);
    if (!isDictionary && count > left) {
      throw new Error(`a page must have at most ${left} values, got ${count}`);
    }
    const isSecondFormat = !isDictionary && !header.has(5);
    const encoding = encodingName(kind.count(isSecondFormat ? 4 : 2));
    if (isDictionary) checkDictionary(encoding);
    else checkEncoding(encoding, chunk);
    const parts = isSecondFormat
      ? splitPageV2(kind, raw, header.count(2), chunk.codec)
      : splitPage(kind, unpackPage(raw, header.count(2), chunk.codec), isDictionary ? noLevels : column);
    yield { isDictionary, isChecked, count, encoding, ...parts };
    if (!isDictionary) left -= count;
  }
}

const noLevels: Levels = { lists: [], definitionMax: 0 };

function checkDictionary(encoding: string): void {
  if (encoding === "PLAIN" || encoding === "PLAIN_DICTIONARY") return;
  throw new NotSupported(`a dictionary must be in the encoding PLAIN, got ${encoding}`);
}

/** The checksum of a page is of its bytes only; how they are read, the column chunk says as well, if it says so at all. */
function checkEncoding(encoding: string, { encodings }: ColumnChunk): void {
  if (encodings === null || encodings.includes(encoding)) return;
  throw new Error(
    `a page must have one of its column's encodings (${encodings.join(", ")}), got ${encoding}`,
  );
}

/** Few data pages in a column are not packed, and the header says how many bytes a page has in any case. */
function unpackPage(part: Uint8Array, unpackedBytes: number, codec: string): Uint8Array {
  if (codec === "UNCOMPRESSED") return sized(part, unpackedBytes);
  const decompress = ownValue(compressors, codec);
  if (decompress === undefined) {
    const known = Object.keys(compressors).join(", ");
    throw new NotSupported(`its pages must be compressed by one of ${known}, got ${codec}`);
  }
  // A page of nulls alone unpacks to nothing, which not every compressor can.
  if (unpackedBytes === 0) return part.subarray(0, 0);
  const what = `a page of ${part.length} bytes, which ${codec} has made of ${unpackedBytes},`;
  return decode(what, () => sized(decompress(part, unpackedBytes), unpackedBytes));
}

function sized(part: Uint8Array, unpackedBytes: number): Uint8Array {
  if (part.length === unpackedBytes) return part;
  throw new Error(`a page must have the ${unpackedBytes} bytes that its header says, got ${part.length}`);
}

/** In the first format all of a page is compressed, and levels have their length in front. */
function splitPage(header: Struct, body: Uint8Array, column: Levels): Parts {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const take = (isThere: boolean, field: number) => {
    if (!isThere) return body.subarray(0, 0);
    const encoding = encodingName(header.count(field));
    if (encoding !== "RLE") {
      throw new NotSupported(`levels must be in the encoding RLE, got ${encoding}`);
    }
    const start = at + 4;
    const length = start <= body.length ? view.getUint32(at, true) : 0;
    at = start + length;
    if (at <= body.length) return body.subarray(start, at);
    throw new Error(`levels must lie within a page of ${body.length} bytes, got ${length} from ${start}`);
  };
  const repetitions = take(column.lists.length > 0, 4);
  const definitions = take(column.definitionMax > 0, 3);
  return { repetitions, definitions, values: body.subarray(at) };
}

/** In the second, levels stand in front, never compressed, and the header has their lengths. */
function splitPageV2(header: Struct, raw: Uint8Array, unpackedBytes: number, codec: string): Parts {
  const [definitionBytes, repetitionBytes] = [header.count(5), header.count(6)];
  const levelBytes = repetitionBytes + definitionBytes;
  if (levelBytes > Math.min(raw.length, unpackedBytes)) {
    throw new Error(`levels must lie within a page of ${raw.length} bytes, got ${levelBytes}`);
  }
  const rest = raw.subarray(levelBytes);
  const valueBytes = unpackedBytes - levelBytes;
  const isPacked = (!header.has(7) || header.flag(7)) && rest.length > 0;
  return {
    repetitions: raw.subarray(0, repetitionBytes),
    definitions: raw.subarray(repetitionBytes, levelBytes),
    values: isPacked ? unpackPage(rest, valueBytes, codec) : sized(rest, valueBytes),
  };
}
