import { type Dtype, dtypeNames, integerRange, isWideInteger, type Range } from "./dtypes.ts";
import { fieldCells, fieldKind } from "./native/abi.ts";
import { type CellKind, cellOf } from "./store/cells.ts";
import type { OnlyKnown } from "./option_types.ts";
import { describeView } from "./typed_array.ts";

/**
 * What a field is stored as: its type ID, an int32, its dtype, or both. Without a dtype a field holds float64; without
 * type IDs, which all fields have or none, their places in field order stand for them. So there are `{ action: 0 }`,
 * `{ action: "uint8" }` and `{ action: { type: 0, dtype: "uint8" } }`. Part of {@linkcode FieldMap}.
 */
export type FieldType =
  | number
  | Dtype
  | { readonly type: number; readonly dtype?: Dtype }
  | { readonly dtype: Dtype };

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
 * names, which hold float64. Type IDs are given for all fields, or for none: then they are the fields' places. Taken by
 * {@linkcode StreamStore} and {@linkcode StreamStore.open}.
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

/**
 * The dtype that a field is declared with: all that it may be, where its type does not tell.
 *
 * @internal
 */
export type DtypeOf<Type> = Type extends Dtype ? Type
  : Type extends { readonly dtype: infer Given extends Dtype } ? Given
  : Type extends { readonly dtype?: infer Given } ? "float64" | Extract<Given, Dtype>
  : "float64";

/** A named column of the user's data, as {@linkcode StreamStore.fields} tells of it. */
export interface FieldInfo {
  /** As in the store's fields. */
  readonly name: string;
  /** The integer that stands for the field in every token. */
  readonly type: number;
  /** What its values are. */
  readonly dtype: Dtype;
}

/** A field as a text shows it: `reward: 2`, or `reward: 2 float32`. */
export function fieldText({ name, type, dtype }: FieldInfo): string {
  return `${name}: ${type}${dtype === "float64" ? "" : ` ${dtype}`}`;
}

/** A field as the store's parts see it. */
export interface Field extends FieldInfo {
  /** Its place in field order, from 0. */
  readonly position: number;
  /** The least and the most of the dtype's values, where it is one of integers that numbers hold. */
  readonly range: Range | null;
  /** What its cells are read as: the store's own kind, or integers of its width. */
  readonly element: CellKind;
  /** Whether it has been written as a list, so that a single token of it is a list of one. */
  isList: boolean;
}

/** Fields as the native library takes those whose cells it looks into. */
export function packCells(fields: readonly Field[]): Int32Array {
  const packed = new Int32Array(fieldCells.length * fields.length);
  for (const [i, field] of fields.entries()) {
    packed[fieldCells.length * i + fieldCells.type] = field.type;
    packed[fieldCells.length * i + fieldCells.kind] = fieldKind[field.element];
    packed[fieldCells.length * i + fieldCells.wide] = fieldKind[wideDtype(field)];
  }
  return packed;
}

const typeMin = -(2 ** 31);
const typeMax = 2 ** 31 - 1;

