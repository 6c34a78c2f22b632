/** Text and bytes beside the rows of a batch's windows: lists, made anew for every batch. */
import { type ExtraInfo, extrasText } from "../extras.ts";
import { readExtra } from "../read/extras.ts";
import type { Connection } from "../store/connection.ts";
import type { AnyBatch, ExtraWindows } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { Checks } from "./checks.ts";
import type { Filling } from "./fill.ts";

type Value = string | Uint8Array | null;

/** By name, `[B][S]`. */
type Lists = ReadonlyMap<string, Value[][]>;

/** Gives batches what the rows of their windows have: those of one store, or of each of a mixture. */
export class ExtraFiller {
  readonly #plan: BatchPlan;

  /** @param action What is done, as errors say it. */
  constructor(plan: BatchPlan, private readonly action = "sample") {
    this.#plan = plan;
  }

  /**
   * Gives a batch its lists: the last that is done, since a batch of the caller's may be a proxy. `reading` runs what could
   * run the caller's code.
   *
   * @param size Windows in the batch, of which what a caller hands over may say anything.
   * @param fillings The windows of rows of each source.
   */
  give(
    batch: AnyBatch,
    size: number,
    fillings: readonly (readonly [DrawSource, Filling])[],
    reading: (action: string, task: () => void) => void,
  ): void {
    if (this.#plan.extra === null) return;
    const lists = this.#emptyLists(size, this.#plan.extra);
    for (const [source, filling] of fillings) this.#fill(lists, source, filling);
    reading(this.action, () => giveExtras(batch, Object.fromEntries(lists), this.action));
  }

  /** Padding, and rows without a value, are null. */
  #emptyLists(size: number, extra: readonly ExtraInfo[]): Lists {
    const { length } = this.#plan.window;
    const empty = () => Array.from({ length: size }, () => Array.from({ length }, (): Value => null));
    return new Map(extra.map(({ name }) => [name, empty()]));
  }

  #fill(lists: Lists, { connection, extras }: DrawSource, filling: Filling): void {
    for (const [place, extra] of extras.entries()) {
      const windows = lists.get(extra.name);
      if (windows !== undefined) this.#fillWindows(windows, connection, extra, place, filling);
    }
  }

  #fillWindows(
    windows: Value[][],
    connection: Connection,
    extra: ExtraInfo,
    place: number,
    { first: from = 0, count, starts, lengths, slots, isListed = false }: Filling,
  ): void {
    const { alignsRight, window, batchSize } = this.#plan;
    for (let i = from; i < from + count; i++) {
      const values = windows[slots[i]];
      const first = alignsRight ? window.length - lengths[i] : 0;
      for (let row = 0; row < lengths[i]; row++) {
        const at = isListed ? starts[batchSize + i * window.length + row] : starts[i] + row;
        values[first + row] = readExtra(connection, extra, place, at);
      }
    }
  }
}

/** Gives a batch its lists. It may be frozen. */
export function giveExtras(batch: AnyBatch, value: ExtraWindows, action = "sample"): void {
  const property = { value, writable: true, enumerable: true, configurable: true };
  if (Reflect.defineProperty(batch, "extra", property)) return;
  throw new TypeError(`Cannot ${action}: out must take extra, got a batch that is frozen`);
}

/** The memory of all bytes in lists, each its own, to be handed over to another thread. */
export function extraBuffers(lists: ExtraWindows): ArrayBuffer[] {
  return Object.values(lists).flat(2).filter((value) => typeof value === "object" && value !== null)
    .map(({ buffer }) => buffer as ArrayBuffer);
}

/** Every source of a mixture must have what is asked for, of the same kind. */
export function checkExtras(
  sources: readonly DrawSource[],
  wanted: readonly ExtraInfo[] | null,
  { action }: Checks,
): void {
  for (const extra of wanted ?? []) {
    const isThere = ({ name, kind }: ExtraInfo) => name === extra.name && kind === extra.kind;
    const without = sources.findIndex(({ extras }) => !extras.some(isThere));
    if (without === -1) continue;
    throw new TypeError(
      `${action}: sources[${without}].store must have the extra ${extrasText([extra])} as the first, got ${
        extrasText(sources[without].extras)
      }`,
    );
  }
}
