/** What a route of the viewer is: it gets a question that has passed all checks, and gives an answer. */
import type { StreamStore } from "../store.ts";

export interface Question {
  readonly query: URLSearchParams;
  /** The page's own header, which no page of another origin can send. */
  readonly header: string | null;
  readonly stores: ViewedStores;
  /** Ends when the page has gone away. */
  readonly signal: AbortSignal;
}

export interface ViewedStores {
  readonly count: number;
  /** An open store with what was committed so far, or an error that is answered as 404 or 409. */
  get(index: number): StreamStore;
  path(index: number): string;
}

/** Text lines that are sent as they come, or all at once. */
export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  readonly fileName?: string;
}

export interface Route {
  /** `/api/rows` */
  readonly path: string;
  answer(question: Question): Answer | Promise<Answer>;
}

/** What the page asked for cannot be: its message is shown to the user. */
export class BadQuestion extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export const json = (value: unknown): Answer => ({ type: "application/json", body: JSON.stringify(value) });
