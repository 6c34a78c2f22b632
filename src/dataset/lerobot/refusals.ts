import { type ErrorCode, StreamStoreError } from "../../error.ts";

export const loading = "load a LeRobot dataset";
export const saving = "save a LeRobot dataset";

/** A file of the dataset is not there, or not as it must be. */
export function refuse(code: ErrorCode, what: string, cause?: unknown): StreamStoreError {
  return new StreamStoreError(code, `Cannot ${loading}: ${what}`, { cause });
}

export function damaged(what: string, cause?: unknown): StreamStoreError {
  return refuse("damaged", what, cause);
}

/** A whole number out of a file, whatever type it has there. */
export function toCount(value: unknown, what: string): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
  throw damaged(`${what} must be a whole number, got ${shown(value)}`);
}

export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value, (_, part) => typeof part === "bigint" ? Number(part) : part) ??
    "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
