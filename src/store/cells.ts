/** What the cells of a store are, which are all of one width, and how each field stands in them. */
import { type ArrayOfDtype, type Dtype, dtypeKinds, holds } from "../dtypes.ts";
import type { DtypeOf, FieldList, FieldName, FieldTypeOf } from "../fields.ts";

/** The dtype of a store's cells. */
export type CellKind = Exclude<Dtype, "bool">;

/** A store's cells, and by position in field order as what a field's cells are read: as values, or as its own bits. */
export interface CellLayout {
  readonly kind: CellKind;
  readonly elements: readonly CellKind[];
}

/**
 * The cells of a store with these fields, as wide as the widest. Where all have one dtype it is that; else the float or,
 * without a float among them, the signed integer of that width. A field whose values that does not hold stands in it as
 * its own bits, with the sign extended.
 */
export function cellOf(fields: readonly { readonly dtype: Dtype }[]): CellLayout {
  const dtypes = fields.map(({ dtype }) => dtype);
  const kinds = dtypes.map((dtype): CellKind => dtype === "bool" ? "uint8" : dtype);
  const [first] = kinds;
  if (kinds.every((kind) => kind === first)) return { kind: first, elements: kinds };
  const bits = Math.max(...dtypes.map((dtype) => dtypeKinds[dtype].bits));
  const hasFloat = dtypes.some((dtype) => dtypeKinds[dtype].kind === "float");
  const kind = `${hasFloat ? "float" : "int"}${bits}` as CellKind;
  const elements = dtypes.map((dtype): CellKind => {
    if (holds(kind, dtype)) return kind;
    return `${dtypeKinds[dtype].kind === "signed" ? "int" : "uint"}${bits}` as CellKind;
  });
  return { kind, elements };
}

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
