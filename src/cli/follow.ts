/** `tail -f`: the rows that a writer appends, and the next writer of the store, and one that is made in its place. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StreamStoreError } from "../error.ts";
import { StreamStore } from "../store.ts";
import { onInterrupt } from "./interrupt.ts";
import { note } from "./output.ts";
import { type RowOptions, type RowWriter, rowWriter } from "./rows.ts";

/** How often the store is looked at; a reader's own waiting does so more often than an eye can see. */
const lookMilliseconds = 20;
/** A row that nothing was added to for so long is taken for whole. */
const quietMilliseconds = 200;
/** How often it is asked whether the directory holds the same store. */
const sameMilliseconds = 500;

/** Shows the last rows and then those that come, until the process is ended. */
export async function follow(path: string, options: RowOptions): Promise<never> {
  onInterrupt();
  let store = StreamStore.open(path, { mode: "read" });
  let place = placeOf(path);
  const writer = rowWriter(store, options);
  let shown = new Shown(writer, Math.max(store.firstRow, store.rowCount - options.n));
  for (let looked = Date.now();; await pause(lookMilliseconds)) {
    store.refresh();
    shown.show(store);
    if (Date.now() - looked < sameMilliseconds) continue;
    looked = Date.now();
    if (placeOf(path) === place) continue;
    note(`${path} is gone: waiting for a store in its place`);
    store.close();
    [store, place] = await nextAt(path);
    note(`${path} is another store now, shown from its first row`);
    shown = new Shown(rowWriter(store, options), store.firstRow);
  }
}

/** Which rows of a store have been shown. */
class Shown {
  readonly #writer: RowWriter;
  #next: number;
  /** Tokens of the last row that are not shown yet, and since when there are no more. */
  #length = -1;
  #since = 0;
  /** As many tokens the row before `next` had when it was shown. */
  #shownLength = -1;

  constructor(writer: RowWriter, first: number) {
    this.#writer = writer;
    this.#next = first;
    // The titles of a table, before there is a row.
  }

  show(store: StreamStore): void {
    const { rowCount, length, firstRow } = store;
    this.#again(store);
    this.#next = Math.max(this.#next, firstRow);
    if (length !== this.#length) [this.#length, this.#since] = [length, Date.now()];
    const isQuiet = Date.now() - this.#since >= quietMilliseconds;
    const end = isQuiet ? rowCount : rowCount - 1;
    if (end <= this.#next) return;
    this.#writer.write(store, this.#next, end);
    [this.#next, this.#shownLength] = [end, store.tokenOfRow(end)];
  }

  /** A row that was shown, and then went on with later fields, is shown once more. */
  #again(store: StreamStore): void {
    if (this.#shownLength < 0 || this.#next > store.rowCount || this.#next <= store.firstRow) return;
    if (store.tokenOfRow(this.#next) === this.#shownLength) return;
    this.#next--;
    this.#shownLength = -1;
  }
}

/** What differs between a store and one that is made in its place, or undefined where there is none. */
function placeOf(path: string): string | undefined {
  const found = statSync(join(path, "head"), { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}

async function nextAt(path: string): Promise<[StreamStore, string]> {
  for (;; await pause(sameMilliseconds / 5)) {
    const place = placeOf(path);
    if (place === undefined) continue;
    try {
      return [StreamStore.open(path, { mode: "read" }), place];
    } catch (error) {
      if (!(error instanceof StreamStoreError && error.code === "not-found")) throw error;
    }
  }
}
