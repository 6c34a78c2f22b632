/** The array of a store's cells, worked out by the compiler: the rule of `cellOf` once more. */
import type { ArrayOfDtype } from "../dtypes.ts";
import type { DtypeOf, FieldList, FieldName, FieldTypeOf } from "../fields.ts";
import type { CellKind } from "./cells.ts";

/**
 * What a store's cells are by the declaration of its fields: all that they can be, where its type does not tell.
 *
 * @internal
 */
export type CellOf<Fields extends FieldList> = ArrayOfDtype[
  true extends UncertainOf<Fields> ? CellKind : KindOf<DtypesOf<Fields>>
];

/**
 * The dtypes among the fields; a bool stands as a uint8.
 *
 * @internal
 */
type DtypesOf<Fields extends FieldList> = {
  readonly [Name in FieldName<Fields>]: DtypeOf<FieldTypeOf<Fields, Name>> extends infer Own
    ? Own extends "bool" ? "uint8" : Own
    : never;
}[FieldName<Fields>];

/**
 * For each field, whether its dtype is not known.
 *
 * @internal
 */
type UncertainOf<Fields extends FieldList> = {
  readonly [Name in FieldName<Fields>]: IsUnion<DtypeOf<FieldTypeOf<Fields, Name>>>;
}[FieldName<Fields>];

/**
 * The rule of `cellOf`.
 *
 * @internal
 */
type KindOf<Own> = IsUnion<Own> extends false ? Extract<Own, CellKind>
  : Extract<
    `${[Extract<Own, `float${string}`>] extends [never] ? "int" : "float"}${BitsOf<Own>}`,
    CellKind
  >;

/**
 * The bits of the widest.
 *
 * @internal
 */
type BitsOf<Own> = [Extract<Own, `${string}64`>] extends [never]
  ? [Extract<Own, `${string}32`>] extends [never] ? [Extract<Own, `${string}16`>] extends [never] ? 8 : 16
  : 32
  : 64;

/**
 * Whether a type may be one of several.
 *
 * @internal
 */
type IsUnion<Type, Each = Type> = [Type] extends [never] ? false
  : Each extends unknown ? ([Type] extends [Each] ? false : true)
  : never;
