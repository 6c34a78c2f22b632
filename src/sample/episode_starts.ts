/** What windows ask of episodes, however they are told apart; and the rule that needs nothing to be found. */
import type { Connection } from "../store/connection.ts";

/** A row with which an episode begins whose ID an earlier one has had. */
export interface Return {
  readonly row: number;
  readonly earlier: number;
  readonly id: number | bigint;
}

/** The rows with which the episodes of a store begin, as they are asked for them. */
export interface EpisodeStarts {
  /** Looks at the rows that were committed since the last call. */
  extend(): void;
  /** Where an ID of an earlier episode comes back, or null. */
  findReturn(): Return | null;
  /** How many episodes begin before a row. Starts that are given may lie beyond what there is yet. */
  countBefore(row: number): number;
  /** The first rows of the episodes `[from, to)`. */
  startsBetween(from: number, to: number): BigUint64Array;
}

/** Each row is an episode, the one that is open too: nothing has to be looked for, or kept. */
export class RowEpisodes implements EpisodeStarts {
  readonly #firstRow: number;

  constructor(connection: Connection) {
    this.#firstRow = connection.firstRow;
  }

  extend(): void {}

  findReturn(): null {
    return null;
  }

  countBefore(row: number): number {
    return row - this.#firstRow;
  }

  startsBetween(from: number, to: number): BigUint64Array<ArrayBuffer> {
    const starts = new BigUint64Array(to - from);
    // Halves of 64 bits, lower first: a bigint for each of millions of rows would take as long as all else.
    const halves = new Uint32Array(starts.buffer);
    for (let i = 0, row = this.#firstRow + from; i < starts.length; i++, row++) {
      halves[2 * i] = row % 2 ** 32;
      halves[2 * i + 1] = Math.floor(row / 2 ** 32);
    }
    return starts;
  }
}

/** How many of the first `count` numbers, which rise, are below a limit. */
export function countBelow(numbers: BigUint64Array, count: number, limit: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(numbers[middle]) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A copy with room for `count` elements, and for as many again. */
export function grown(from: BigUint64Array, count: number): BigUint64Array<ArrayBuffer> {
  const to = new BigUint64Array(2 * count);
  to.set(from);
  return to;
}

/**
 * Calls back with the runs of anchors, `stride` apart, of the windows with ordinals from `from` on. Of each of so many
 * episodes it is known where it begins and how many windows stand before it; `total` is how many there are in all.
 */
export function visitRuns(
  origins: BigUint64Array,
  cumulative: BigUint64Array,
  { episodes, total }: { readonly episodes: number; readonly total: number },
  stride: number,
  from: number,
  visit: (firstAnchor: number, count: number) => void,
): void {
  const first = Math.max(0, countBelow(cumulative, episodes, from + 1) - 1);
  for (let episode = first; episode < episodes; episode++) {
    const before = Number(cumulative[episode]);
    const after = episode + 1 < episodes ? Number(cumulative[episode + 1]) : total;
    const skipped = Math.max(0, from - before);
    if (after - before > skipped) {
      visit(Number(origins[episode]) + skipped * stride, after - before - skipped);
    }
  }
}
