/** `/api/series`: what a chart shows of rows, in as many columns as it has pixels. */
import type { StreamStore } from "../../store.ts";
import { StreamStoreError } from "../../error.ts";
import type { SeriesHeader } from "../protocol.ts";
import { Parameters } from "../parameters.ts";
import { type Answer, BadQuestion, type Route, type ViewedStores } from "../route.ts";
import type { SeriesValues } from "../series/pyramids.ts";
import { SeriesReader } from "../series/series.ts";

/** Of a question: more than a screen has pixels, and more than a chart can tell apart. */
const columnsMax = 8192;
const seriesMax = 32;

/** The reader of a store that is open: where another is opened in its place, it is not the reader of that. */
interface KnownReader {
  readonly store: StreamStore;
  readonly reader: SeriesReader;
}

/** The readers of viewed stores, by their places. Each is made by the first question about its store. */
const readers = new WeakMap<ViewedStores, Map<number, KnownReader>>();

export const seriesRoute: Route = {
  path: "/api/series",
  async answer(question) {
    const query = new Parameters(question, "show series", ["store", "from", "to", "columns"], ["series"]);
    // One that cannot be read says why.
    query.store(question);
    const store = query.whole("store");
    const from = query.whole("from");
    const to = query.whole("to", from + 1);
    const columns = query.whole("columns", 1, columnsMax);
    const series = query.texts("series", seriesMax);
    if (series.length === 0) throw query.refusal("series must be given, got nothing");
    const reader = seriesReaderOf(question.stores, store);
    const found = await ask(reader.query(series, from, to, columns, question.signal));
    return binary({ store, from, to, columns, series, knownFrom: found.knownFrom }, found);
  },
};

/** What reads series of a viewed store. */
export function seriesReaderOf(stores: ViewedStores, index: number): SeriesReader {
  let known = readers.get(stores);
  if (known === undefined) readers.set(stores, known = new Map());
  const [store, found] = [stores.get(index), known.get(index)];
  if (found?.store === store) return found.reader;
  found?.reader.close();
  const reader = new SeriesReader(stores.path(index));
  known.set(index, { store, reader });
  return reader;
}

/** Ends what reads series of viewed stores. */
export function closeSeriesReaders(stores: ViewedStores): void {
  for (const { reader } of readers.get(stores)?.values() ?? []) reader.close();
  readers.delete(stores);
}

/** A series that there is not was asked for, or the store was deleted or replaced just now. */
async function ask(answer: Promise<SeriesValues>): Promise<SeriesValues> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TypeError) throw new BadQuestion(error.message);
    if (!(error instanceof StreamStoreError)) throw error;
    throw new BadQuestion(error.message, error.code === "not-found" ? 404 : 409);
  }
}

/** As protocol.ts says: the header's length, the header, and the numbers from a multiple of 8 bytes on. */
function binary(header: SeriesHeader, { values }: SeriesValues): Answer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((4 + text.length) / 8) * 8;
  const body = new Uint8Array(start + values.reduce((sum, { byteLength }) => sum + byteLength, 0));
  new DataView(body.buffer).setUint32(0, start - 4, true);
  body.fill(0x20, 4, start).set(text, 4);
  let at = start;
  for (const part of values) {
    body.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return { type: "application/octet-stream", body };
}
