/** Values of rows as a table shows them: short, and never longer than a line. */
import type { FieldInfo } from "../fields.ts";
import { cut, grouped } from "./table.ts";

export type CellValue = number | bigint | ArrayLike<number | bigint> | string | Uint8Array | null | undefined;

const entriesShown = 6;
const textShown = 40;

/** A field's value: a number, or a list of which the first entries are shown. */
export function valueText(value: CellValue, dtype?: FieldInfo["dtype"]): string {
  if (value === undefined || value === null) return "-";
  if (typeof value === "number") return numberCell(value, dtype);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return cut(JSON.stringify(value), textShown);
  const shown = Array.from({ length: Math.min(value.length, entriesShown) }, (_, i) => {
    const entry = value[i];
    return typeof entry === "bigint" ? String(entry) : numberCell(entry, dtype);
  });
  const rest = value.length > entriesShown ? `, … ${value.length}` : "";
  return `[${shown.join(", ")}${rest}]`;
}

/** The shortest text that the dtype rounds to the same value: 0.1, where a float32 is as near to it as it can be. */
function numberCell(value: number, dtype?: FieldInfo["dtype"]): string {
  if (Object.is(value, -0)) return "-0";
  const round = dtype === "float32" ? Math.fround : dtype === "float16" ? toFloat16 : undefined;
  if (round === undefined || !Number.isFinite(value)) return String(value);
  for (let digits = 3; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (round(short) === value) return String(short);
  }
  return String(value);
}

/** `Math.f16round` is not on every runtime. */
function toFloat16(value: number): number {
  return typeof Float16Array === "undefined" ? value : Float16Array.of(value)[0];
}

/** A number that was computed: 6 digits. */
export function roundedText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** Bytes of an extra, by what they begin with. */
export function extraText(value: string | Uint8Array | null): string {
  if (value === null) return "-";
  if (typeof value === "string") return valueText(value);
  return `${grouped(value.length)} bytes${kindOfBytes(value)}`;
}

function kindOfBytes(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xd8) return " (JPEG)";
  if (first === 0x89 && second === 0x50 && third === 0x4e && fourth === 0x47) return " (PNG)";
  return "";
}
