/** What the viewer and the Worker that reads series for it say to each other. */
import { type ErrorCode, StreamStoreError } from "../../error.ts";
import type { SeriesQuery, SeriesValues } from "./pyramids.ts";

/** To the Worker. */
export type SeriesOrder =
  | { readonly kind: "series"; readonly path: string }
  | { readonly kind: "query"; readonly id: number; readonly query: SeriesQuery }
  /** Nobody waits for the answer any more. */
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "close" };

/** From the Worker. */
export type SeriesReport =
  /** What is sent to a Worker before its module has been evaluated would be lost. */
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: SeriesValues }
  /** `id` -1: the store could not be opened. */
  | { readonly kind: "failed"; readonly id: number; readonly error: SentError }
  | { readonly kind: "closed" };

/** An error by its name, message and code. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
}

export function sendable(error: unknown): SentError {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  return { name, message, code: error instanceof StreamStoreError ? error.code : undefined };
}

export function errorOf({ name, message, code = "internal" }: SentError): Error {
  if (name === "RangeError") return new RangeError(message);
  return name === "TypeError" ? new TypeError(message) : new StreamStoreError(code, message);
}
