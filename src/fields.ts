/** What the 64 bits of a field's tokens hold. */
export type Dtype = "float64" | "int64" | "uint64";

/** A field's type ID, or its type ID and dtype. Without a dtype a field holds float64. */
export type FieldType = number | { readonly type: number; readonly dtype?: Dtype };

/** Field names and what they are stored as, in field order. */
export type FieldMap = Readonly<Record<string, FieldType>>;

/** A named column of the user's data. */
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

export const kinds: Readonly<Record<Dtype, number>> = { float64: 0, int64: 3, uint64: 4 };

const typeMin = -(2 ** 31);
const typeMax = 2 ** 31 - 1;

/** Checks a field map and lays it out in field order. */
export function parseFields(map: FieldMap): Field[] {
  if (map === null || typeof map !== "object" || Array.isArray(map)) {
    throw new TypeError(
      `Cannot create a store: fields must be an object of name and type ID, got ${describe(map)}`,
    );
  }
  const fields = Object.entries(map).map(([name, declared], position) =>
    parseField(name, declared, position)
  );
  if (fields.length === 0) {
    throw new RangeError("Cannot create a store: there must be at least 1 field, got 0");
  }
  const nameOfType = new Map<number, string>();
  for (const { name, type } of fields) {
    const other = nameOfType.get(type);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot create a store: type IDs must differ, got ${type} for "${other}" and for "${name}"`,
      );
    }
    nameOfType.set(type, name);
  }
  return fields;
}

function parseField(name: string, declared: FieldType, position: number): Field {
  // Rows are objects whose `step` is the step.
  if (name === "step") {
    throw new RangeError('Cannot create a store: no field can be named "step", which is the step itself');
  }
  const { type, dtype = "float64" } = typeof declared === "object" && declared !== null
    ? declared
    : { type: declared };
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
  if (!Object.hasOwn(kinds, dtype)) {
    throw new RangeError(
      `Cannot create a store: the dtype of "${name}" must be float64, int64 or uint64, got ${
        describe(dtype)
      }`,
    );
  }
  return { name, type, dtype, position, kind: kinds[dtype], isList: false };
}

/** A value as an error message shows it: short, and never failing. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    return ArrayBuffer.isView(value)
      ? `a ${name} of ${value.byteLength} bytes`
      : `a value of class ${name ?? "Object"}`;
  }
  return String(value);
}
