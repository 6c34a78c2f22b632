/**
 * How fields stand in a store's cells, by the rule of docs/storage-format.md and nothing else: as wide as the widest
 * field; of the fields' dtype where they have one; else the float, or without a float the signed integer, of that width.
 */
import type { Dtype } from "../../../mod.ts";
import { roundTo, type ValueDtype } from "../sampler/rounding.ts";
import { arrayOf, borderCells, bytesOf, cellOf, isFloat, isNan, valueOf } from "./values.ts";

/** What cells are, and by dtype whether a field's values stand in them as they are, or its own bits do. */
export interface CellRule {
  readonly kind: Dtype;
  readonly bytes: number;
  readonly isValue: (dtype: Dtype) => boolean;
}

export function cellRule(dtypes: readonly Dtype[]): CellRule {
  const own = new Set(dtypes.map((dtype): Dtype => dtype === "bool" ? "uint8" : dtype));
  const bytes = Math.max(...dtypes.map(bytesOf));
  const [only] = own;
  const widest = `${dtypes.some(isFloat) ? "float" : "int"}${8 * bytes}` as Dtype;
  const kind = own.size === 1 ? only : widest;
  const areValues = new Map(dtypes.map((dtype) => {
    return [dtype, borderCells(dtype).every((cell) => isHeld(kind, dtype, cell))];
  }));
  return { kind, bytes, isValue: (dtype) => areValues.get(dtype)! };
}

/** Whether an array of a kind gives the value of a dtype's bits again. */
function isHeld(kind: Dtype, dtype: Dtype, cell: bigint): boolean {
  if (isNan(dtype, cell)) return isFloat(kind);
  const value = valueOf(dtype, cell);
  const found = valueOf(kind, cellIn(kind, value));
  return found == value && Object.is(Number(found), Number(value));
}

/** The bits of a value in an array of a kind, as JavaScript converts it. */
function cellIn(kind: Dtype, value: number | bigint): bigint {
  const isWide = kind.endsWith("int64");
  if (isWide) return Number.isInteger(Number(value)) ? cellOf(kind, BigInt(value)) : 0n;
  return cellOf(kind, Number(value));
}

/** The bits that stand in a cell for a field's own; null where they are a NaN's, of which only that much is said. */
export function storedBits({ kind, bytes, isValue }: CellRule, dtype: Dtype, cell: bigint): bigint | null {
  if (isValue(dtype)) return isNan(dtype, cell) ? null : cellIn(kind, valueOf(dtype, cell));
  return BigInt.asUintN(8 * bytes, BigInt(valueOf(dtype, cell)));
}

/** What a copy has of a token: in floats the nearest number, in integers what stands in the cell. */
export function copiedValue(rule: CellRule, into: Dtype, dtype: Dtype, cell: bigint): number | bigint {
  const value = valueOf(dtype, cell);
  if (isFloat(into)) return roundTo(value, into as ValueDtype);
  return arrayOf(into, [storedBits(rule, dtype, cell)!])[0];
}