/** Checks fields and lays them out in field order. */
export function parseFields(given: FieldList): Field[] {
  const declared = fieldEntries(given).map(([name, type]) => parseField(name, type));
  const { elements } = cellOf(declared);
  const fields = declared.map(({ name, type, dtype }, position) =>
    newField(name, type ?? position, dtype, position, elements[position])
  );
  if (fields.length === 0) {
    throw new RangeError("Cannot create a store: there must be at least 1 field, got 0");
  }
  checkNumbered(declared);
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
      `Cannot create a store: fields must be an object of name and type ID or dtype, a list of [name, type ID or dtype], or a list of names, got ${
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
    const wanted = typeof first === "string" ? "a name like those before" : "[name, type ID or dtype]";
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
    return `[${describe(name)}, ${typeof type === "object" ? "…" : describe(type)}]`;
  });
  const form = `[${shown.join(", ")}${entries.length > shown.length ? ", …" : ""}]`;
  return new RangeError(
    `Cannot create a store: an object does not keep the order of names that are whole numbers: give fields as a list of [name, type ID or dtype] in field order, as ${form}, got "${name}" in an object`,
  );
}

/** A field that was not written yet. */
export function newField(
  name: string,
  type: number,
  dtype: Dtype,
  position: number,
  element = cellOf([{ dtype }]).kind,
): Field {
  return { name, type, dtype, position, range: integerRange(dtype), element, isList: false };
}

/** A field as it is declared; without a type ID where none is given. */
interface Declared {
  readonly name: string;
  readonly type: number | undefined;
  readonly dtype: Dtype;
}

function parseField(name: string, declared: FieldType): Declared {
  // Rows are objects whose `step` is the step.
  if (name === "step") {
    throw new RangeError('Cannot create a store: no field can be named "step", which is the step itself');
  }
  const { type, dtype = "float64" } = partsOf(name, declared);
  if (type !== undefined && typeof type !== "number") {
    throw new TypeError(
      `Cannot create a store: the type ID of "${name}" must be a number, got ${describe(type)}`,
    );
  }
  if (type !== undefined && (!Number.isInteger(type) || type < typeMin || type > typeMax)) {
    throw new RangeError(
      `Cannot create a store: the type ID of "${name}" must be an integer from ${typeMin} to ${typeMax}, got ${type}`,
    );
  }
  if (!dtypeNames.includes(dtype)) {
    throw new RangeError(
      `Cannot create a store: the dtype of "${name}" must be one of ${dtypeNames.join(", ")}, got ${
        describe(dtype)
      }`,
    );
  }
  return { name, type, dtype };
}

function partsOf(name: string, declared: FieldType): { readonly type?: number; readonly dtype?: Dtype } {
  if (typeof declared === "string") return { dtype: declared };
  if (typeof declared !== "object" || declared === null) return { type: declared };
  const { type, dtype, ...rest } = declared as { readonly type?: number; readonly dtype?: Dtype };
  const [unknown] = Object.keys(rest);
  if (unknown === undefined && (type !== undefined || dtype !== undefined)) return { type, dtype };
  throw new TypeError(
    `Cannot create a store: "${name}" must be a type ID, a dtype or { type, dtype }, got ${
      unknown === undefined ? "neither" : `${describe(unknown)} in it`
    }`,
  );
}

/** A place that stands for a type ID could be the type ID of another field. */
function checkNumbered(declared: readonly Declared[]): void {
  const numbered = declared.find(({ type }) => type !== undefined);
  const other = declared.find(({ type }) => type === undefined);
  if (numbered === undefined || other === undefined) return;
  throw new RangeError(
    `Cannot create a store: type IDs must be given for all fields or for none, got ${numbered.type} for "${numbered.name}" and none for "${other.name}"`,
  );
}

/** In what of 64 bits all values of a field can stand: integers of 64 bits as they are, and all others as float64. */
export function wideDtype({ dtype }: Pick<Field, "dtype">): "float64" | "int64" | "uint64" {
  return isWideInteger(dtype) ? dtype : "float64";
}

/** A field's value by its cell of 64 bits, with what its usual text leaves out: a sign, and the bits of a NaN. */
export function cellText(field: Field, cell: bigint): string {
  if (field.element === "uint64") return String(BigInt.asUintN(64, cell));
  if (field.element === "int64") return String(BigInt.asIntN(64, cell));
  const [value] = new Float64Array(BigUint64Array.of(cell).buffer);
  if (Number.isNaN(value)) return nanText(cell);
  return Object.is(value, -0) ? "-0" : String(value);
}

function nanText(cell: bigint): string {
  const bits = BigInt.asUintN(64, cell);
  return bits === 0x7ff8n << 48n ? "NaN" : `NaN of the bits 0x${bits.toString(16)}`;
}

/**
 * How tokens stand in the files: types in bytes where all IDs are such, and in none where there is one field; and what
 * cells are.
 */
export function tokenForm(
  fields: readonly Field[],
): { readonly typeBytes: number; readonly onlyType: number; readonly cellKind: number } {
  const cellKind = fieldKind[cellOf(fields).kind];
  if (fields.length === 1) return { typeBytes: 0, onlyType: fields[0].type, cellKind };
  const areBytes = fields.every(({ type }) => type >= 0 && type <= 255);
  return { typeBytes: areBytes ? 1 : 4, onlyType: 0, cellKind };
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
