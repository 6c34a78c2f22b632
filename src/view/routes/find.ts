/** `/api/find`: the row that a jump goes to. */
import { pause } from "../../pause.ts";
import { episodeParts } from "../../cli/episodes.ts";
import type { EpisodeRule } from "../../sample/options.ts";
import type { StreamStore } from "../../store.ts";
import type { FoundRow } from "../protocol.ts";
import { Parameters } from "../parameters.ts";
import { json, type Question, type Route } from "../route.ts";

export const findRoute: Route = {
  path: "/api/find",
  async answer(question) {
    const query = new Parameters(question, "find a row", ["store", "row", "step", "episode", "id"], ["end"]);
    const store = query.store(question);
    const ways = ["row", "step", "episode"].filter((name) => query.has(name));
    if (ways.length !== 1) {
      throw query.refusal(`one of row, step and episode must be given, got ${ways.join(" and ") || "none"}`);
    }
    const row = await find(question, query, store);
    return json({ row } satisfies FoundRow);
  },
};

async function find(question: Question, query: Parameters, store: StreamStore): Promise<number | null> {
  if (query.has("row")) return kept(store, query.whole("row"));
  if (query.has("step")) return kept(store, store.rowAtOrAfter(query.int64("step")));
  return await startOfEpisode(question, store, ruleOf(query, store), query.whole("episode"));
}

const kept = ({ firstRow, rowCount }: StreamStore, row: number) =>
  row >= firstRow && row < rowCount ? row : null;

function ruleOf(query: Parameters, store: StreamStore): EpisodeRule {
  const names = store.fields.map(({ name }) => name);
  if (query.has("id")) return { id: query.oneOf("id", names) };
  const end = query.texts("end", names.length);
  const unknown = end.find((name) => !names.includes(name));
  if (end.length > 0 && unknown === undefined) return { end };
  throw query.refusal(
    `end must be one of ${names.join(", ")}, got ${unknown === undefined ? "none" : JSON.stringify(unknown)}`,
  );
}

/** The first row of the n-th episode of those that are kept, the last one too where it has not ended. */
async function startOfEpisode(
  { signal }: Question,
  store: StreamStore,
  rule: EpisodeRule,
  episode: number,
): Promise<number | null> {
  let [count, unfinishedFrom] = [0, store.rowCount];
  for (const part of episodeParts(store, rule)) {
    if (episode < count + part.ranges.length) return part.ranges[episode - count][0];
    count += part.ranges.length;
    unfinishedFrom = part.unfinishedFrom;
    await pause(0, signal);
  }
  return episode === count && unfinishedFrom < store.rowCount ? unfinishedFrom : null;
}
