/** Where episodes begin, as an option says it. */
import type { EpisodeRule } from "../sample/options.ts";
import type { StreamStore } from "../store.ts";
import { checkName, UsageError } from "./exit.ts";

export const episodesFlag = "--episodes <rule>";
export const episodesHelp = "where episodes end: end=FIELD[,FIELD…], id=FIELD, or rows";

/** `end=done`, `end=done,truncated`, `id=episode`, `rows`. */
export function parseEpisodes({ fields }: StreamStore, text: string): EpisodeRule {
  if (text === "rows") return "rows";
  const [, kind, given] = /^(end|id)=(.+)$/.exec(text) ?? [];
  if (kind === undefined) throw new UsageError(`Episodes must be end=FIELD, id=FIELD or rows, got "${text}"`);
  const known = fields.map(({ name }) => name);
  const names = kind === "end" && !known.includes(given) ? given.split(",") : [given];
  for (const name of names) checkName("field", name, known);
  return kind === "id" ? { id: given } : { end: names };
}
