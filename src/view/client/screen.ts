/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a screen of the page is, and what it gets from the page around it. */
import type { LiveEvent } from "../protocol.ts";

/** The state of the page, all of it in the URL: `?screen=stream&store=0&from=0&to=1000`. */
export type PageState = Readonly<Record<string, string>>;

export interface Page {
  readonly state: PageState;
  /** Changes the URL, and has the screen updated; null takes a name away. `replace` adds nothing to the history. */
  go(change: Readonly<Record<string, string | null>>, how?: "push" | "replace"): void;
  /** An answer as JSON, by a route and its query; throws what the server says. */
  ask<Answer>(
    route: string,
    query: Readonly<Record<string, string | number | readonly string[]>>,
  ): Promise<Answer>;
  /** The same as bytes. */
  askBytes(
    route: string,
    query: Readonly<Record<string, string | number | readonly string[]>>,
    signal?: AbortSignal,
  ): Promise<ArrayBuffer>;
  /** The newest event of the store that is shown, and each that follows, until the function that it returns is called. */
  onLive(listener: (event: LiveEvent) => void): () => void;
  /** Says something at the foot of the page. */
  say(message: string): void;
}

export interface Screen {
  readonly name: string;
  readonly title: string;
  /** Its own keys and what they do, for the list of all. */
  readonly keys?: readonly (readonly [key: string, what: string])[];
  /** Builds it into `host`. */
  open(host: HTMLElement, page: Page): OpenScreen;
}

export interface OpenScreen {
  /** The URL changed, but not the screen or the store. */
  update(state: PageState): void;
  /** A key that the page has no use for itself; true where the screen has. */
  key?(event: KeyboardEvent): boolean;
  close(): void;
}
