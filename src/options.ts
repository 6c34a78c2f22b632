/** Options of all kinds: only those that there are, for programs that are checked and for those that are not. */
import { describe } from "./fields.ts";

/** Stands where an option is given that there is none of: no value fits. */
interface NoSuchOption<Name> {
  readonly noSuchOption: Name;
}

/**
 * The names of options, also where they may be of several kinds.
 *
 * @internal
 */
type OptionName<Allowed> = Allowed extends object ? keyof Allowed : never;

/**
 * What an option may be, of whichever kind the options are.
 *
 * @internal
 */
type OptionOf<Allowed, Name> = Allowed extends object ? Name extends keyof Allowed ? Allowed[Name] : never
  : never;

/**
 * For parameters whose type is inferred, which takes any further property: refuses those that `Allowed` has not, at
 * every depth.
 *
 * @internal
 */
export type OnlyKnown<Given, Allowed> = {
  readonly [Name in keyof Given]: Name extends OptionName<Allowed>
    ? Given[Name] extends readonly unknown[] | ArrayBufferView ? unknown
    : Given[Name] extends object ? OnlyKnown<Given[Name], OptionOf<Allowed, Name>>
    : unknown
    : NoSuchOption<Name>;
};

/**
 * What `Allowed` says of the options that are given, so that editors show its documentation at them.
 *
 * @internal
 */
export type Documented<Given, Allowed> = {
  readonly [Name in keyof Allowed as Name extends keyof Given ? Name : never]: KindOf<
    Allowed[Name],
    Given[Name & keyof Given]
  >;
};

/**
 * Of all kinds that an option may be of the one that is given.
 *
 * @internal
 */
type KindOf<Allowed, Given> = [Matching<Allowed, Given>] extends [never] ? Allowed : Matching<Allowed, Given>;

/**
 * The kinds that what is given is of.
 *
 * @internal
 */
type Matching<Allowed, Given> = Allowed extends unknown ? Given extends Allowed ? Allowed : never : never;

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
