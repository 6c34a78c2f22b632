import {
  type Data,
  type DataType,
  makeData,
  Null,
  type Table,
  Type,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import { dtypeOf } from "../append/columns.ts";
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
    return vectorOf(makeData({ type: type as never, length, nullCount: 0, data: raw as never }));
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
  const present = column.find((entry) => entry !== null && entry !== undefined);
  const kind = typeof present;
  const entries = column.map((entry) => entry ?? null);
  if (present === undefined) {
    return vectorFromArray(entries as never, new Null() as never) as unknown as Vector;
  }
  if (kind in listTypes) {
    const odd = column.findIndex((entry) => entry !== null && entry !== undefined && typeof entry !== kind);
    if (odd >= 0) {
      throw new TypeError(
        `Cannot ${action}: the extra column "${name}" at row ${odd} must be a ${kind} like those before, got ${
          describe(column[odd])
        }`,
      );
    }
    const outside = kind === "bigint"
      ? column.findIndex((entry) => typeof entry === "bigint" && BigInt.asIntN(64, entry) !== entry)
      : -1;
    if (outside >= 0) {
      throw new RangeError(
        `Cannot ${action}: the extra column "${name}" at row ${outside} must fit int64, got ${
          column[outside]
        }`,
      );
    }
    return vectorFromArray(entries as never, listTypes[kind]() as never) as unknown as Vector;
  }
  return vectorFromArray(entries as never) as unknown as Vector;
}

function vectorOf(data: Data): Vector {
  return new Vector([data]);
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
