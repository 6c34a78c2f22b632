/**
 * The file of saved priorities, all numbers little-endian:
 *
 * | bytes | content |
 * | --- | --- |
 * | 8 | `StrmPrio` |
 * | 8 × 5 | float64: version 1, position of the first leaf, number of leaves, alpha, largest priority |
 * | 8 × leaves | float64: the leaves, `priority ** alpha`; +0 is no window, -0 a window of priority 0 |
 * | 32 | SHA-256 of everything before |
 *
 * Those of a mixture have version 2, the number of sources, and then for each of them the last four numbers and the
 * leaves. Those of a mixture of environments have version 3, the number of stores, of each the number of its environments,
 * and then for each of all of them the same.
 */
import { builtin } from "../native/builtin.ts";
import { StreamStoreError } from "../error.ts";
import { replaceFile, systemError } from "../store/durable_file.ts";

export interface SavedPriorities {
  readonly base: number;
  readonly alpha: number;
  readonly max: number;
  readonly leaves: Float64Array;
}

/** What a file holds: of each source, and in a mixture of environments how many of them each store has. */
export interface SavedSources {
  readonly environments?: readonly number[] | undefined;
  readonly sources: readonly SavedPriorities[];
}

const magic = new TextEncoder().encode("StrmPrio");
const versionMax = 3;
const magicBytes = 8;
const checksumBytes = 32;

/** Replaces the file, whole and durable. */
export function writePriorities(path: string, { environments, sources }: SavedSources): void {
  const header = environments !== undefined
    ? [3, environments.length, ...environments]
    : sources.length === 1
    ? [1]
    : [2, sources.length];
  const parts = sources.flatMap(({ base, alpha, max, leaves }) => [
    bytesOf(Float64Array.of(base, leaves.length, alpha, max)),
    bytesOf(leaves),
  ]);
  parts.unshift(bytesOf(Float64Array.from(header)));
  const hash = builtin.crypto.createHash("sha256").update(magic);
  for (const part of parts) hash.update(part);
  replaceFile(path, `Cannot save priorities to ${path}`, [magic, ...parts, hash.digest()]);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reads the file and checks that it is whole: those of each source. */
export function readPriorities(path: string): SavedSources {
  let bytes: Uint8Array;
  try {
    bytes = builtin.fs.readFileSync(path);
  } catch (error) {
    throw systemError(error, `Cannot load priorities from ${path}`, path);
  }
  if (bytes.length < magicBytes + 8 + checksumBytes || !magic.every((byte, i) => bytes[i] === byte)) {
    throw damaged(path, "it must be a file that was saved by this library");
  }
  const content = bytes.subarray(0, bytes.length - checksumBytes);
  const checksum = builtin.crypto.createHash("sha256").update(content).digest();
  if (!checksum.every((byte, i) => bytes[content.length + i] === byte)) {
    throw damaged(path, "it must have the checksum that it was written with");
  }
  // A copy, because a buffer of the runtime's pool need not begin at a multiple of 8.
  const copy = new Uint8Array(content.subarray(magicBytes)).buffer;
  const numbers = new Float64Array(copy, 0, Math.floor(copy.byteLength / 8));
  const version = numbers[0];
  if (version > versionMax) {
    throw new StreamStoreError(
      "newer-version",
      `Cannot load priorities from ${path}: it must have version <= ${versionMax}, got ${version}`,
    );
  }
  const environments = version === 3 ? [...numbers.subarray(2, 2 + numbers[1])] : undefined;
  const sources = version === 1
    ? readSources(numbers, 1, 1)
    : environments === undefined
    ? readSources(numbers, 2, numbers[1])
    : readSources(numbers, 2 + numbers[1], environments.reduce((sum, count) => sum + count, 0));
  const isWhole = sources !== null && copy.byteLength % 8 === 0 &&
    (environments ?? []).every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!isWhole) throw damaged(path, "its numbers must fit together");
  return { environments, sources };
}

/** Null where the numbers from a place on are not those of so many sources. */
function readSources(numbers: Float64Array, from: number, sources: number): SavedPriorities[] | null {
  const found: SavedPriorities[] = [];
  let at = from;
  while (at < numbers.length && found.length < sources) {
    const [base, count, alpha, max] = numbers.subarray(at, at + 4);
    const leaves = numbers.subarray(at + 4, at + 4 + count);
    const isWhole = leaves.length === count && Number.isSafeInteger(base + count) && base >= 0 && max >= 1 &&
      max < Infinity;
    if (!isWhole) return null;
    found.push({ base, alpha, max, leaves });
    at += 4 + count;
  }
  return at === numbers.length && found.length === sources ? found : null;
}

export function damaged(path: string, what: string): StreamStoreError {
  return new StreamStoreError("damaged", `Cannot load priorities from ${path}: ${what}`);
}
