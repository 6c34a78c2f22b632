/** `/api/live`: what is committed to a store, as it is seen, and what becomes of it. */
import { pause } from "../pause.ts";
import { filesOf } from "../cli/files.ts";
import type { LiveEvent } from "./protocol.ts";
import { Parameters } from "./parameters.ts";
import type { Question, Route } from "./route.ts";
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
  const sizes = new Sizes(store);
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
  if (state.state === "deleted" || state.state === "failed") {
    return { store: index, ...state, firstRow: 0, endRow: 0, endToken: 0, byteLength: 0, writer: null };
  }
  const store = viewed.open();
  const { firstRow, rowCount, length } = store;
  return { store: index, ...state, firstRow, endRow: rowCount, endToken: length, ...sizes.now() };
}

/** What takes longer to ask for than whether there is something new. */
class Sizes {
  #askedAt = -Infinity;
  #known: Pick<LiveEvent, "byteLength" | "writer"> = { byteLength: 0, writer: null };

  constructor(private readonly viewed: ViewedStore) {}

  now(): Pick<LiveEvent, "byteLength" | "writer"> {
    if (performance.now() - this.#askedAt < sizesMilliseconds) return this.#known;
    this.#askedAt = performance.now();
    const { writer } = this.viewed.open();
    const byteLength = filesOf(this.viewed.path).reduce((sum, { bytes }) => sum + bytes, 0);
    this.#known = { byteLength, writer: writer === null ? null : { processId: writer } };
    return this.#known;
  }
}
