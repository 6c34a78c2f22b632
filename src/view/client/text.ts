/** Numbers and values as they are read. */
import type { CutList, Shown } from "../protocol.ts";

/** `1,234,567` */
export function grouped(number: number): string {
  return number.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `12.3 MB`, in thousands. */
export function bytesText(bytes: number): string {
  let [number, unit] = [bytes, 0];
  while (number >= 1000 && unit < units.length - 1) [number, unit] = [number / 1000, unit + 1];
  const digits = unit === 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return `${number.toFixed(digits)} ${units[unit]}`;
}

/** A value as a table has it: numbers to six digits, lists in brackets. */
export function shownText(value: Shown | CutList): string {
  if (value === null) return "–";
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object") return String(value);
  if (!isCut(value)) return `[${value.map(shownText).join(", ")}]`;
  return `[${value.entries.map(shownText).join(", ")}, … ${grouped(value.length)} in all]`;
}

const isCut = (value: readonly Shown[] | CutList): value is CutList => !Array.isArray(value);

/** Whole numbers in full, others to six digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 53) return String(value);
  return String(Number(value.toPrecision(6)));
}
