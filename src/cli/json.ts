/** Values as JSON, a line each, in the words that this package's JSON lines have for numbers that JSON lacks. */
import { printable } from "./output.ts";

/** What is shown: a bigint is its digits, a typed array a list, bytes their base64. */
export type Shown =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | ArrayLike<number | bigint>
  | readonly Shown[]
  | { readonly [name: string]: Shown };

/**
 * JSON of a value. NaN and the infinities are the words `NaN`, `Infinity` and `-Infinity`, as Python's `json` has them.
 * Entries that are undefined are left out. No character in it steers a terminal.
 */
export function jsonOf(value: Shown): string {
  switch (typeof value) {
    case "string":
      return printable(JSON.stringify(value));
    case "number":
      return numberText(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "null";
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(", ")}]`;
  if (ArrayBuffer.isView(value)) {
    return `[${Array.from(value as unknown as ArrayLike<number | bigint>, jsonOf).join(", ")}]`;
  }
  const entries = Object.entries(value as { readonly [name: string]: Shown });
  return `{${entriesOf(entries)}}`;
}

/** The entries of an object, for names that an object would put elsewhere. */
export function jsonObject(entries: readonly (readonly [string, Shown])[]): string {
  return `{${entriesOf(entries)}}`;
}

function entriesOf(entries: readonly (readonly [string, Shown])[]): string {
  return entries.filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${jsonOf(name)}: ${jsonOf(value)}`).join(", ");
}

/** The shortest text that reads back as the same number, -0 included. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? "-0.0" : String(value);
}
