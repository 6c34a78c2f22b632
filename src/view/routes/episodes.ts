/** `/api/episodes`: a part of the list of episodes, in an order. */
import { elementOf } from "../episodes/element.ts";
import { type Flags, readFlags } from "../episodes/flags.ts";
import type { EpisodeList } from "../episodes/list.ts";
import { type EpisodeOrder, placesIn, withEpisodes } from "../episodes/lists.ts";
import { ruleNames, ruleOf } from "../episodes/rule.ts";
import { Parameters } from "../parameters.ts";
import type { EpisodeRow, EpisodesAnswer } from "../protocol.ts";
import { json, type Route } from "../route.ts";
import { shownNumber } from "../table_values.ts";

const episodesAtOnce = 1000;
const orders: readonly string[] = ["row", "length", "sum"] satisfies EpisodeOrder[];

export const episodesRoute: Route = {
  path: "/api/episodes",
  async answer(question) {
    const names = ["store", ...ruleNames, "sum", "order", "descending", "from", "to"];
    const query = new Parameters(question, "list episodes", names, ["end"]);
    const store = query.store(question);
    const rule = ruleOf(query, store);
    const sum = query.has("sum") ? elementOf(query, "sum", store) : null;
    const order = query.has("order") ? query.oneOf("order", orders) as EpisodeOrder : "row";
    if (order === "sum" && sum === null) {
      throw query.refusal("sum must name a field where it is the order, got none");
    }
    const isDescending = query.wholeOr("descending", 0, 0, 1) === 1;
    const from = query.wholeOr("from", 0);
    const to = query.wholeOr("to", from + 100, from, from + episodesAtOnce);
    const flags = readFlags(store, question.stores.path(query.whole("store")));
    const answer = await withEpisodes(store, rule, sum, question.signal, (list): EpisodesAnswer => {
      const { count, at } = placesIn(store, rule, sum, order, isDescending);
      const length = Math.max(0, Math.min(to, count) - from);
      const episodes = Array.from({ length }, (_, i) => rowOf(list, at(from + i), sum !== null, flags));
      return { count, from, episodes };
    });
    return json(answer);
  },
};

function rowOf(list: EpisodeList, place: number, hasSum: boolean, flags: Flags): EpisodeRow {
  const { columns, environments } = list;
  const firstRow = columns.get("firstRow", place);
  const environment = environments[columns.get("environment", place)];
  return {
    episode: place,
    firstRow,
    endRow: columns.get("endRow", place),
    length: columns.get("length", place),
    environment: environment === null ? null : shownNumber(environment),
    sum: hasSum ? shownNumber(columns.get("sum", place)) : null,
    open: list.isOpen(place),
    flag: flags.get(firstRow) ?? null,
  };
}
