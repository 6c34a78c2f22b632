/** The lists of a store that were asked for last, each found once. */
import type { StreamStore } from "../../store.ts";
import { EpisodeList } from "./list.ts";
import type { EpisodeColumns } from "./columns.ts";
import type { Element } from "./row_facts.ts";
import type { ListRule } from "./rule.ts";

export type EpisodeOrder = "row" | "length" | "sum";

const listsMax = 4;

interface KnownList {
  readonly list: EpisodeList;
  /** Places in an order, as long as the list is the same. */
  sorted: { readonly version: string; readonly places: Uint32Array } | null;
}

const listsOf = new WeakMap<StreamStore, Map<string, KnownList>>();

/** Has `use` look at the list of a rule and a sum, with all that was committed. */
export async function withEpisodes<Result>(
  store: StreamStore,
  rule: ListRule,
  sum: Element | null,
  signal: AbortSignal,
  use: (list: EpisodeList) => Result,
): Promise<Result> {
  const { list } = known(store, rule, sum);
  return await list.extend(signal, () => use(list));
}

function known(store: StreamStore, rule: ListRule, sum: Element | null): KnownList {
  let lists = listsOf.get(store);
  if (lists === undefined) listsOf.set(store, lists = new Map());
  const key = JSON.stringify([rule, sum]);
  const found = lists.get(key) ?? { list: new EpisodeList(store, rule, sum), sorted: null };
  lists.delete(key);
  lists.set(key, found);
  if (lists.size > listsMax) lists.delete(lists.keys().next().value!);
  return found;
}

/** The first episode of which a row is held, where they are in the order of their rows. */
function firstHeld({ firstRow }: StreamStore, columns: EpisodeColumns): number {
  let place = columns.base;
  while (place < columns.end && columns.get("endRow", place) <= firstRow) place++;
  return place;
}

/** The place of each episode in an order; equal ones stay in the order of their rows. */
export function placesIn(
  store: StreamStore,
  rule: ListRule,
  sum: Element | null,
  order: EpisodeOrder,
  isDescending: boolean,
): { readonly count: number; at(index: number): number } {
  const found = known(store, rule, sum);
  const { columns } = found.list;
  const first = firstHeld(store, columns);
  const count = columns.end - first;
  if (order === "row") {
    return { count, at: (index) => isDescending ? columns.end - 1 - index : first + index };
  }
  const version = `${found.list.version} ${first} ${order} ${isDescending}`;
  if (found.sorted?.version !== version) {
    const sign = isDescending ? -1 : 1;
    const places = Uint32Array.from({ length: count }, (_, i) => i).sort((one, other) =>
      sign * (columns.get(order, first + one) - columns.get(order, first + other)) || one - other
    );
    found.sorted = { version, places };
  }
  const { places } = found.sorted;
  return { count, at: (index) => first + places[index] };
}
