/** The episodes of a store by a rule: found once for every row, in slices, and further as rows arrive. */
import { blockEnd } from "../../cli/blocks.ts";
import type { StreamStore } from "../../store.ts";
import { BadQuestion } from "../route.ts";
import { Slices } from "../slices.ts";
import { EpisodeColumns } from "./columns.ts";
import { type Element, type RowFacts, rowFacts } from "./row_facts.ts";
import type { ListRule } from "./rule.ts";

export const episodesMax = 1_000_000;

/** Where the rows of an environment stand: of all rows where a rule names none. */
interface Stream {
  readonly number: number;
  /** The episode that has not ended, or -1. */
  open: number;
  lastRow: number;
}

/** What the last row changed, which can still get more fields. */
interface Change {
  readonly stream: Stream;
  readonly before: Stream;
  readonly end: number;
  /** Of the episode that it goes on with: -1 where it began one. */
  readonly place: number;
  readonly endRow: number;
  readonly length: number;
  readonly sum: number;
  readonly id: number | bigint | undefined;
}

export class EpisodeList {
  readonly columns: EpisodeColumns = new EpisodeColumns();
  /** By what their rows say. */
  readonly environments: (number | bigint | null)[] = [];
  readonly #streams = new Map<number | bigint | null, Stream>();
  #id: number | bigint | undefined;
  /** The first row that has not been looked at for good. */
  #next: number;
  #last: Change | null = null;
  #sessions: readonly number[] = [];
  #sessionPlace = 0;
  #session = -1;
  /** Row counts at which the last row was looked at, and tokens. */
  #seen = "";
  #busy: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: StreamStore,
    private readonly rule: ListRule,
    private readonly sum: Element | null,
  ) {
    this.#next = store.firstRow;
  }

  /** Looks at the rows that were committed since the last call, and then has `use` look at the list. */
  extend<Result>(signal: AbortSignal, use: () => Result): Promise<Result> {
    const extended = this.#busy.then(async () => {
      await this.#extend(signal);
      return use();
    });
    this.#busy = extended.catch(() => {});
    return extended;
  }

  /** Changes where a list that was made of the episodes is no longer true. */
  get version(): string {
    return `${this.#seen} ${this.columns.base}`;
  }

  /** Whether an episode has not ended. */
  isOpen(place: number): boolean {
    return this.#streams.get(this.environments[this.columns.get("environment", place)])?.open === place;
  }

  async #extend(signal: AbortSignal): Promise<void> {
    const { store } = this;
    const seen = `${store.firstRow} ${store.rowCount} ${store.length}`;
    if (seen === this.#seen) return;
    this.#undoLast();
    this.#seen = "";
    [this.#sessions, this.#sessionPlace] = [this.#splits ? store.sessions : [], 0];
    this.#skipDropped();
    const lastRow = store.rowCount - 1;
    const slices = new Slices(signal);
    while (this.#next < lastRow) {
      this.#take(this.#next, blockEnd(store, this.#next, lastRow));
      await slices.turn();
      this.#skipDropped();
    }
    if (lastRow >= store.firstRow) this.#takeLast(lastRow);
    this.#dropEpisodes();
    this.#seen = seen;
  }

  /** Whether an episode that has not ended when its writer did ends there. */
  get #splits(): boolean {
    return this.rule !== "rows" && "end" in this.rule && this.rule.sessions !== "join";
  }

  /** What was dropped before anybody looked at it is in no episode, and nobody knows which ended there. */
  #skipDropped(): void {
    const { firstRow } = this.store;
    if (this.#next >= firstRow) return;
    this.#next = firstRow;
    for (const stream of this.#streams.values()) stream.open = -1;
  }

  #take(from: number, end: number): void {
    const facts = rowFacts(this.store, this.rule, this.sum, from, end);
    for (let row = from; row < end; row++) {
      this.#takeRow(row, facts, row - from);
      this.#next = row + 1;
    }
  }

  /** The last row with which a writer began, up to a row: rows are asked for in rising order. */
  #sessionUpTo(row: number): number {
    while (this.#sessions[this.#sessionPlace] <= row) this.#session = this.#sessions[this.#sessionPlace++];
    return this.#session;
  }

  #takeRow(row: number, facts: RowFacts, at: number): void {
    const { columns } = this;
    const stream = this.#streamOf(row, facts, at);
    const id = facts.ids?.[at];
    if (id !== undefined) {
      if (this.#id !== undefined && !Object.is(id, this.#id)) stream.open = -1;
      this.#id = id;
    }
    if (this.#sessionUpTo(row) > stream.lastRow) stream.open = -1;
    if (stream.open < 0) stream.open = this.#begin(row, stream);
    columns.extend(stream.open, row, facts.values === null ? 0 : facts.values[at]);
    stream.lastRow = row;
    if (facts.ends[at] === 1) stream.open = -1;
  }

  #begin(row: number, { number }: Stream): number {
    const { base, end } = this.columns;
    if (end - base < episodesMax) return this.columns.add(row, number);
    throw new BadQuestion(
      `Cannot list episodes: there must be at most ${episodesMax}, got more before row ${row}`,
    );
  }

  #streamOf(row: number, { environments }: RowFacts, at: number): Stream {
    const environment = environments === null ? null : environments[at];
    if (environment === undefined) {
      throw new BadQuestion(`Cannot list episodes: row ${row} must say of which environment it is, got none`);
    }
    let stream = this.#streams.get(environment);
    if (stream === undefined) {
      stream = { number: this.environments.push(environment) - 1, open: -1, lastRow: -1 };
      this.#streams.set(environment, stream);
    }
    return stream;
  }

  /** The last row is looked at anew the next time: until a later one comes it can get more fields. */
  #takeLast(row: number): void {
    const facts = rowFacts(this.store, this.rule, this.sum, row, row + 1);
    const { columns } = this;
    const stream = this.#streamOf(row, facts, 0);
    const place = stream.open;
    const numbers = (["endRow", "length", "sum"] as const).map((name) =>
      place < 0 ? 0 : columns.get(name, place)
    );
    const [endRow, length, sum] = numbers;
    const before = { ...stream };
    this.#last = { stream, before, end: columns.end, place, endRow, length, sum, id: this.#id };
    this.#takeRow(row, facts, 0);
  }

  #undoLast(): void {
    const last = this.#last;
    if (last === null) return;
    this.#last = null;
    Object.assign(last.stream, last.before);
    this.columns.end = last.end;
    this.#id = last.id;
    if (last.place < 0) return;
    for (const name of ["endRow", "length", "sum"] as const) this.columns.set(name, last.place, last[name]);
  }

  /** Episodes of which no row is held any longer, once they are many. */
  #dropEpisodes(): void {
    const { columns, store } = this;
    let place = columns.base;
    const isGone = (place: number) => columns.get("endRow", place) <= store.firstRow && !this.isOpen(place);
    while (place < columns.end && isGone(place)) place++;
    if (place - columns.base > (columns.end - columns.base) / 2) columns.dropBefore(place);
  }
}
