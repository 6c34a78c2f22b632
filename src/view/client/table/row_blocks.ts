/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Rows that the server has given, in blocks: those that are seen, and some that were. */
import type { RowsAnswer, TableRow } from "../../protocol.ts";
import type { Page } from "../screen.ts";

const blockRows = 100;
const blocksMax = 60;

interface Block {
  readonly rows: ReadonlyMap<number, TableRow>;
  /** What came since is to be asked for, and this shown until it is there. */
  isStale: boolean;
}

export class RowBlocks {
  readonly #page: Page;
  readonly #store: string;
  readonly #onRows: (answer: RowsAnswer) => void;
  readonly #blocks = new Map<number, Block>();
  #columns: readonly string[];
  #wanted: readonly [number, number] = [0, 0];
  #isAsking = false;
  #generation = 0;

  constructor(page: Page, store: string, columns: readonly string[], onRows: (answer: RowsAnswer) => void) {
    this.#page = page;
    this.#store = store;
    this.#columns = columns;
    this.#onRows = onRows;
  }

  get(row: number): TableRow | undefined {
    return this.#blocks.get(Math.floor(row / blockRows))?.rows.get(row);
  }

  /** Asks for rows `[from, to)` as far as they are not there; what was wanted before is not any more. */
  want(from: number, to: number): void {
    this.#wanted = [from, to];
    if (!this.#isAsking) void this.#ask();
  }

  /** The rows from one on have changed: the last row may have grown, and others have come. */
  changedFrom(row: number): void {
    for (const [at, block] of this.#blocks) if ((at + 1) * blockRows > row) block.isStale = true;
  }

  show(columns: readonly string[]): void {
    if (columns.join("\n") === this.#columns.join("\n")) return;
    this.#columns = columns;
    this.#blocks.clear();
    this.#generation++;
  }

  #missing(): number | undefined {
    const [from, to] = this.#wanted;
    for (let at = Math.floor(from / blockRows); at * blockRows < to; at++) {
      if (this.#blocks.get(at)?.isStale ?? true) return at;
    }
    return undefined;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      for (let at; (at = this.#missing()) !== undefined;) {
        const generation = this.#generation;
        const answer = await this.#page.ask<RowsAnswer>("/api/rows", {
          store: this.#store,
          from: at * blockRows,
          to: (at + 1) * blockRows,
          columns: this.#columns,
        });
        if (generation === this.#generation) this.#keep(at, answer);
      }
    } catch (error) {
      this.#page.say((error as Error).message);
    } finally {
      this.#isAsking = false;
    }
  }

  #keep(at: number, answer: RowsAnswer): void {
    this.#blocks.delete(at);
    this.#blocks.set(at, { rows: new Map(answer.rows.map((row) => [row.row, row])), isStale: false });
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > blocksMax) this.#blocks.delete(oldest);
    this.#onRows(answer);
  }
}
