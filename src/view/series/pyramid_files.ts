/**
 * The files that keep pyramids, so that they are not built again: one for each part of a series, beside the store's own, or
 * for a store that this process may not write into in the user's folder for caches. Files are replaced as a whole, so that
 * several viewers of a store do not spoil each other's. The content (sample/episode_file.ts) is, in words of 64 bits:
 *
 *   type ID, element, whether numbers are float32, part, first bucket, number of buckets n,
 *   n minima, n maxima (float32 or float64), n counts (uint16; greater by 1, 0 where a bucket is not known)
 *
 * each of the three from a word on.
 */
import { builtin } from "../../native/builtin.ts";
import { runtime } from "../../native/load.ts";
import { check } from "../../native/status.ts";
import { readContent, writeContent } from "../../sample/episode_file.ts";
import type { Connection } from "../../store/connection.ts";
import { isNarrow, type SeriesElement } from "./element.ts";
import { bucketRows, Part, partBuckets } from "./part.ts";

const headerWords = 6;

export class PyramidFiles {
  /** What their paths begin with. */
  readonly #places: readonly string[];

  /** @param cacheFolder Where files go that cannot stand beside the store; null for nowhere. */
  constructor(
    private readonly connection: Connection,
    private readonly directory: string,
    private readonly cacheFolder: string | null = userFolder(),
  ) {
    const { join } = builtin.path;
    const others = cacheFolder === null ? [] : [join(cacheFolder, `${connection.id}-`)];
    this.#places = [join(directory, "series-"), ...others];
  }

  /** What is kept of a part, or an empty one. */
  load(series: SeriesElement, index: number): Part {
    const part = new Part(isNarrow(series));
    for (const place of this.#places) {
      if (this.#fill(part, place + nameOf(series, index), series, index)) break;
    }
    return part;
  }

  /** Whether all that is durable of a part is kept now, where anybody may find it. */
  save(series: SeriesElement, index: number, part: Part): boolean {
    const [first, known] = part.known;
    const end = Math.min(known, this.#syncedBuckets() - index * partBuckets);
    const [savedFirst, savedEnd] = part.saved;
    if (end <= first || (first >= savedFirst && end <= savedEnd)) return false;
    const header = [
      BigInt(series.field.type),
      series.element,
      part.isNarrow ? 1 : 0,
      index,
      first,
      end - first,
    ];
    const parts = [
      BigUint64Array.from(header, BigInt),
      ...[part.minima, part.maxima, part.counts].map((numbers) => wordsOf(numbers.slice(first, end))),
    ];
    // Of a store that was deleted nothing is kept anywhere.
    if (!builtin.fs.existsSync(this.directory)) return false;
    this.#makeCacheFolder();
    const isKept = this.#places.some((place) => {
      const path = place + nameOf(series, index);
      return writeContent(path, "series", this.connection.id, parts);
    });
    if (isKept) part.noteSaved(first, end);
    return isKept;
  }

  #makeCacheFolder(): void {
    if (this.cacheFolder === null) return;
    try {
      builtin.fs.mkdirSync(this.cacheFolder, { recursive: true, mode: 0o700 });
    } catch {
      // Then nothing is kept there.
    }
  }

  #fill(part: Part, path: string, series: SeriesElement, index: number): boolean {
    if (!isFileUpTo(path, maxBytes)) return false;
    const content = readContent(path, "series", this.connection.id);
    if (content === null || content.length < headerWords) return false;
    const [first, count] = [Number(content[4]), Number(content[5])];
    const expected = [BigInt(series.field.type), series.element, part.isNarrow ? 1 : 0, index].map((number) =>
      BigInt.asUintN(64, BigInt(number))
    );
    if (expected.some((word, i) => content[i] !== word)) return false;
    // Another store with the same ID: a copy of this one that has gone on, or this one before it was restored.
    const closed = Math.floor((this.connection.rowCount - 1) / bucketRows) - index * partBuckets;
    if (first + count > Math.min(partBuckets, closed)) return false;
    const numbers = [part.minima, part.maxima, part.counts];
    const lengths = numbers.map(({ BYTES_PER_ELEMENT }) => Math.ceil(count * BYTES_PER_ELEMENT / 8));
    if (content.length !== headerWords + lengths[0] + lengths[1] + lengths[2]) return false;
    let at = headerWords;
    for (const [i, to] of numbers.entries()) {
      const bytes = new Uint8Array(content.buffer, content.byteOffset + 8 * at, count * to.BYTES_PER_ELEMENT);
      new Uint8Array(to.buffer).set(bytes, first * to.BYTES_PER_ELEMENT);
      at += lengths[i];
    }
    part.noteLoaded(first, first + count);
    return true;
  }

  /** How many buckets have only rows that are closed also if the system fails. */
  #syncedBuckets(): number {
    const { tables, store } = this.connection;
    const rows = new Float64Array(1);
    check(tables.view.ss_rows_synced(store, rows), "Cannot read series");
    return Math.floor((rows[0] - 1) / bucketRows);
  }
}

/** A part with float64 for numbers, the header, and what stands around it. */
const maxBytes = partBuckets * (8 + 8 + 2) + 8 * (headerWords + 16);

function nameOf({ field, element }: SeriesElement, index: number): string {
  return `${field.type}-${element}-${index}`;
}

function wordsOf(numbers: Float32Array | Float64Array | Uint16Array): BigUint64Array {
  const bytes = new Uint8Array(Math.ceil(numbers.byteLength / 8) * 8);
  bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return new BigUint64Array(bytes.buffer);
}

/** To read something else than a file could wait for ever, and another size could fill the memory. */
function isFileUpTo(path: string, bytes: number): boolean {
  try {
    const found = builtin.fs.statSync(path, { throwIfNoEntry: false });
    return found !== undefined && found.isFile() && found.size <= bytes;
  } catch {
    return false;
  }
}

/** Where this user's caches of series are, if that is known. */
export function userFolder(): string | null {
  const { system } = runtime;
  const variable = (name: string) => system.permits("env", name) ? system.variable(name) ?? "" : "";
  const given = variable("XDG_CACHE_HOME");
  if (given.startsWith("/")) return `${given}/streamstore/series`;
  const home = variable("HOME");
  const caches = system.platform.startsWith("darwin") ? "Library/Caches" : ".cache";
  return home.startsWith("/") ? `${home}/${caches}/streamstore/series` : null;
}
