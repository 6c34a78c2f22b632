import { type DataType, makeData, Null, type Table, Type, Utf8, Vector, vectorFromArray } from "apache-arrow";
import { dtypeOf } from "../dtypes.ts";
import { describe } from "../fields.ts";
import { attachedLength, kindOf, plainView } from "../typed_array.ts";
import type { NumberArray } from "../append/values.ts";
import { type ArrowType, arrowValueType, listsOf, valueTypeOf } from "./table/types.ts";
import { type Feature, featureOf, listFeature } from "./features.ts";
import { parseValueType } from "./value_types.ts";

/**
 * An Arrow vector.
 *
 * @internal
 */
type ArrowVector = NonNullable<ReturnType<Table["getChildAt"]>>;

/**
 * A column beside the fields, of shape `[rows]`: an Arrow vector, a typed array, or a list of strings, numbers,
 * booleans or bigints, in which null stands for nothing. Part of {@linkcode ToDatasetOptions}.
 */
export type ExtraColumn = ArrowVector | NumberArray | readonly unknown[];

const action = "convert to a dataset";

/** The column as an Arrow vector, and its feature where it has one that can be told from the type. */
export function extraVector(
  name: string,
  column: ExtraColumn,
  rowCount: number,
): { readonly vector: Vector; readonly feature: Feature | null } {
  const vector = toVector(name, column);
  if (vector.length !== rowCount) {
    throw new RangeError(
      `Cannot ${action}: the extra column "${name}" must have ${rowCount} rows, got ${vector.length}`,
    );
  }
  return { vector, feature: extraFeature(vector.type as unknown as ArrowType) };
}

function toVector(name: string, column: ExtraColumn): Vector {
  if (isVector(column)) return new Vector([...column.data]);
  if (kindOf(column) !== undefined) {
    attachedLength(`Cannot ${action}: the extra column "${name}"`, column as NumberArray);
    const { buffer, byteOffset, length } = plainView(column as NumberArray);
    const type = arrowValueType(parseValueType(dtypeOf(column as NumberArray))!);
    const raw = new (type.ArrayType as Float64ArrayConstructor)(buffer as ArrayBuffer, byteOffset, length);
    return new Vector([
      makeData({ type: type as never, length, nullCount: 0, data: raw as never }),
    ]) as unknown as Vector;
  }
  if (Array.isArray(column)) return listVector(name, column);
  throw new TypeError(
    `Cannot ${action}: the extra column "${name}" must be an Arrow vector, a typed array or a list, got ${
      describe(column)
    }`,
  );
}

/** By what a vector has: another copy of the library makes them of another class. */
function isVector(column: unknown): column is Vector {
  return typeof column === "object" && column !== null && Array.isArray((column as Vector).data) &&
    typeof (column as Vector).type?.typeId === "number";
}

const listTypes: Readonly<Record<string, () => DataType>> = {
  string: () => new Utf8(),
  number: () => arrowValueType(parseValueType("float64")!),
  bigint: () => arrowValueType(parseValueType("int64")!),
  boolean: () => arrowValueType(parseValueType("bool")!),
};

/** null and undefined are null; the other entries must be of one type. */
function listVector(name: string, column: readonly unknown[]): Vector {
  const refuse = (row: number, what: string, got: unknown) =>
    `Cannot ${action}: the extra column "${name}" at row ${row} must ${what}, got ${got}`;
  const entries = column.map((entry) => entry ?? null);
  const present = entries.find((entry) => entry !== null) ?? null;
  const kind = typeof present;
  if (present !== null && !(kind in listTypes)) return vectorFromArray(entries as never) as unknown as Vector;
  for (const [row, entry] of entries.entries()) {
    if (entry === null) continue;
    if (typeof entry !== typeof present) {
      throw new TypeError(refuse(row, `be a ${kind} like those before`, describe(entry)));
    }
    if (typeof entry === "bigint" && BigInt.asIntN(64, entry) !== entry) {
      throw new RangeError(refuse(row, "fit int64", entry));
    }
  }
  const type = present === null ? new Null() : listTypes[kind]();
  return vectorFromArray(entries as never, type as never) as unknown as Vector;
}

const plainNames: Readonly<Record<string, string>> = {
  Utf8: "string",
  LargeUtf8: "large_string",
  Binary: "binary",
  LargeBinary: "large_binary",
  Null: "null",
};

/** The feature that HuggingFace has for an Arrow type, or null where this is not known here. */
function extraFeature(type: ArrowType): Feature | null {
  const { levels, entry } = listsOf(type);
  const value = valueTypeOf(entry);
  if (value !== null && entry.typeId !== Type.Dictionary) return featureOf({ value, levels, isArray: false });
  const name = plainNames[String(entry)];
  const inner = name !== undefined
    ? { dtype: name, _type: "Value" } as const
    : entry.typeId === Type.Struct
    ? structFeature(entry)
    : null;
  return inner === null ? null : listFeature(levels, inner as Feature);
}

/** A struct is a plain object of features; as an extra column may be one, but no field. */
function structFeature({ children }: ArrowType): unknown {
  const features = children!.map((child) => [child.name, extraFeature(child.type)] as const);
  return features.some(([, feature]) => feature === null) ? null : Object.fromEntries(features);
}
