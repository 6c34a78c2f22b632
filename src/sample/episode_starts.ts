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
