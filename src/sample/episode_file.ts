/**
 * The file in a store's directory that says where its episodes begin, so that they are not looked for again. It is a
 * cache: where it is missing, damaged or of another store, the episodes are found anew. All words are 64 bits wide,
 * little-endian:
 *
 *   magic, version, store (2), next row, whether an ID is known, ID, number of starts, starts…, SHA-256 (4)
 *
 * It covers only rows that were made durable: those never change again, however the system fails.
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

const magic = 0x7365646f73697065n; // "episodes"
const version = 1n;
const headerWords = 8;
const checksumWords = 4;

/** Reads the file; null where it is none of this store. */
export function readEpisodes(path: string, storeId: string): SavedEpisodes | null {
  const words = readWords(path);
  if (words === null || words.length < headerWords + checksumWords) return null;
  const content = words.subarray(0, words.length - checksumWords);
  const expected = [magic, version, ...idWords(storeId)];
  if (!expected.every((word, i) => content[i] === word)) return null;
  if (checksumOf(content).some((word, i) => words[content.length + i] !== word)) return null;
  const [nextRow, hasId, id, count] = content.subarray(4, headerWords);
  if (count !== BigInt(content.length - headerWords) || nextRow > Number.MAX_SAFE_INTEGER) return null;
  return { nextRow: Number(nextRow), id: hasId === 1n ? id : null, starts: content.slice(headerWords) };
}

/** Replaces the file. Where that cannot be done there is none, or the last one, which is as good. */
export function writeEpisodes(path: string, storeId: string, { nextRow, id, starts }: SavedEpisodes): void {
  const words = new BigUint64Array(headerWords + starts.length + checksumWords);
  const header = [BigInt(nextRow), id === null ? 0n : 1n, id ?? 0n, BigInt(starts.length)];
  words.set([magic, version, ...idWords(storeId), ...header]);
  words.set(starts, headerWords);
  words.set(checksumOf(words.subarray(0, -checksumWords)), words.length - checksumWords);
  try {
    replaceFile(path, `Cannot write ${path}`, [new Uint8Array(words.buffer)]);
  } catch {
    // The episodes are found anew.
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
