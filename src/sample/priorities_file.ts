/**
 * The file of saved priorities, all numbers little-endian:
 *
 * | bytes | content |
 * | --- | --- |
 * | 8 | `StrmPrio` |
 * | 8 × 5 | float64: version, position of the first leaf, number of leaves, alpha, largest priority |
 * | 8 × leaves | float64: the leaves, `priority ** alpha`; +0 is no window, -0 a window of priority 0 |
 * | 32 | SHA-256 of everything before |
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

const magic = new TextEncoder().encode("StrmPrio");
const version = 1;
const headerBytes = 48;
const checksumBytes = 32;

/** Replaces the file, whole and durable. */
export function writePriorities(path: string, { base, alpha, max, leaves }: SavedPriorities): void {
  const header = new Uint8Array(headerBytes);
  header.set(magic);
  new Float64Array(header.buffer, 8).set([version, base, leaves.length, alpha, max]);
  const body = new Uint8Array(leaves.buffer, leaves.byteOffset, leaves.byteLength);
  const checksum = builtin.crypto.createHash("sha256").update(header).update(body).digest();
  replaceFile(path, `Cannot save priorities to ${path}`, [header, body, checksum]);
}

/** Reads the file and checks that it is whole. */
export function readPriorities(path: string): SavedPriorities {
  let bytes: Uint8Array;
  try {
    bytes = builtin.fs.readFileSync(path);
  } catch (error) {
    throw systemError(error, `Cannot load priorities from ${path}`, path);
  }
  if (bytes.length < headerBytes + checksumBytes || !magic.every((byte, i) => bytes[i] === byte)) {
    throw damaged(path, "it must be a file that was saved by this library");
  }
  const content = bytes.subarray(0, bytes.length - checksumBytes);
  const checksum = builtin.crypto.createHash("sha256").update(content).digest();
  if (!checksum.every((byte, i) => bytes[content.length + i] === byte)) {
    throw damaged(path, "it must have the checksum that it was written with");
  }
  // A copy, because a buffer of the runtime's pool need not begin at a multiple of 8.
  const numbers = new Float64Array(
    new Uint8Array(content.subarray(8)).buffer,
    0,
    Math.floor(content.length / 8) - 1,
  );
  const [found, base, count, alpha, max] = numbers;
  if (found > version) {
    throw new StreamStoreError(
      "newer-version",
      `Cannot load priorities from ${path}: it must have version <= ${version}, got ${found}`,
    );
  }
  const isWhole = content.length === headerBytes + 8 * count && Number.isSafeInteger(base + count) &&
    base >= 0 && max >= 1 && max < Infinity;
  if (!isWhole) throw damaged(path, "its numbers must fit together");
  return { base, alpha, max, leaves: numbers.subarray(5) };
}

export function damaged(path: string, what: string): StreamStoreError {
  return new StreamStoreError("damaged", `Cannot load priorities from ${path}: ${what}`);
}
