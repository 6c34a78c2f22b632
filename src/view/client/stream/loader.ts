/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Asks for what is to be drawn, for the newest view only: whatever else is on its way is given up. */
import type { Page } from "../screen.ts";
import { type Detail, parseSeries, type SeriesAnswer } from "./columns.ts";
import type { Asked, Bounds } from "./view_range.ts";

/** Until what is not known yet is asked for again. */
const againMilliseconds = 100;

interface Wish {
  readonly key: string;
  readonly series: readonly string[];
  readonly asked: Asked;
  readonly bounds: Bounds;
}

export class Loader {
  readonly #page: Page;
  readonly #store: string;
  readonly #onDetail: (detail: Detail) => void;
  /** On its way. */
  #current: { readonly wish: Wish; readonly abort: AbortController } | null = null;
  /** What comes next. */
  #next: Wish | null = null;
  #done = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(page: Page, store: string, onDetail: (detail: Detail) => void) {
    this.#page = page;
    this.#store = store;
    this.#onDetail = onDetail;
  }

  /**
   * Asks, unless it is known or on its way. What is on its way is given up, or with `isPatient` awaited: a view that
   * follows a store that grows at every moment would else never see an answer.
   */
  want(series: readonly string[], asked: Asked, bounds: Bounds, isPatient = false): void {
    const key = JSON.stringify([series, asked]);
    if (key === this.#current?.wish.key) {
      this.#next = null;
      return;
    }
    if (key === this.#done && this.#current === null) return;
    const wish = { key, series, asked, bounds };
    clearTimeout(this.#timer);
    if (this.#current === null) return void this.#ask(wish);
    this.#next = wish;
    if (!isPatient) this.#current.abort.abort();
  }

  /** What was answered is not the newest any more: the next wish is asked for even if it is the same. */
  forget(): void {
    this.#done = "";
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#next = null;
    this.#current?.abort.abort();
  }

  async #ask(wish: Wish): Promise<void> {
    const abort = new AbortController();
    this.#current = { wish, abort };
    try {
      const detail = await this.#detail(wish, abort.signal);
      abort.signal.throwIfAborted();
      this.#done = wish.key;
      this.#onDetail(detail);
      if (detail.knownFrom > wish.asked.from) this.#askAgain(wish);
    } catch (error) {
      if (!abort.signal.aborted) this.#page.say((error as Error).message);
    } finally {
      this.#current = null;
    }
    const next = this.#next;
    this.#next = null;
    if (next !== null) void this.#ask(next);
  }

  #askAgain(wish: Wish): void {
    this.#timer = setTimeout(() => this.#current === null && this.#ask(wish), againMilliseconds);
  }

  async #detail({ series, asked, bounds }: Wish, signal: AbortSignal): Promise<Detail> {
    const { from, to, columns, isDense } = asked;
    const ask = (first: number, end: number, count: number) =>
      this.#series(series, first, end, count, signal);
    const [main, before, after] = await Promise.all([
      ask(from, to, columns),
      isDense && from > bounds.firstRow ? ask(from - 1, from, 1) : null,
      isDense && to < bounds.endRow ? ask(to, to + 1, 1) : null,
    ]);
    const { header } = main;
    return {
      from,
      to,
      columns,
      knownFrom: header.knownFrom,
      series: main.columns,
      before: rowOf(before),
      after: rowOf(after),
    };
  }

  async #series(
    series: readonly string[],
    from: number,
    to: number,
    columns: number,
    signal: AbortSignal,
  ): Promise<SeriesAnswer> {
    const query = { store: this.#store, series, from, to, columns };
    return parseSeries(await this.#page.askBytes("/api/series", query, signal));
  }
}

function rowOf(answer: SeriesAnswer | null): ReadonlyMap<string, number> {
  return new Map(answer === null ? [] : [...answer.columns].map(([name, { first }]) => [name, first[0]]));
}
