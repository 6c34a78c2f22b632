/** The series that a question names. */
import type { StreamStore } from "../../store.ts";
import type { Parameters } from "../parameters.ts";
import type { Element } from "./row_facts.ts";

/** `reward`, `observation[2]`. A name that is a field's own stands for the field, whatever is in it. */
export function elementOf(query: Parameters, parameter: string, store: StreamStore): Element {
  const text = query.text(parameter);
  const names = store.fields.map(({ name }) => name);
  if (names.includes(text)) return { name: text, element: 0 };
  const [, name, digits] = /^(.*)\[(0|[1-9]\d{0,8})\]$/s.exec(text) ?? [];
  if (names.includes(name)) return { name, element: Number(digits) };
  throw query.refusal(
    `${parameter} must be one of the fields ${names.join(", ")}, or an element of their lists as ${
      names[0]
    }[0], got ${JSON.stringify(text)}`,
  );
}
