/** What the values of a batch's field are to its heat map. */
import type { BatchField, Shown } from "../../protocol.ts";
import type { Cell } from "./map_layout.ts";

/** `value`: there is one. `padding`: no row of the window stands there. `missing`: the row lacks the field, or has fewer. */
export type CellKind = "value" | "padding" | "missing";

export function placeOf({ shape: [, rows, width] }: BatchField, { window, row, value }: Cell): number {
  return (window * rows + row) * width + value;
}

export function kindOf(field: BatchField, cell: Cell): CellKind {
  if (field.present[cell.window * field.shape[1] + cell.row] !== 1) return "padding";
  return field.mask[placeOf(field, cell)] === 1 ? "value" : "missing";
}

/** A value as a number: large integers are near enough for a colour. */
export function numberOf(value: Shown): number {
  return typeof value === "boolean" ? Number(value) : value === null ? NaN : Number(value);
}

/** The least and the greatest finite value that is no padding. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export function rangeOf({ values, mask }: BatchField): Range | null {
  let [min, max] = [Infinity, -Infinity];
  values.forEach((shown, place) => {
    const value = numberOf(shown);
    if (mask[place] !== 1 || !Number.isFinite(value)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  return min <= max ? { min, max } : null;
}

/** How far a value is from the least to the greatest. Halves, lest a difference overflows. */
export function partOf({ min, max }: Range, value: number): number {
  return min === max ? 0.5 : (value / 2 - min / 2) / (max / 2 - min / 2);
}

/** How much of a field is padding, and how much its rows lack, as parts of all its values. */
export function sharesOf(field: BatchField): { readonly padding: number; readonly missing: number } {
  const { mask, present, shape: [, , width] } = field;
  const padded = present.filter((is) => is !== 1).length * width;
  const there = mask.filter((is) => is === 1).length;
  return { padding: padded / mask.length, missing: (mask.length - padded - there) / mask.length };
}
