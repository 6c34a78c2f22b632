/** Extras: columns of text or bytes that stand beside the rows. */
import { describe, type FieldList, type FieldName } from "./fields.ts";
import { extraCountMax, type extraPart } from "./native/abi.ts";

/** What the values of an extra are: text, or bytes. Part of {@linkcode ExtraMap}. */
export type ExtraKind = "string" | "bytes";

/** Names of extras and what their values are. Taken by {@linkcode StreamStore} and {@linkcode StreamStore.open}. */
export type ExtraMap = Readonly<Record<string, ExtraKind>>;

/**
 * The name of an extra.
 *
 * @internal
 */
export type ExtraName<Extras extends ExtraMap> = Extract<keyof Extras, string>;

/**
 * The names of the columns that a store has in a dataset.
 *
 * @internal
 */
export type ColumnName<Fields extends FieldList, Extras extends ExtraMap> =
  | FieldName<Fields>
  | ExtraName<Extras>;

/**
 * The value of an extra, by its kind.
 *
 * @internal
 */
export type ExtraValue<Kind extends ExtraKind> = Kind extends "string" ? string : Uint8Array;

/** What one step holds beside its fields: a value for each extra that it has. Taken by {@linkcode StreamStore.append}. */
export type ExtraValues<Extras extends ExtraMap> = {
  readonly [Name in keyof Extras]?: ExtraValue<Extras[Name]> | null;
};

/**
 * What several steps hold beside their fields: for each extra a list with a value for each step. Taken by
 * {@linkcode StreamStore.append} and {@linkcode StreamStore.appendColumns}.
 */
export type ExtraLists<Extras extends ExtraMap = ExtraMap> = {
  readonly [Name in keyof Extras]?: readonly (ExtraValue<Extras[Name]> | null | undefined)[];
};

/** What stands beside the rows under a name, as {@linkcode StreamStore.extras} tells of it. */
export interface ExtraInfo {
  /** As in the store's `extra`. */
  readonly name: string;
  /** What its values are. */
  readonly kind: ExtraKind;
}

/** The name of a file of an extra. */
export function extraFile(place: number, part: keyof typeof extraPart): string {
  return `extra.${place}.${part}`;
}

const kinds: readonly unknown[] = ["string", "bytes"] satisfies ExtraKind[];

/** Checks extras, and lays them out in the order of their files. */
export function parseExtras(given: ExtraMap | undefined): readonly ExtraInfo[] {
  if (given === undefined) return [];
  const action = "Cannot create a store: extra";
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `${action} must be an object of names and what they hold, string or bytes, got ${describe(given)}`,
    );
  }
  const extras = Object.entries(given).map(([name, kind]): ExtraInfo => ({ name, kind }));
  const wrong = extras.find(({ kind }) => !kinds.includes(kind));
  if (wrong !== undefined) {
    throw new RangeError(`${action}.${wrong.name} must be string or bytes, got ${describe(wrong.kind)}`);
  }
  if (extras.length > extraCountMax) {
    throw new RangeError(`${action} must have at most ${extraCountMax} names, got ${extras.length}`);
  }
  return extras;
}

/** Whether something read from a file is one. */
export function isExtra(value: Partial<ExtraInfo> | null): boolean {
  return typeof value?.name === "string" && kinds.includes(value.kind);
}

/** Extras as a text shows them, whatever their order: `{ frame: bytes, prompt: string }`. */
export function extrasText(given: readonly ExtraInfo[]): string {
  const extras = given.toSorted((one, other) => one.name < other.name ? -1 : 1);
  return extras.length === 0 ? "{}" : `{ ${extras.map(({ name, kind }) => `${name}: ${kind}`).join(", ")} }`;
}
