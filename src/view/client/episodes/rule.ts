/** How episodes are told apart, in the page's address and as the server is asked. */
import type { Overview } from "../../protocol.ts";
import { usualEpisodes } from "../batches/options.ts";

/** As `episodes` of samplers. */
export type PageRule =
  | "rows"
  | { readonly end: readonly string[]; readonly environment?: string; readonly sessions?: string }
  | { readonly id: string };

/** That of the address, where it names fields that there are; else the one that the names of fields speak for. */
export function ruleOf(text: string | undefined, { fields }: Overview): PageRule {
  const names = fields.map(({ name }) => name);
  const given = parse(text);
  if (given === "rows") return given;
  if (typeof given === "object" && given !== null) {
    const { end, id, environment, sessions } = given as Readonly<Record<string, unknown>>;
    if (typeof id === "string" && names.includes(id)) return { id };
    if (Array.isArray(end) && end.length > 0 && end.every((name) => names.includes(name))) {
      return {
        end,
        ...(typeof environment === "string" && names.includes(environment) && { environment }),
        ...(sessions === "join" && { sessions }),
      };
    }
  }
  return usualEpisodes(fields) ?? "rows";
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** The rule's part of a question. */
export function ruleQuery(rule: PageRule): Readonly<Record<string, string | readonly string[]>> {
  if (rule === "rows") return { rule };
  return { ...rule };
}

/** The series that episodes are compared by at first: what is gained in them, or the first number. */
export function usualSeries({ fields }: Overview): string {
  const single = fields.filter(({ isList }) => isList !== true);
  const reward = single.find(({ name }) => /reward|return|score/i.test(name));
  return (reward ?? single[0])?.name ?? `${fields[0].name}[0]`;
}

/** All series of fields that are not too wide to choose from. */
export function seriesOf({ fields }: Overview, elementsMax = 64): string[] {
  return fields.flatMap(({ name, isList, width }) =>
    isList === true
      ? Array.from({ length: Math.min(elementsMax, width?.[1] ?? 1) }, (_, i) => `${name}[${i}]`)
      : [name]
  );
}
