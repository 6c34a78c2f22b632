import type { Connection } from "../../store/connection.ts";
import type { Field } from "../../fields.ts";
import { Episodes } from "../../sample/episodes.ts";
import { Checks } from "../../sample/checks.ts";
import { parseWindow } from "../../sample/parse_options.ts";
import type { RowRange } from "../table/field_data.ts";
import { saving } from "./refusals.ts";
import type { SaveLeRobotOptions } from "./types.ts";

/** Which rows each episode has. Rows are those of the stream, which may have lost its first ones. */
export class EpisodeRows {
  readonly #starts: Float64Array;

  /** @param starts The first rows of episodes, and behind them the end of the last one. */
  private constructor(starts: Float64Array) {
    this.#starts = starts;
  }

  static find(
    connection: Connection,
    fields: readonly Field[],
    rule: SaveLeRobotOptions["episodes"],
  ): EpisodeRows {
    const check = new Checks(`Cannot ${saving}`);
    check.object("episodes", rule);
    // What loadLeRobot told has more than the starts.
    const episodes = "starts" in rule ? { starts: rule.starts } : rule;
    const found = new Episodes(connection, parseWindow({ steps: 1, episodes }, fields, check).episodes);
    found.extend();
    const { firstRow, rowCount } = connection;
    const starts = Float64Array.from(found.starts.subarray(0, found.count), Number);
    const last = starts.at(-1)!;
    if (last >= rowCount) {
      throw check.refuse("episodes.starts", `rows below ${rowCount}, of which each is in an episode`, last);
    }
    const kept = starts.filter((start) => start > firstRow);
    // Set, not spread: no engine takes hundreds of thousands of arguments.
    const all = new Float64Array(kept.length + 2);
    all[0] = firstRow;
    all.set(kept, 1);
    all[kept.length + 1] = rowCount;
    return new EpisodeRows(all);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** The rows of all of them. */
  get range(): RowRange {
    return { from: this.#starts[0], to: this.#starts[this.count] };
  }

  start(episode: number): number {
    return this.#starts[episode];
  }

  end(episode: number): number {
    return this.#starts[episode + 1];
  }

  length(episode: number): number {
    return this.end(episode) - this.start(episode);
  }

  /** The episode of a row. */
  of(row: number): number {
    let [low, high] = [0, this.count];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] <= row) low = middle;
      else high = middle;
    }
    return low;
  }
}
