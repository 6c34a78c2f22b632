/**
 * What the 64 bits of a field's tokens hold. Numbers and booleans are kept exactly: an integer that the dtype does not
 * hold is refused.
 *
 * @example
 * ```ts
 * import { type Dtype, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const dtype: Dtype = "int64";
 * using store = new StreamStore({ id: { type: 0, dtype } });
 * store.append(0, { id: 2n ** 53n + 1n });
 * assert.equal(store.row(0).id, 9007199254740993n);
 * ```
 */
export type Dtype = "float64" | "int64" | "uint64";

/**
 * A field's type ID, an int32, or its type ID and dtype. Without a dtype a field holds float64.
 *
 * @example
 * ```ts
 * import { type FieldType, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const time: FieldType = { type: 7, dtype: "uint64" };
 * using store = new StreamStore({ time, reward: 8 });
 * assert.deepEqual(store.fields.map(({ dtype }) => dtype), ["uint64", "float64"]);
 * ```
 */
export type FieldType = number | { readonly type: number; readonly dtype?: Dtype };

/**
 * Field names and what they are stored as, in field order. No field can be named `step`, and no two have one type ID.
 *
 * @example
 * ```ts
 * import { type FieldMap, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * const fields: FieldMap = { action: 0, observation: 1, frame: { type: 2, dtype: "int64" } };
 * using store = new StreamStore(fields);
 * assert.deepEqual(store.fields.map(({ name }) => name), ["action", "observation", "frame"]);
 * ```
 */
export type FieldMap = Readonly<Record<string, FieldType>>;

/**
 * A named column of the user's data, as `store.fields` tells of it.
 *
 * @example
 * ```ts
 * import { type FieldInfo, StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 3 });
 * const [reward]: readonly FieldInfo[] = store.fields;
 * assert.deepEqual(reward, { name: "reward", type: 3, dtype: "float64" });
 * ```
 */
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
