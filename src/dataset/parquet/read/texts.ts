import { NotSupported } from "../../decode.ts";
import type { ChunkBytes } from "./bytes.ts";
import { countLevels } from "./chunk.ts";
import { readDeltas } from "./deltas.ts";
import type { Nested } from "./layout.ts";
import type { ColumnChunk } from "./metadata.ts";
import { pagesOf } from "./pages.ts";
import { readIndices } from "./runs.ts";

/** The UTF-8 of a string, or a list of it; null where there is none. */
export type RowText = Uint8Array | null | readonly (Uint8Array | null)[];

/** What the rows of a column chunk have, of strings or of one level of lists of them. */
export async function readTexts(bytes: ChunkBytes, chunk: ColumnChunk, column: Nested): Promise<RowText[]> {
  const { definitionMax, lists: [list] } = column;
  const rows: RowText[] = [];
  let entries: (Uint8Array | null)[] = [];
  let dictionary: readonly Uint8Array[] = [];
  for await (const page of pagesOf(bytes, column, chunk)) {
    // A copy: the page may lie in bytes that are read into next.
    const values = page.values.slice();
    if (page.isDictionary) {
      dictionary = readPlain(values, page.count);
      continue;
    }
    const [definitions, repetitions] = [new Uint8Array(page.count), new Uint8Array(page.count)];
    const present = definitionMax > 0
      ? countLevels(page.definitions, definitionMax, definitions)
      : page.count;
    if (list !== undefined) countLevels(page.repetitions, 1, repetitions);
    const found = readValues(values, page.encoding, present, dictionary);
    let next = 0;
    for (const [slot, definition] of definitions.entries()) {
      const text = definition === definitionMax ? found[next++] : null;
      if (list === undefined) {
        rows.push(text);
        continue;
      }
      if (repetitions[slot] === 0) {
        entries = [];
        rows.push(definition < list.present ? null : entries);
      }
      if (rows.length === 0) throw new Error("the first of its repetition levels must be 0, got 1");
      if (definition >= list.entry) entries.push(text);
    }
  }
  return rows;
}

function readValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  dictionary: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (count === 0) return [];
  switch (encoding) {
    case "PLAIN":
      return readPlain(bytes, count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return Array.from(readIndices(bytes, count, dictionary.length), (index) => dictionary[index]);
    case "DELTA_LENGTH_BYTE_ARRAY":
      return readLengths(bytes, count);
    case "DELTA_BYTE_ARRAY":
      return readPrefixes(bytes, count);
  }
  throw new NotSupported(`its strings must be in an encoding that there is for BYTE_ARRAY, got ${encoding}`);
}

/** First the lengths of all, then their bytes. */
export function readLengths(bytes: Uint8Array, count: number): Uint8Array[] {
  const lengths = new Uint32Array(count);
  let at = readDeltas(bytes, lengths, 1);
  return Array.from(lengths, (length) => {
    if (at + length > bytes.length) throw outside(bytes, at + length);
    return bytes.subarray(at, at += length);
  });
}

/** What each has in common with the one before, and then the rest of each. */
export function readPrefixes(bytes: Uint8Array, count: number): Uint8Array[] {
  const prefixes = new Uint32Array(count);
  const rests = readLengths(bytes.subarray(readDeltas(bytes, prefixes, 1)), count);
  let last = new Uint8Array(0);
  return rests.map((rest, i) => {
    const prefix = prefixes[i];
    if (prefix > last.length) {
      throw new Error(`strings must share at most the ${last.length} bytes of the one before, got ${prefix}`);
    }
    const text = new Uint8Array(prefix + rest.length);
    text.set(last.subarray(0, prefix));
    text.set(rest, prefix);
    return last = text;
  });
}

export function outside(bytes: Uint8Array, end: number): Error {
  return new Error(`strings must lie within their ${bytes.length} bytes, got an end at ${end}`);
}

/** A length in front of every string. */
function readPlain(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    if (start > bytes.length) throw outside(bytes, start);
    at = start + view.getUint32(at, true);
    if (at > bytes.length) throw outside(bytes, at);
    texts.push(bytes.subarray(start, at));
  }
  return texts;
}
