/** The rows of one episode, block by block: where several environments are appended in turn, its own alone. */
import { blockEnd } from "../../cli/blocks.ts";
import type { StreamStore } from "../../store.ts";
import { rowFacts } from "./row_facts.ts";
import type { ListRule } from "./rule.ts";

export interface EpisodeSpan {
  readonly firstRow: number;
  readonly endRow: number;
  /** What its rows say of their environment; null where the rule names none. */
  readonly environment: number | bigint | null;
}

/** Rows `[from, to)`, and whether each is the episode's. */
export interface OwnRows {
  readonly from: number;
  readonly to: number;
  isOwn(row: number): boolean;
}

export function* ownRows(
  store: StreamStore,
  rule: ListRule,
  { firstRow, endRow, environment }: EpisodeSpan,
): Generator<OwnRows> {
  // The head may be dropped while somebody reads.
  for (let from = Math.max(firstRow, store.firstRow); from < endRow;) {
    const to = blockEnd(store, from, endRow);
    const first = from;
    const environments = environment === null ? null : rowFacts(store, rule, null, from, to).environments;
    const isOwn = (row: number) => environments === null || Object.is(environments[row - first], environment);
    yield { from, to, isOwn };
    from = Math.max(to, store.firstRow);
  }
}
