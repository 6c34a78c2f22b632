import type { Connection } from "../store/connection.ts";
import type { EpisodeStarts } from "./episodes.ts";

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
