/** What the cells of a store are, which are all of one width, and how each field stands in them. */
import { type Dtype, dtypeKinds, holds } from "../dtypes.ts";
import { fieldKind } from "../native/abi.ts";

/** The dtype of a store's cells. */
export type CellKind = Exclude<Dtype, "bool">;

const kindOfCode: ReadonlyMap<number, CellKind> = new Map(
  Object.entries(fieldKind).map(([kind, code]) => [code, kind as CellKind]),
);

/** What cells are, by the native code. */
export function cellKindOf(code: number): CellKind {
  return kindOfCode.get(code)!;
}

const letters = { float: "f", signed: "i", unsigned: "u", bool: "u" } as const;

/** The name of the file of cells. */
export function dataFile(kind: CellKind): string {
  const { kind: sort, bits } = dtypeKinds[kind];
  return `data.${letters[sort]}${bits}`;
}

export const dataFiles: readonly string[] = [...kindOfCode.values()].map(dataFile);

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
  const [first = "float64"] = kinds;
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
