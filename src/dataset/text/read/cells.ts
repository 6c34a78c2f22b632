/**
 * A value out of text: what JSON has, with integers that no number holds exactly as bigints. An undefined is a key that
 * is not there.
 */
export type Cell = number | bigint | boolean | string | null | undefined | readonly Cell[] | {
  readonly [key: string]: Cell;
};

/** Stands in a string for a number that JSON itself cannot say. It is half a character, which no text has that is whole. */
const mark = "\ud800#";

const needsMarks = /(?<![\d.])\d{16,}(?![\d.eE])|NaN|Infinity/;
const strings = /"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON with Python's words `NaN`, `Infinity` and `-Infinity` in it, and with integers of any length: each of those
 * arrives as a marked string, to be read by `unmark`.
 */
export function markNumbers(text: string): string {
  if (!needsMarks.test(text)) return text;
  return text.replace(strings, (found) => {
    const isPlain = found[0] === '"' || found.length < 16 && !/[NI]/.test(found);
    if (isPlain || /[.eE]/.test(found)) return found;
    return Number.isSafeInteger(Number(found)) ? found : JSON.stringify(mark + found);
  });
}

/** The number that a marked string stands for; anything else as it is. */
export function unmark(cell: Cell): Cell {
  if (typeof cell !== "string" || !cell.startsWith(mark)) return cell;
  const word = cell.slice(mark.length);
  return /\d/.test(word) ? BigInt(word) : Number(word);
}

/** The path of an object that has nothing else, as Python writes a picture that is elsewhere; undefined for any other cell. */
export function pathOf(cell: Cell): string | null | undefined {
  if (typeof cell !== "object" || cell === null || Array.isArray(cell)) return undefined;
  const { bytes, path, ...others } = cell as { readonly [key: string]: Cell };
  const isPath = bytes === null && (typeof path === "string" || path === null);
  return isPath && Object.keys(others).length === 0 ? path : undefined;
}

/** The JSON of a value, with its integers as they were and Python's words for what JSON has none. */
export function jsonOf(cell: Cell): string {
  const value = unmark(cell);
  if (typeof value === "bigint") return String(value);
  if (Object.is(value, -0)) return "-0.0";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map((entry) => jsonOf(entry)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  return `{${
    Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}:${jsonOf(entry)}`).join(",")
  }}`;
}
