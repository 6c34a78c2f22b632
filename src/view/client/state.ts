/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The state of the page, which is its address. */
import type { PageState } from "./screen.ts";

export const stateOf = (search: string): PageState => Object.fromEntries(new URLSearchParams(search));

/** A state with some names changed, or taken away by null. */
export function changed(state: PageState, change: Readonly<Record<string, string | null>>): PageState {
  return Object.fromEntries(
    Object.entries({ ...state, ...change }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** `/?screen=stream&from=0` */
export function addressOfState(state: PageState): string {
  const text = new URLSearchParams(state).toString();
  return text === "" ? "/" : `/?${text}`;
}
