/** `/api/curve`: the values of an episode, to be drawn over those of others. */
import { valuesOf } from "../../cli/row_values.ts";
import { elementOf } from "../episodes/element.ts";
import type { EpisodeList } from "../episodes/list.ts";
import { withEpisodes } from "../episodes/lists.ts";
import { type EpisodeSpan, ownRows } from "../episodes/own_rows.ts";
import { ruleNames, ruleOf } from "../episodes/rule.ts";
import { Parameters } from "../parameters.ts";
import type { CurveAnswer } from "../protocol.ts";
import { BadQuestion, json, type Route } from "../route.ts";
import { Slices } from "../slices.ts";

const columnsMax = 4096;

export const curveRoute: Route = {
  path: "/api/curve",
  async answer(question) {
    const { signal } = question;
    const names = ["store", ...ruleNames, "episode", "series", "columns"];
    const query = new Parameters(question, "draw an episode", names, ["end"]);
    const store = query.store(question);
    const rule = ruleOf(query, store);
    const { name, element } = elementOf(query, "series", store);
    const columnCount = query.whole("columns", 1, columnsMax);
    const episode = query.whole("episode");
    const { length, ...span } = await withEpisodes(
      store,
      rule,
      null,
      signal,
      (list) => spanOf(list, episode),
    );
    const columns = new CurveColumns(length, columnCount);
    const slices = new Slices(signal);
    let place = 0;
    for (const { from, to, isOwn } of ownRows(store, rule, span)) {
      const values = valuesOf(store, name, element, from, to);
      for (let row = from; row < to; row++) if (isOwn(row)) columns.add(place++, values[row - from]);
      await slices.turn();
    }
    const { firstRow } = span;
    return json({ episode, firstRow, length, columns: columns.all } satisfies CurveAnswer);
  },
};

function spanOf(
  { columns, environments }: EpisodeList,
  episode: number,
): EpisodeSpan & { readonly length: number } {
  if (episode < columns.base || episode >= columns.end) {
    const allowed = `from ${columns.base} to ${columns.end - 1}`;
    throw new BadQuestion(`Cannot draw an episode: episode must be ${allowed}, got ${episode}`, 404);
  }
  return {
    firstRow: columns.get("firstRow", episode),
    endRow: columns.get("endRow", episode),
    length: columns.get("length", episode),
    environment: environments[columns.get("environment", episode)],
  };
}

/** Rows of an episode in columns of pixels: of each the place of its first row, and its least and greatest number. */
class CurveColumns {
  readonly all: [number, number | null, number | null][] = [];
  readonly #columns: number;
  #column = -1;

  constructor(private readonly length: number, columns: number) {
    this.#columns = Math.min(columns, length);
  }

  add(place: number, value: number): void {
    const column = Math.floor(place * this.#columns / this.length);
    if (column !== this.#column) this.all.push([place, null, null]);
    this.#column = column;
    if (!Number.isFinite(value)) return;
    const last = this.all[this.all.length - 1];
    if (last[1] === null || value < last[1]) last[1] = value;
    if (last[2] === null || value > last[2]) last[2] = value;
  }
}
