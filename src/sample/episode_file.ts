/**
 * The files in a store's directory that say where its episodes begin, or the rows of environments stand, so that they are
 * not looked for again; and those that keep the viewer's pyramids (view/series/pyramid_files.ts). Each is a cache: where it is missing, damaged or of another store, all is found anew. All words
 * are 64 bits wide, little-endian:
 *
 *   magic, version, store (2), content…, SHA-256 (4)
 *
 * The content of episodes is: next row, whether an ID is known, ID, number of starts, starts….
 *
 * They cover only rows that were made durable: those never change again, however the system fails.
 */
import { builtin } from "../native/builtin.ts";
import { replaceFile } from "../store/durable_file.ts";

/** How far a store has been searched, and what was found. */
export interface SavedEpisodes {
  readonly nextRow: number;
  /** The ID of the last row that has one, as bits. */
  readonly id: bigint | null;
  readonly starts: BigUint64Array;
}

const magics = {
  episodes: 0x7365646f73697065n, // "episodes"
  environments: 0x6e6f7269766e6565n, // "eenviron"
  series: 0x2020736569726573n, // "series  "
} as const;
const version = 1n;
const headerWords = 4;
const checksumWords = 4;
const episodeWords = 4;

/** Reads the file; null where it is none of this store. */
export function readEpisodes(path: string, storeId: string): SavedEpisodes | null {
  const content = readContent(path, "episodes", storeId);
  if (content === null || content.length < episodeWords) return null;
  const [nextRow, hasId, id, count] = content;
  if (count !== BigInt(content.length - episodeWords) || nextRow > Number.MAX_SAFE_INTEGER) return null;
  return { nextRow: Number(nextRow), id: hasId === 1n ? id : null, starts: content.slice(episodeWords) };
}

/** Replaces the file. */
export function writeEpisodes(path: string, storeId: string, { nextRow, id, starts }: SavedEpisodes): void {
  const header = [BigInt(nextRow), id === null ? 0n : 1n, id ?? 0n, BigInt(starts.length)];
  writeContent(path, "episodes", storeId, [BigUint64Array.from(header), starts]);
}

/** What a file of a kind holds; null where it is none of this store. */
export function readContent(path: string, kind: keyof typeof magics, storeId: string): BigUint64Array | null {
  const words = readWords(path);
  if (words === null || words.length < headerWords + checksumWords) return null;
  const content = words.subarray(0, words.length - checksumWords);
  const expected = [magics[kind], version, ...idWords(storeId)];
  if (!expected.every((word, i) => content[i] === word)) return null;
  if (checksumOf(content).some((word, i) => words[content.length + i] !== word)) return null;
  return content.slice(headerWords);
}

/** Replaces the file, and returns whether that could be done: else there is none, or the last one, which is as good. */
export function writeContent(
  path: string,
  kind: keyof typeof magics,
  storeId: string,
  parts: readonly BigUint64Array[],
): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, headerWords);
  const words = new BigUint64Array(length + checksumWords);
  words.set([magics[kind], version, ...idWords(storeId)]);
  let at = headerWords;
  for (const part of parts) {
    words.set(part, at);
    at += part.length;
  }
  words.set(checksumOf(words.subarray(0, length)), length);
  try {
    replaceFile(path, `Cannot write ${path}`, [new Uint8Array(words.buffer)]);
    return true;
  } catch {
    return false;
  }
}

function readWords(path: string): BigUint64Array | null {
  try {
    const bytes = builtin.fs.readFileSync(path);
    if (bytes.length % 8 !== 0) return null;
    // A copy, because a buffer of the runtime's pool need not begin at a multiple of 8.
    return new BigUint64Array(new Uint8Array(bytes).buffer);
  } catch {
    return null;
  }
}

function idWords(storeId: string): bigint[] {
  return [BigInt(`0x${storeId.slice(0, 16)}`), BigInt(`0x${storeId.slice(16)}`)];
}

function checksumOf(words: BigUint64Array): BigUint64Array {
  const digest = builtin.crypto.createHash("sha256").update(words).digest();
  return new BigUint64Array(new Uint8Array(digest).buffer);
}
