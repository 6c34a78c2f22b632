/** Types that refuse unknown options where parameters are inferred, and show what each means. */

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
