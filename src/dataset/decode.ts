/**
 * The boundary between a file's bytes and the code that makes something of them. Damage lets parsers and engines fail in
 * words of their own ("thrift unhandled type: 13", "Cannot destructure property"): what leaves here says which file it is,
 * which of its columns, and what must be there.
 */
import { StreamStoreError } from "../error.ts";
import { systemError } from "../store/durable_file.ts";

/** Why a file is not read that may be whole: it is of a kind that this version does not read. */
export class NotSupported extends Error {
  readonly code: "unsupported" | "file-too-large" = "unsupported";
}

/** The same of a size. */
export class TooLarge extends NotSupported {
  override readonly code = "file-too-large";
}

/** The error of a file that is not what it should be. */
export function damaged(message: string, cause?: unknown): StreamStoreError {
  return new StreamStoreError("damaged", message, { cause });
}

/** Calls a decoder that others wrote. What it throws is only the cause of an error that says what could not be decoded. */
export function decode<Result>(what: string, decoder: () => Result): Result {
  try {
    return decoder();
  } catch (cause) {
    if (cause instanceof NotSupported) throw cause;
    throw new Error(`${what} must be whole, but cannot be decoded`, { cause });
  }
}

/** What a file, or one of its columns, cannot be read for. Errors that say so already stay as they are. */
export function readFailure(path: string, column: string | null, cause: unknown): StreamStoreError {
  const place = column === null ? path : `${path}, column ${JSON.stringify(column)}`;
  // What the system refuses is no damage.
  const error = systemError(cause, `Cannot read ${place}`, path);
  if (error instanceof StreamStoreError) return error;
  const code = cause instanceof NotSupported ? cause.code : "damaged";
  return new StreamStoreError(code, `Cannot read ${place}: ${reasonOf(cause)}`, { cause });
}

/** What an engine says of a value that is not there or too large is of its own code, which Bun may quote at length. */
export function reasonOf(cause: unknown, instead = "its bytes must be those of a whole file"): string {
  if (cause instanceof TypeError || cause instanceof RangeError) return instead;
  return messageOf(cause);
}

/** What was thrown, in its own words. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Says of which file, and which of its columns, an error of a task is. */
export async function inFile<Result>(
  path: string,
  column: string | null,
  task: () => Promise<Result>,
): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    throw readFailure(path, column, cause);
  }
}
