/**
 * A value out of text: what JSON has, with integers that no number holds exactly as bigints. An undefined is a key that
 * is not there.
 */
export type Cell = number | bigint | boolean | string | null | undefined | readonly Cell[] | {
  readonly [key: string]: Cell;
};

/** Stands in a string for a number that JSON itself cannot say. Text of a file can begin with it too: a field has none. */
const mark = "\u0001#";

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
