import { TooLarge } from "../../decode.ts";
import { checkNumbers } from "./bounds.ts";
import type { ChunkBytes } from "./bytes.ts";
import type { NumberColumn } from "./layout.ts";
import type { ColumnChunk } from "./metadata.ts";
import { type Page, pagesOf } from "./pages.ts";
import { readRuns } from "./runs.ts";
import { type Chunk, converted, newWords, readValues, type Words } from "./values.ts";

/** More would not fit the offsets of Arrow's lists, nor a batch. */
const valuesMax = 2 ** 31 - 1;

/** Arrays for all values, nulls and empty lists of a column chunk. */
interface Room {
  readonly words: Words;
  readonly definitions: Uint8Array;
  readonly repetitions: Uint8Array;
}

/**
 * Decodes the chunks of one column from their pages, in typed arrays throughout, where a NaN keeps its bits. The arrays are
 * made once and filled again: each chunk is valid until the next is read.
 */
export class ColumnReader {
  #room: Room | null = null;

  constructor(private readonly column: NumberColumn) {}

  async read(bytes: ChunkBytes, chunk: ColumnChunk): Promise<Chunk> {
    const { column } = this;
    const room = this.#roomFor(chunk.valueCount);
    let dictionary: Words | null = null;
    let isChecked = true;
    let [length, wordCount] = [0, 0];
    for await (const page of pagesOf(bytes, column, chunk)) {
      isChecked &&= page.isChecked;
      if (page.isDictionary) {
        dictionary = newWords(column.storedDtype, page.count);
        readValues(page.values, "PLAIN", column, null, dictionary);
        continue;
      }
      const present = readLevels(page, column, room, length);
      const words = room.words.subarray(wordCount, wordCount + present) as Words;
      readValues(page.values, page.encoding, column, dictionary, words);
      wordCount += present;
      length += page.count;
    }
    const found: Chunk = {
      words: room.words.subarray(0, wordCount) as Words,
      definitions: wordCount < length ? room.definitions : null,
      repetitions: column.lists.length > 0 ? room.repetitions : null,
      length,
    };
    checkNumbers(found, column, chunk, isChecked);
    return { ...found, words: converted(found.words, column) };
  }

  #roomFor(count: number): Room {
    const { storedDtype, definitionMax, lists } = this.column;
    if (count > valuesMax) {
      throw new TooLarge(`a row group must have at most ${valuesMax} values of a column, got ${count}`);
    }
    if (this.#room !== null && this.#room.words.length >= count) return this.#room;
    return this.#room = {
      words: newWords(storedDtype, count),
      definitions: new Uint8Array(definitionMax > 0 ? count : 0),
      repetitions: new Uint8Array(lists.length > 0 ? count : 0),
    };
  }
}

/** Reads a page's levels into their place, and counts the values that are not null. */
function readLevels(page: Page, { definitionMax, lists }: NumberColumn, room: Room, from: number): number {
  const to = from + page.count;
  if (lists.length > 0) {
    const repetitions = room.repetitions.subarray(from, to);
    // Of one bit there is no level that is too large.
    if (lists.length === 1) readRuns(page.repetitions, 1, repetitions);
    else countLevels(page.repetitions, lists.length, repetitions);
    // Were it not, the values in front of the first row would belong to none.
    if (from === 0 && repetitions[0] > 0) {
      throw new Error(`the first of its repetition levels must be 0, got ${repetitions[0]}`);
    }
  }
  return definitionMax === 0
    ? page.count
    : countLevels(page.definitions, definitionMax, room.definitions.subarray(from, to));
}

/** Reads levels, and counts those that are the largest there can be. */
export function countLevels(bytes: Uint8Array, max: number, levels: Uint8Array): number {
  readRuns(bytes, 32 - Math.clz32(max), levels);
  let count = levels.length;
  // By index: through an iterator it takes Bun four times as long.
  for (let slot = 0; slot < levels.length; slot++) {
    const level = levels[slot];
    if (level === max) continue;
    if (level > max) throw new Error(`levels must be <= ${max}, got ${level}`);
    count--;
  }
  return count;
}
