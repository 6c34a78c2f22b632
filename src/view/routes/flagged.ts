/** `/api/flagged`: the rows of the episodes that have a flag, to be kept as a file. */
import { csvRow, csvTitles, jsonRow, shownRows } from "../../cli/row_text.ts";
import type { StreamStore } from "../../store.ts";
import { readFlags } from "../episodes/flags.ts";
import { type EpisodeSpan, ownRows } from "../episodes/own_rows.ts";
import type { EpisodeList } from "../episodes/list.ts";
import { withEpisodes } from "../episodes/lists.ts";
import { type ListRule, ruleNames, ruleOf } from "../episodes/rule.ts";
import { Parameters } from "../parameters.ts";
import type { Route } from "../route.ts";
import { Slices } from "../slices.ts";

const types = { jsonl: "application/jsonl; charset=utf-8", csv: "text/csv; charset=utf-8" } as const;

export const flaggedRoute: Route = {
  path: "/api/flagged",
  async answer(question) {
    const { signal } = question;
    const query = new Parameters(question, "export episodes", ["store", ...ruleNames, "flag", "format"], [
      "end",
    ]);
    const store = query.store(question);
    const rule = ruleOf(query, store);
    const format = query.has("format")
      ? query.oneOf("format", Object.keys(types)) as keyof typeof types
      : "jsonl";
    const wanted = query.has("flag") ? query.text("flag") : null;
    const rows = new Set<number>();
    for (const [row, flag] of readFlags(store, question.stores.path(query.whole("store")))) {
      if (wanted === null || flag === wanted) rows.add(row);
    }
    const spans = await withEpisodes(store, rule, null, signal, (list) => spansOf(list, rows));
    if (spans.length === 0) {
      throw query.refusal("at least one must have the flag, got none", 404);
    }
    return {
      type: types[format],
      body: lines(store, rule, spans, format, signal),
      fileName: `flagged.${format}`,
    };
  },
};

/** The episodes that begin with a row that has a flag. */
function spansOf({ columns, environments }: EpisodeList, rows: ReadonlySet<number>): EpisodeSpan[] {
  const spans: EpisodeSpan[] = [];
  for (let place = columns.base; place < columns.end; place++) {
    const firstRow = columns.get("firstRow", place);
    if (!rows.has(firstRow)) continue;
    const environment = environments[columns.get("environment", place)];
    spans.push({ firstRow, endRow: columns.get("endRow", place), environment });
  }
  return spans;
}

async function* lines(
  store: StreamStore,
  rule: ListRule,
  spans: readonly EpisodeSpan[],
  format: keyof typeof types,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const slices = new Slices(signal);
  if (format === "csv") yield `${csvTitles(store)}\n`;
  for (const span of spans) {
    for (const { from, to, isOwn } of ownRows(store, rule, span)) {
      const own = shownRows(store, store, from, to).filter(({ index }) => isOwn(index));
      yield own.map((row) => `${format === "csv" ? csvRow(row) : jsonRow(store, row)}\n`).join("");
      await slices.turn();
    }
  }
}
