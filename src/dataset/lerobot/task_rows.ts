/** The task of each row, by the text that it has in the extra `task`. */
import { describe } from "../../fields.ts";
import { readExtra } from "../../read/extras.ts";
import type { Connection } from "../../store/connection.ts";
import type { SaveSource } from "../known_features.ts";
import type { RowRange } from "../table/field_data.ts";
import { saving } from "./refusals.ts";
import { taskExtra } from "./task_texts.ts";

export class TaskRows {
  private constructor(
    private readonly connection: Connection,
    readonly place: number,
  ) {}

  /** null where none of the extras at these places is it. */
  static find({ connection, extras }: SaveSource, places: readonly number[]): TaskRows | null {
    const place = places.find((place) => {
      const { name, kind } = extras[place];
      return name === taskExtra && kind === "string";
    });
    return place === undefined ? null : new TaskRows(connection, place);
  }

  /** All texts that there are, in the order in which rows first have them. */
  names(): string[] {
    const { firstRow, rowCount } = this.connection;
    const names = new Set<string>();
    for (let row = firstRow; row < rowCount; row++) names.add(this.#at(row));
    return [...names];
  }

  /** The places of rows' tasks among these. */
  indices(tasks: readonly string[], { from, to }: RowRange): Float64Array {
    const places = new Map(tasks.map((task, i) => [task, i]));
    return Float64Array.from({ length: to - from }, (_, i) => {
      const text = this.#at(from + i);
      const place = places.get(text);
      if (place !== undefined) return place;
      throw new RangeError(
        `Cannot ${saving}: "${taskExtra}" at row ${from + i} must be one of the ${tasks.length} tasks, got ${
          describe(text)
        }; the option extra can leave it out`,
      );
    });
  }

  #at(row: number): string {
    const text = readExtra(this.connection, { name: taskExtra, kind: "string" }, this.place, row);
    if (text !== null) return text as string;
    throw new RangeError(
      `Cannot ${saving}: "${taskExtra}" at row ${row} must have a text, as every frame has a task; the option extra can leave it out`,
    );
  }
}
