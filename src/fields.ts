import { fieldCells, fieldKind } from "./native/abi.ts";
import type { OnlyKnown } from "./option_types.ts";
import { describeView } from "./typed_array.ts";

/**
 * What the 64 bits of a field's tokens hold. Numbers and booleans are kept exactly: an integer that the dtype does not
 * hold is refused. Part of {@linkcode FieldType}.
 */
export type Dtype = "float64" | "int64" | "uint64";

/**
 * A field's type ID, an int32, or its type ID and dtype. Without a dtype a field holds float64. Part of
 * {@linkcode FieldMap}.
 */
export type FieldType = number | { readonly type: number; readonly dtype?: Dtype };

/**
 * Field names and what they are stored as, in field order. No field can be named `step`, and no two have one type ID.
 *
 * JavaScript puts names that are whole numbers (`"0"`, `"17"`) first in every object, so an object cannot say where
 * they stand: with such a name fields are given as entries, {@linkcode FieldEntry}, or as a list of names. A form of
 * {@linkcode FieldList}.
 */
export type FieldMap = Readonly<Record<string, FieldType>>;

/**
 * A field's name and what it is stored as, in a list of fields, whose order is the field order. Part of
 * {@linkcode FieldList}.
 */
export type FieldEntry = readonly [name: string, type: FieldType];

/**
 * The fields of a store, in field order: an object, or where names are whole numbers a list of entries, or a list of
 * names, whose type IDs are their places. Taken by {@linkcode StreamStore} and {@linkcode StreamStore.open}.
 */
export type FieldList = FieldMap | readonly FieldEntry[] | readonly string[];

/**
 * Refuses what a declaration of a field has besides `type` and `dtype`, which an inferred type lets pass.
 *
 * @internal
 */
export type KnownFields<Fields extends FieldList> = Fields extends readonly unknown[] ? unknown
  : { readonly [Name in keyof Fields]: OnlyKnown<Fields[Name], FieldType> };

/**
 * The names of fields, in whichever form they are given.
 *
 * @internal
 */
export type FieldName<Fields extends FieldList> = Fields extends readonly (infer Given)[]
  ? Given extends string ? Given : Given extends readonly [infer Name extends string, unknown] ? Name : never
  : Extract<keyof Fields, string>;

/**
 * What a field is stored as, in whichever form fields are given.
 *
 * @internal
 */
export type FieldTypeOf<Fields extends FieldList, Name extends string> = Fields extends
  readonly (infer Given)[] ? Given extends string ? number
  : Given extends readonly [infer Own, infer Type] ? Name extends Own ? Type : never
  : never
  : Fields[Name & keyof Fields];

/** A named column of the user's data, as {@linkcode StreamStore.fields} tells of it. */
export interface FieldInfo {
  /** As in the store's fields. */
  readonly name: string;
  /** The integer that stands for the field in every token. */
  readonly type: number;
  /** How its cells are to be read. */
  readonly dtype: Dtype;
}

/** A field as the store's parts see it. */
export interface Field extends FieldInfo {
  /** Its place in field order, from 0. */
  readonly position: number;
  /** The native code of its dtype. */
  readonly kind: number;
  /** Whether it has been written as a list, so that a single token of it is a list of one. */
  isList: boolean;
}

/** Fields as the native library takes those whose cells it looks into. */
export function packCells(fields: readonly Field[]): Int32Array {
  const packed = new Int32Array(fieldCells.length * fields.length);
  for (const [i, { type, kind }] of fields.entries()) {
    packed[fieldCells.length * i + fieldCells.type] = type;
    packed[fieldCells.length * i + fieldCells.kind] = kind;
  }
  return packed;
}

const typeMin = -(2 ** 31);
const typeMax = 2 ** 31 - 1;

