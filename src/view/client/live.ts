/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * What is committed to a store, as the server tells it. The stream ends while the tab is hidden, since a browser keeps
 * six connections to a server for all tabs, and begins again when it is shown; a server that is gone is asked again,
 * less and less often.
 */
import type { LiveEvent } from "../protocol.ts";
import { askServer, Refused } from "./api.ts";

/** `silent`: nothing came for so long that the server is taken for gone. `ended`: it knows this browser no longer. */
export type Connection = "connecting" | "open" | "lost" | "ended" | "hidden";

export interface LiveListener {
  event(event: LiveEvent): void;
  /** `seconds` until the next try. */
  connection(state: Connection, seconds?: number): void;
}

/** The server says something at least every 3 seconds. */
const silentMilliseconds = 8000;
const firstWaitMilliseconds = 250;
const longestWaitMilliseconds = 8000;

/** Watches a store until the function that it returns is called. */
export function watch(store: number, listener: LiveListener): () => void {
  const ended = new AbortController();
  void keepWatching(store, listener, ended.signal);
  return () => ended.abort();
}

async function keepWatching(store: number, listener: LiveListener, ended: AbortSignal): Promise<void> {
  let wait = firstWaitMilliseconds;
  while (!ended.aborted) {
    if (document.hidden) {
      listener.connection("hidden");
      await shown(ended);
      continue;
    }
    listener.connection("connecting");
    try {
      await watchOnce(store, ended, (event) => {
        wait = firstWaitMilliseconds;
        listener.connection("open");
        listener.event(event);
      });
    } catch (error) {
      if (error instanceof Refused && error.status === 401) return listener.connection("ended");
    }
    if (ended.aborted || document.hidden) continue;
    listener.connection("lost", wait / 1000);
    await rest(wait, ended);
    wait = Math.min(2 * wait, longestWaitMilliseconds);
  }
}

/** One stream, until it ends, is silent for too long, the tab is hidden or nobody watches any more. */
async function watchOnce(
  store: number,
  ended: AbortSignal,
  onEvent: (event: LiveEvent) => void,
): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  const endHidden = () => document.hidden && stop.abort();
  let timer = setTimeout(end, silentMilliseconds);
  ended.addEventListener("abort", end);
  document.addEventListener("visibilitychange", endHidden);
  try {
    const { body } = await askServer("/api/live", { store }, stop.signal);
    for await (const line of linesOf(body!)) {
      clearTimeout(timer);
      timer = setTimeout(end, silentMilliseconds);
      onEvent(JSON.parse(line));
    }
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", end);
    document.removeEventListener("visibilitychange", endHidden);
  }
}

/** The lines of a body as they come. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

/** Until the tab is shown, or nobody watches any more. */
function shown(ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      if (document.hidden && !ended.aborted) return;
      document.removeEventListener("visibilitychange", end);
      ended.removeEventListener("abort", end);
      resolve();
    };
    document.addEventListener("visibilitychange", end);
    ended.addEventListener("abort", end);
  });
}

/** For a while, or until the tab is hidden, or nobody watches any more. */
function rest(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", end);
      ended.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    document.addEventListener("visibilitychange", end);
    ended.addEventListener("abort", end);
  });
}
