/** Options of all kinds: only those that there are, for programs that are checked and for those that are not. */
import { describe } from "./fields.ts";

/** The names of options: all that their type has, or it does not compile. */
export function optionNames<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Throws for what is no object of options, and for an option that there is none of: a typing error that nobody would
 * notice. `prefix` is what the options themselves are called: `retry.`.
 */
export function checkOptions(
  options: object,
  allowed: readonly string[],
  action: string,
  prefix = "",
): void {
  const what = prefix === "" ? "options" : prefix.slice(0, -1);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Cannot ${action}: ${what} must be an object, got ${describe(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !allowed.includes(name));
  if (unknown === undefined) return;
  const names = allowed.map((name) => prefix + name).join(", ");
  throw new TypeError(`Cannot ${action}: an option must be one of ${names}, got ${prefix}${unknown}`);
}
