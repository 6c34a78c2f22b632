import { crc32 } from "node:zlib";
import type { ColumnMetaData, Compressors, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import type { ChunkBytes } from "./bytes.ts";
import type { NumberColumn } from "./layout.ts";
import { readRuns } from "./runs.ts";
import { newWords, readValues, type Words } from "./values.ts";

/** A column chunk: its numbers without nulls, and the levels that tell where they stand. */
export interface Chunk {
  readonly words: Words;
  /** null where no value is null. */
  readonly definitions: Uint8Array | null;
  /** null where there are no lists. */
  readonly repetitions: Uint8Array | null;
  /** Values, nulls and empty lists. */
  readonly length: number;
}

/** More would not fit the offsets of Arrow's lists, nor a batch. */
const valuesMax = 2 ** 31 - 1;

/**
 * Decodes a column chunk from the pages that hyparquet finds and decompresses. Its own assembly of columns makes an
 * Array a row and a number a value; here all stays in typed arrays, and a NaN keeps its bits. They are made once for
 * all pages: what is thrown away on the way is the pages themselves.
 */
export async function readChunk(
  bytes: ChunkBytes,
  column: NumberColumn,
  meta: ColumnMetaData,
  compressors: Compressors,
  room: ChunkRoom,
): Promise<Chunk> {
  const valueCount = Number(meta.num_values);
  if (!(valueCount >= 0 && valueCount <= valuesMax)) {
    throw new Error(`a row group must have at most ${valuesMax} values of a column, got ${valueCount}`);
  }
  const chunk = new ChunkBuilder(column, valueCount, room);
  let dictionary: Words | null = null;
  for await (const page of pagesOf(bytes, column, meta, compressors)) {
    if (page.kind === "dictionary") {
      dictionary = newWords(column, page.count);
      readValues(page.values, "PLAIN", column, null, dictionary);
    } else {
      chunk.add(page, dictionary);
    }
  }
  return chunk.finish();
}

/** A column's levels: how many of lists there are, and the definition level of a value that is not null. */
export interface Levels {
  readonly lists: readonly unknown[];
  readonly definitionMax: number;
}

/** A page, decompressed: the values of a dictionary, or values with their levels. */
export type Page =
  | { readonly kind: "dictionary"; readonly count: number; readonly values: Uint8Array }
  | DataPage;

export interface DataPage extends Parts {
  readonly kind: "data";
  readonly count: number;
  readonly encoding: string;
}

/** The pages of a column chunk, until they have all of its values. */
export async function* pagesOf(
  bytes: ChunkBytes,
  column: Levels,
  meta: ColumnMetaData,
  compressors: Compressors,
): AsyncGenerator<Page> {
  for (let left = Number(meta.num_values); left > 0;) {
    const header = await bytes.parse(parquetHeader);
    const raw = await bytes.take(header.compressed_page_size);
    // Few writers add a checksum; where one is, bytes that changed are not taken for other numbers.
    if (header.crc !== undefined && crc32(raw) !== header.crc >>> 0) {
      throw new Error("a page must have the bytes that its checksum is of");
    }
    // A page of nulls alone unpacks to nothing, which not every compressor can.
    const unpack = (part: Uint8Array, unpackedSize: number) =>
      unpackedSize === 0 ? part.subarray(0, 0) : decompressPage(part, unpackedSize, meta.codec, compressors);
    if (header.dictionary_page_header !== undefined) {
      const { num_values: count } = header.dictionary_page_header;
      yield { kind: "dictionary", count, values: unpack(raw, header.uncompressed_page_size) };
      continue;
    }
    const { data_page_header: v1, data_page_header_v2: v2 } = header;
    if (v1 === undefined && v2 === undefined) continue;
    const { num_values: count, encoding } = (v1 ?? v2)!;
    if (!(count >= 0 && count <= left)) {
      throw new Error(`a page must have at most ${left} values, got ${count}`);
    }
    checkEncoding(encoding, meta);
    const parts = v1 !== undefined
      ? splitPage(unpack(raw, header.uncompressed_page_size), column)
      : splitPageV2(raw, header, unpack);
    yield { kind: "data", count, encoding, ...parts };
    left -= count;
  }
}

/** The checksum of a page is of its bytes only; how they are read, the column chunk says as well, if it says so at all. */
function checkEncoding(encoding: string, { encoding_stats: stats }: ColumnMetaData): void {
  if (stats === undefined || stats.some((known) => known.encoding === encoding)) return;
  const known = stats.map(({ encoding }) => encoding).join(", ");
  throw new Error(`a page must have one of its column's encodings (${known}), got ${encoding}`);
}

/** The three parts of a page; levels are missing where the schema allows one only. */
interface Parts {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly values: Uint8Array;
}

/** In the first format all of a page is compressed, and levels have their length in front. */
function splitPage(body: Uint8Array, column: Levels): Parts {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  const take = (isThere: boolean) => {
    if (!isThere) return body.subarray(0, 0);
    const start = at + 4;
    at = start + view.getUint32(at, true);
    return body.subarray(start, at);
  };
  const repetitions = take(column.lists.length > 0);
  const definitions = take(column.definitionMax > 0);
  return { repetitions, definitions, values: body.subarray(at) };
}

/** In the second, levels stand in front, never compressed, and the header has their lengths. */
function splitPageV2(
  raw: Uint8Array,
  header: PageHeader,
  unpack: (part: Uint8Array, unpackedSize: number) => Uint8Array,
): Parts {
  const v2 = header.data_page_header_v2!;
  const [repetitionBytes, definitionBytes] = [
    v2.repetition_levels_byte_length,
    v2.definition_levels_byte_length,
  ];
  const levelBytes = repetitionBytes + definitionBytes;
  if (!(repetitionBytes >= 0 && definitionBytes >= 0 && levelBytes <= raw.length)) {
    throw new Error(`levels must lie within a page of ${raw.length} bytes, got ${levelBytes}`);
  }
  const rest = raw.subarray(levelBytes);
  const isPacked = v2.is_compressed !== false && rest.length > 0;
  return {
    repetitions: raw.subarray(0, repetitionBytes),
    definitions: raw.subarray(repetitionBytes, levelBytes),
    values: isPacked ? unpack(rest, header.uncompressed_page_size - levelBytes) : rest,
  };
}

/** Arrays for one column, which its row groups fill one after another: each chunk is valid until the next is read. */
export class ChunkRoom {
  #words: Words | null = null;
  #definitions = new Uint8Array(0);
  #repetitions = new Uint8Array(0);

  words(column: NumberColumn, count: number): Words {
    if (this.#words === null || this.#words.length < count) this.#words = newWords(column, count);
    return this.#words.subarray(0, count) as Words;
  }

  definitions(count: number): Uint8Array {
    if (this.#definitions.length < count) this.#definitions = new Uint8Array(count);
    return this.#definitions.subarray(0, count);
  }

  repetitions(count: number): Uint8Array {
    if (this.#repetitions.length < count) this.#repetitions = new Uint8Array(count);
    return this.#repetitions.subarray(0, count);
  }
}

/** Takes page after page into arrays for all of them. */
class ChunkBuilder {
  length = 0;
  #wordCount = 0;
  readonly #words: Words;
  readonly #definitions: Uint8Array | null;
  readonly #repetitions: Uint8Array | null;

  constructor(private readonly column: NumberColumn, valueCount: number, room: ChunkRoom) {
    this.#words = room.words(column, valueCount);
    this.#definitions = column.definitionMax > 0 ? room.definitions(valueCount) : null;
    this.#repetitions = column.lists.length > 0 ? room.repetitions(valueCount) : null;
  }

  add({ count, encoding, ...parts }: DataPage, dictionary: Words | null): void {
    const { definitionMax, lists } = this.column;
    const [from, to] = [this.length, this.length + count];
    if (this.#repetitions !== null) {
      readLevels(parts.repetitions, lists.length, this.#repetitions.subarray(from, to));
    }
    let present = count;
    if (this.#definitions !== null) {
      present = readDefinitions(parts.definitions, definitionMax, this.#definitions.subarray(from, to));
    }
    const words = this.#words.subarray(this.#wordCount, this.#wordCount + present) as Words;
    readValues(parts.values, encoding, this.column, dictionary, words);
    this.#wordCount += present;
    this.length = to;
  }

  finish(): Chunk {
    const hasNulls = this.#wordCount < this.length;
    return {
      words: this.#words.subarray(0, this.#wordCount) as Words,
      definitions: hasNulls ? this.#definitions : null,
      repetitions: this.#repetitions,
      length: this.length,
    };
  }
}

/** Reads definition levels, and counts the values that are not null. */
export function readDefinitions(bytes: Uint8Array, max: number, levels: Uint8Array): number {
  readLevels(bytes, max, levels);
  let present = levels.length;
  // By index: through an iterator it takes Bun four times as long.
  for (let slot = 0; slot < levels.length; slot++) {
    const level = levels[slot];
    if (level === max) continue;
    if (level > max) throw new Error(`levels must be <= ${max}, got ${level}`);
    present--;
  }
  return present;
}

function readLevels(bytes: Uint8Array, max: number, levels: Uint8Array): void {
  readRuns(bytes, 32 - Math.clz32(max), levels);
}
