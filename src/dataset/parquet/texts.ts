import type { ColumnMetaData, Compressors } from "hyparquet";
import { deltaByteArray, deltaLengthByteArray } from "hyparquet/src/delta.js";
import type { ChunkBytes } from "./bytes.ts";
import { type Levels, pagesOf, readDefinitions } from "./pages.ts";
import { readRuns } from "./runs.ts";

/** The UTF-8 of a column chunk of strings, which are no lists; null where there is none. */
export async function readTexts(
  bytes: ChunkBytes,
  column: Levels,
  meta: ColumnMetaData,
  compressors: Compressors,
): Promise<(Uint8Array | null)[]> {
  const texts: (Uint8Array | null)[] = [];
  let dictionary: readonly Uint8Array[] = [];
  for await (const page of pagesOf(bytes, column, meta, compressors)) {
    if (page.kind === "dictionary") {
      dictionary = readPlain(page.values.slice(), page.count);
      continue;
    }
    const { definitionMax } = column;
    const levels = new Uint8Array(page.count).fill(definitionMax);
    const present = definitionMax > 0 ? readDefinitions(page.definitions, definitionMax, levels) : page.count;
    // A copy: the page may lie in bytes that are read into next.
    const found = readValues(page.values.slice(), page.encoding, present, dictionary);
    let next = 0;
    for (const level of levels) texts.push(level === definitionMax ? found[next++] : null);
  }
  return texts;
}

function readValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  dictionary: readonly Uint8Array[],
): readonly Uint8Array[] {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  const texts = new Array<Uint8Array>(count);
  switch (encoding) {
    case "PLAIN":
      return readPlain(bytes, count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      const indices = new Uint32Array(count);
      // The width stands in front; one of 0 says that all indices are.
      if (bytes[0] > 0) readRuns(bytes.subarray(1), bytes[0], indices);
      return Array.from(indices, (index) => {
        if (index < dictionary.length) return dictionary[index];
        throw new Error(`its dictionary must have an entry ${index}, has ${dictionary.length}`);
      });
    }
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (count > 0) deltaLengthByteArray(reader, count, texts);
      return texts;
    case "DELTA_BYTE_ARRAY":
      if (count > 0) deltaByteArray(reader, count, texts);
      return texts;
  }
  throw new Error(`its strings are in an encoding that is not supported, ${encoding}`);
}

/** A length in front of every string. */
function readPlain(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    if (at > bytes.length) {
      throw new Error(`strings must lie within their ${bytes.length} bytes, got an end at ${at}`);
    }
    texts.push(bytes.subarray(start, at));
  }
  return texts;
}
