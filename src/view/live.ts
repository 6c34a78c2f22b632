/** `/api/live`: what is committed to a store, as it is seen, and what becomes of it. */
import { pause } from "../pause.ts";
import { filesOf } from "../cli/files.ts";
import type { LiveEvent } from "./protocol.ts";
import { Parameters } from "./parameters.ts";
import type { Question, Route } from "./route.ts";
import type { StreamStore } from "../store.ts";
import type { OpenStores, ViewedStore } from "./stores.ts";

/** How often a store is looked at while somebody watches: one look takes a microsecond where nothing is new. */
const lookMilliseconds = 8;
/** Events are as far apart: a screen shows no more. */
const apartMilliseconds = 16;
/** Without one for so long, a page takes the server for gone. */
const quietMilliseconds = 3000;
/** How often it is asked who writes, and what the files take. */
const sizesMilliseconds = 500;

export const liveRoute: Route = {
  path: "/api/live",
  answer(question) {
    const { stores, signal } = question;
    const query = new Parameters(question, "watch the store", ["store"]);
    const index = query.whole("store", 0, stores.count - 1);
    const store = (stores as OpenStores).at(index);
    return { type: "application/x-ndjson", body: eventsOf(index, store, signal) };
  },
};

/** Lines of JSON, the first at once, until the page has gone. Whoever reads slowly gets fewer of them. */
async function* eventsOf(
  index: number,
  store: ViewedStore,
  signal: Question["signal"],
): AsyncGenerator<string> {
  const sizes = new Sizes(store.path);
  for (let [last, sentAt] = ["", -Infinity]; !signal.aborted;) {
    const event = eventOf(index, store, sizes);
    const key = JSON.stringify(event);
    const now = performance.now();
    if (key !== last || now - sentAt >= quietMilliseconds) {
      [last, sentAt] = [key, now];
      yield `${JSON.stringify({ ...event, seenAt: Date.now() })}\n`;
    }
    const rest = Math.max(lookMilliseconds, apartMilliseconds - (performance.now() - sentAt));
    try {
      await pause(rest, signal);
    } catch {
      return;
    }
  }
}

function eventOf(index: number, viewed: ViewedStore, sizes: Sizes): Omit<LiveEvent, "seenAt"> {
  const state = viewed.look();
  const { current, generation } = viewed;
  if (current === null) {
    const nothing = { firstRow: 0, endRow: 0, endToken: 0, byteLength: 0, writer: null };
    return { store: index, ...state, generation, ...nothing };
  }
  const { firstRow, rowCount, length } = current;
  return {
    store: index,
    ...state,
    generation,
    firstRow,
    endRow: rowCount,
    endToken: length,
    ...sizes.of(current),
  };
}

type Size = Pick<LiveEvent, "byteLength" | "writer">;

/** What takes longer to ask for than whether there is something new. */
class Sizes {
  #askedAt = -Infinity;
  #known: Size = { byteLength: 0, writer: null };

  constructor(private readonly path: string) {}

  of(store: StreamStore): Size {
    if (performance.now() - this.#askedAt < sizesMilliseconds) return this.#known;
    this.#askedAt = performance.now();
    const { writer } = store;
    this.#known = { byteLength: this.#byteLength(), writer: writer === null ? null : { processId: writer } };
    return this.#known;
  }

  /** A directory that goes away just now has none. */
  #byteLength(): number {
    try {
      return filesOf(this.path).reduce((sum, { bytes }) => sum + bytes, 0);
    } catch (error) {
      if ((error as { readonly code?: string }).code === "ENOENT") return 0;
      throw error;
    }
  }
}
