import type { ColumnMetaData, Compressors, PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import type { NumberColumn } from "./parquet_layout.ts";
import { type Integers, readRuns } from "./parquet_runs.ts";
import { newWords, readValues, type Words } from "./parquet_values.ts";

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

interface Page {
  readonly words: Words;
  readonly definitions: Integers | null;
  readonly repetitions: Integers | null;
  readonly length: number;
}

/**
 * Decodes a column chunk from the pages that hyparquet finds and decompresses. Its own assembly of columns makes an
 * Array a row and a number a value; here all stays in typed arrays, and a NaN keeps its bits.
 */
export function readChunk(
  bytes: Uint8Array,
  column: NumberColumn,
  meta: ColumnMetaData,
  compressors: Compressors,
): Chunk {
  const valueCount = Number(meta.num_values);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  const pages: Page[] = [];
  let dictionary: Words | null = null;
  let length = 0;
  while (length < valueCount) {
    const header = parquetHeader(reader);
    const { compressed_page_size: size } = header;
    if (!(size >= 0 && reader.offset + size <= bytes.length)) {
      throw new Error(`a page must lie within its ${bytes.length} bytes, got ${size} from ${reader.offset}`);
    }
    const raw = bytes.subarray(reader.offset, reader.offset + size);
    reader.offset += size;
    const unpack = (part: Uint8Array, unpackedSize: number) =>
      decompressPage(part, unpackedSize, meta.codec, compressors);
    if (header.dictionary_page_header !== undefined) {
      const body = unpack(raw, header.uncompressed_page_size);
      dictionary = readValues(body, "PLAIN", header.dictionary_page_header.num_values, column, null);
      continue;
    }
    const { data_page_header: v1, data_page_header_v2: v2 } = header;
    if (v1 === undefined && v2 === undefined) continue;
    const { num_values: count, encoding } = (v1 ?? v2)!;
    if (!(count >= 0 && count <= valueCount - length)) {
      throw new Error(`a page must have at most ${valueCount - length} values, got ${count}`);
    }
    const parts = v1 !== undefined
      ? splitPage(unpack(raw, header.uncompressed_page_size), column)
      : splitPageV2(raw, header, unpack);
    pages.push(readPage(parts, encoding, count, column, dictionary));
    length += count;
  }
  return joinPages(pages, column, length);
}

/** The three parts of a page; levels are missing where the schema allows one only. */
interface Parts {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly values: Uint8Array;
}

/** In the first format all of a page is compressed, and levels have their length in front. */
function splitPage(body: Uint8Array, column: NumberColumn): Parts {
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

function readPage(
  parts: Parts,
  encoding: string,
  count: number,
  column: NumberColumn,
  dictionary: Words | null,
): Page {
  const { definitionMax, lists } = column;
  const repetitions = readLevels(parts.repetitions, lists.length, count);
  const definitions = readLevels(parts.definitions, definitionMax, count);
  let present = count;
  if (definitions !== null) { for (const level of definitions) if (level !== definitionMax) present--; }
  const words = readValues(parts.values, encoding, present, column, dictionary);
  return { words, definitions: present === count ? null : definitions, repetitions, length: count };
}

function readLevels(bytes: Uint8Array, max: number, count: number): Integers | null {
  if (max === 0) return null;
  const levels = new Uint8Array(count);
  readRuns(bytes, 32 - Math.clz32(max), levels);
  return levels;
}

function joinPages(pages: readonly Page[], column: NumberColumn, length: number): Chunk {
  const words = newWords(column, pages.reduce((sum, page) => sum + page.words.length, 0));
  const hasNulls = pages.some(({ definitions }) => definitions !== null);
  const definitions = hasNulls ? new Uint8Array(length).fill(column.definitionMax) : null;
  const repetitions = column.lists.length > 0 ? new Uint8Array(length) : null;
  let [word, slot] = [0, 0];
  for (const page of pages) {
    words.set(page.words as never, word);
    if (page.definitions !== null) definitions!.set(page.definitions, slot);
    if (page.repetitions !== null) repetitions!.set(page.repetitions, slot);
    word += page.words.length;
    slot += page.length;
  }
  return { words, definitions, repetitions, length };
}
