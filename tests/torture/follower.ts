/** A reader that goes along with a store, compares all that it is shown, and never sees it go back. */
import assert from "node:assert/strict";
import { StreamStore } from "../../mod.ts";
import { compareEnd, compareRows, type Content, countWhole } from "./content.ts";

export class Follower implements Disposable {
  /** Refreshes that showed something new, and rows compared. */
  refreshes = 0;
  rowsRead = 0;
  readonly #store: Content;

  constructor(path: string) {
    this.#store = StreamStore.open(path, { mode: "read" });
    this.#compareNew();
  }

  /** Reads what comes within so much time, and gives way now and then. */
  async follow(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      if (this.#store.refresh()) this.#compareNew();
      else await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  [Symbol.dispose](): void {
    this.#store.close();
  }

  #compareNew(): void {
    const store = this.#store;
    const { rowCount, length } = store;
    assert.ok(rowCount >= this.rowsRead, `${rowCount} rows, and ${this.rowsRead} before`);
    compareEnd(rowCount);
    const wholeCount = countWhole(store);
    compareRows(store, this.rowsRead, wholeCount);
    // The same through a window, whose bytes come straight from the file that the other process writes.
    if (length > 0) assert.equal(Number(store.window(length - 1, 1).steps[0]), rowCount - 1);
    this.rowsRead = wholeCount;
    this.refreshes++;
  }
}
