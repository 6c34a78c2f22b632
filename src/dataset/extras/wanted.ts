/** Which columns of a dataset become extras, as callers say it. */
import type { ExtraInfo, ExtraKind } from "../../extras.ts";
import { describe } from "../../fields.ts";

/** How a column is kept as an extra: as text, as bytes, or as JSON, which is text. Part of {@linkcode LoadOptions}. */
export type ExtraForm = ExtraKind | "json";

/**
 * Columns that become extras: `true` for all that hold text or bytes, a list of names, or names and what each is kept as.
 * Part of {@linkcode LoadOptions}.
 */
export type ExtraChoice<Name extends string = string> =
  | boolean
  | readonly Name[]
  | { readonly [Extra in Name]?: ExtraForm };

/** An extra that is loaded. */
export interface WantedExtra {
  readonly name: string;
  /** Its place among the store's. */
  readonly place: number;
  readonly form: ExtraForm;
  /** Whether the caller has named it, so that it must be there. */
  readonly isNamed: boolean;
}

const forms: readonly unknown[] = ["string", "bytes", "json"] satisfies ExtraForm[];

/** What an extra of a store holds whose column is kept in a form. */
export function kindOfForm(form: ExtraForm): ExtraKind {
  return form === "bytes" ? "bytes" : "string";
}

/** What is asked for by name, null for a form that is not said; or whether all or none is. */
export function parseChoice(choice: unknown, action: string): boolean | Map<string, ExtraForm | null> {
  if (choice === undefined) return true;
  if (typeof choice === "boolean") return choice;
  if (Array.isArray(choice)) {
    const odd = choice.find((name) => typeof name !== "string");
    if (odd === undefined) return new Map(choice.map((name: string) => [name, null]));
    throw new TypeError(`Cannot ${action}: extra must be names of columns, got ${describe(odd)}`);
  }
  if (typeof choice !== "object" || choice === null || ArrayBuffer.isView(choice)) {
    throw new TypeError(
      `Cannot ${action}: extra must be true, names of columns, or an object of names and string, bytes or json, got ${
        describe(choice)
      }`,
    );
  }
  const named = new Map<string, ExtraForm | null>();
  for (const name of Object.keys(choice)) {
    const form: unknown = (choice as Record<string, unknown>)[name];
    if (form === undefined) continue;
    if (!forms.includes(form)) {
      throw new RangeError(
        `Cannot ${action}: extra.${name} must be string, bytes or json, got ${describe(form)}`,
      );
    }
    named.set(name, form as ExtraForm);
  }
  return named;
}

/** Whether what makes a store is asked for any. */
export function wantsExtras(choice: unknown): boolean {
  return choice !== undefined && choice !== false;
}

/** The extras of a store that are loaded: all of which the dataset has a column, or those that the caller names. */
export function wantedExtras(
  extras: readonly ExtraInfo[],
  choice: unknown,
  action: string,
): readonly WantedExtra[] {
  const chosen = parseChoice(choice, action);
  if (chosen === false) return [];
  if (chosen === true) {
    return extras.map(({ name, kind }, place) => ({ name, place, form: kind, isNamed: false }));
  }
  return Array.from(chosen, ([name, form]): WantedExtra => {
    const place = extras.findIndex((extra) => extra.name === name);
    if (place < 0) throw notDeclared(extras, name, action);
    const { kind } = extras[place];
    if (form === null || kindOfForm(form) === kind) return { name, place, form: form ?? kind, isNamed: true };
    throw new TypeError(
      `Cannot ${action}: extra.${name} must be what the store keeps of it, ${kind}${
        kind === "string" ? " (or json)" : ""
      }, got ${form}`,
    );
  });
}

function notDeclared(extras: readonly ExtraInfo[], name: string, action: string): TypeError {
  const allowed = extras.length === 0
    ? "the store must be made with { extra } to take some"
    : `extra must name the store's extras (${extras.map(({ name }) => name).join(", ")})`;
  return new TypeError(`Cannot ${action}: ${allowed}, got ${describe(name)}`);
}
