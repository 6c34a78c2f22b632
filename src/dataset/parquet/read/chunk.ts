import { checkNumbers } from "./bounds.ts";
import type { ChunkBytes } from "./bytes.ts";
import type { NumberColumn } from "./layout.ts";
import type { ColumnChunk } from "./metadata.ts";
import { type DataPage, pagesOf } from "./pages.ts";
import { readRuns } from "./runs.ts";
import { type Chunk, converted, newWords, readValues, type Words } from "./values.ts";

/** More would not fit the offsets of Arrow's lists, nor a batch. */
const valuesMax = 2 ** 31 - 1;

/**
 * Decodes a column chunk from its pages. hyparquet's own assembly of columns makes an Array a row and a number a value;
 * here all stays in typed arrays, and a NaN keeps its bits. They are made once for all pages: what is thrown away on the
 * way is the pages themselves.
 */
export async function readChunk(
  bytes: ChunkBytes,
  column: NumberColumn,
  meta: ColumnChunk,
  room: ChunkRoom,
): Promise<Chunk> {
  const { valueCount } = meta;
  if (!(valueCount >= 0 && valueCount <= valuesMax)) {
    throw new Error(`a row group must have at most ${valuesMax} values of a column, got ${valueCount}`);
  }
  const builder = new ChunkBuilder(column, valueCount, room);
  let dictionary: Words | null = null;
  let isChecked = true;
  for await (const page of pagesOf(bytes, column, meta)) {
    isChecked &&= page.isChecked;
    if (page.kind === "dictionary") {
      dictionary = newWords(column.storedDtype, page.count);
      readValues(page.values, "PLAIN", column, null, dictionary);
    } else {
      builder.add(page, dictionary);
    }
  }
  const chunk = builder.finish();
  checkNumbers(chunk, column, meta, isChecked);
  return { ...chunk, words: converted(chunk.words, column) };
}

/** Arrays for one column, which its row groups fill one after another: each chunk is valid until the next is read. */
export class ChunkRoom {
  #words: Words | null = null;
  #definitions = new Uint8Array(0);
  #repetitions = new Uint8Array(0);

  words({ storedDtype }: NumberColumn, count: number): Words {
    if (this.#words === null || this.#words.length < count) this.#words = newWords(storedDtype, count);
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
      const repetitions = this.#repetitions.subarray(from, to);
      readRepetitions(parts.repetitions, lists.length, repetitions);
      // Were it not, the values in front of the first row would belong to none.
      if (from === 0 && repetitions[0] > 0) {
        throw new Error(`the first of its repetition levels must be 0, got ${repetitions[0]}`);
      }
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
  readRuns(bytes, levelBits(max), levels);
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

function readRepetitions(bytes: Uint8Array, max: number, levels: Uint8Array): void {
  readRuns(bytes, levelBits(max), levels);
  // As many bits as the largest needs may hold larger ones.
  if (max === 2 ** levelBits(max) - 1) return;
  const wrong = levels.find((level) => level > max);
  if (wrong !== undefined) throw new Error(`levels must be <= ${max}, got ${wrong}`);
}

function levelBits(max: number): number {
  return 32 - Math.clz32(max);
}
