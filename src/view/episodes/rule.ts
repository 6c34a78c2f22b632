/** How a question tells the episodes of a store apart: `end=done&end=truncated`, `id=episode`, `rule=rows`. */
import { episodeFieldsMax } from "../../native/abi.ts";
import { Checks } from "../../sample/checks.ts";
import type { EpisodeRule } from "../../sample/options.ts";
import { parseEpisodes } from "../../sample/parse_episodes.ts";
import type { StreamStore } from "../../store.ts";
import { sessionOf } from "../../store/session.ts";
import type { Parameters } from "../parameters.ts";
import { BadQuestion } from "../route.ts";

const optionNames = ["id", "sessions", "environment"] as const;

/** The names of the rule's values. Of `end` there may be several. */
export const ruleNames: readonly string[] = ["rule", ...optionNames];

/** A rule that a list can be made by: its fields are known. */
export type ListRule = Exclude<EpisodeRule, { readonly starts: unknown }>;

/** The rule as the library takes it, which checks it. */
export function ruleOf(query: Parameters, store: StreamStore): ListRule {
  const end = query.texts("end", episodeFieldsMax);
  const given = {
    ...(end.length > 0 && { end }),
    ...Object.fromEntries(
      optionNames.filter((name) => query.has(name)).map((name) => [name, query.text(name)]),
    ),
  };
  const isRows = query.has("rule") && query.oneOf("rule", ["rows"]) === "rows";
  if (isRows === Object.keys(given).length > 0) {
    const got = isRows ? "both" : "nothing";
    throw query.refusal(`end, id or the rule "rows" must say where episodes are, got ${got}`);
  }
  try {
    const parsed = (isRows ? "rows" : given) as ListRule;
    parseEpisodes(parsed, sessionOf(store)!.fields, new Checks("Cannot list episodes"));
    return parsed;
  } catch (error) {
    throw new BadQuestion((error as Error).message);
  }
}