/** Checks fields and lays them out in field order. */
export function parseFields(given: FieldList): Field[] {
  const fields = fieldEntries(given).map(([name, declared], position) =>
    parseField(name, declared, position)
  );
  if (fields.length === 0) {
    throw new RangeError("Cannot create a store: there must be at least 1 field, got 0");
  }
  const [names, nameOfType] = [new Set<string>(), new Map<number, string>()];
  for (const { name, type } of fields) {
    if (names.has(name)) {
      throw new RangeError(`Cannot create a store: field names must differ, got "${name}" twice`);
    }
    const other = nameOfType.get(type);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot create a store: type IDs must differ, got ${type} for "${other}" and for "${name}"`,
      );
    }
    names.add(name);
    nameOfType.set(type, name);
  }
  return fields;
}

/** Names and what they are stored as, from any of the forms. */
function fieldEntries(given: FieldList): FieldEntry[] {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot create a store: fields must be an object of name and type ID, a list of [name, type ID], or a list of names, got ${
        describe(given)
      }`,
    );
  }
  if (!Array.isArray(given)) {
    const entries = Object.entries(given as FieldMap);
    const moved = entries.find(([name]) => isArrayIndex(name));
    if (moved !== undefined) throw noOrder(moved[0], entries);
    return entries;
  }
  const [first] = given;
  return Array.from(given as readonly (FieldEntry | string)[], (field, position): FieldEntry => {
    if (typeof field === "string" && typeof first === "string") return [field, position];
    if (Array.isArray(field) && field.length === 2 && typeof field[0] === "string") {
      if (Array.isArray(first)) return [field[0], field[1]];
    }
    const wanted = typeof first === "string" ? "a name like those before" : "[name, type ID]";
    throw new TypeError(
      `Cannot create a store: fields[${position}] must be ${wanted}, got ${describe(field)}`,
    );
  });
}

/** The names that stand first in every object, in the order of their numbers. */
function isArrayIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(name) && Number(name) < 2 ** 32 - 1;
}

function noOrder(name: string, entries: readonly FieldEntry[]): RangeError {
  const shown = entries.slice(0, 3).map(([name, type]) => {
    return `[${describe(name)}, ${typeof type === "number" ? type : "…"}]`;
  });
  const form = `[${shown.join(", ")}${entries.length > shown.length ? ", …" : ""}]`;
  return new RangeError(
    `Cannot create a store: an object does not keep the order of names that are whole numbers: give fields as a list of [name, type ID] in field order, as ${form}, got "${name}" in an object`,
  );
}

function parseField(name: string, declared: FieldType, position: number): Field {
  // Rows are objects whose `step` is the step.
  if (name === "step") {
    throw new RangeError('Cannot create a store: no field can be named "step", which is the step itself');
  }
  const { type, dtype = "float64", ...rest } = typeof declared === "object" && declared !== null
    ? declared
    : { type: declared };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot create a store: "${name}" must be a type ID or { type, dtype }, got ${describe(unknown)} in it`,
    );
  }
  if (typeof type !== "number") {
    throw new TypeError(
      `Cannot create a store: the type ID of "${name}" must be a number, got ${describe(type)}`,
    );
  }
  if (!Number.isInteger(type) || type < typeMin || type > typeMax) {
    throw new RangeError(
      `Cannot create a store: the type ID of "${name}" must be an integer from ${typeMin} to ${typeMax}, got ${type}`,
    );
  }
  if (!Object.hasOwn(fieldKind, dtype)) {
    throw new RangeError(
      `Cannot create a store: the dtype of "${name}" must be float64, int64 or uint64, got ${
        describe(dtype)
      }`,
    );
  }
  return { name, type, dtype, position, kind: fieldKind[dtype], isList: false };
}

/** A value as an error message shows it: short, and never failing. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return describeView(value);
  if (typeof value === "object" && value !== null) return `a value of class ${classOf(value) ?? "Object"}`;
  return String(value);
}

/** A proxy may throw, or answer with anything. */
function classOf(value: object): string | undefined {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" ? name.slice(0, 40) : undefined;
  } catch {
    return undefined;
  }
}
