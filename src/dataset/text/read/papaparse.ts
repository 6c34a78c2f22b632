/**
 * papaparse with types of its own: it brings none along, and whoever checks a program that uses this package need not
 * have installed any.
 */
import Papa from "papaparse";

/** Rows of cells, and what was wrong with the text. */
interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly message: string; readonly row?: number }[];
}

interface Options {
  readonly delimiter: string;
}

/** The cells of all rows. */
export function parseCells(text: string, options: Options): Parsed {
  return Papa.parse(text, { ...options, header: false }) as Parsed;
}

/** Calls back with the cells of each row, and with where the row ends in the text, until it returns true. */
export function findRow(
  text: string,
  options: Options,
  isIt: (cells: readonly string[], end: number) => boolean,
): void {
  Papa.parse(text, {
    ...options,
    header: false,
    step: (row: { data: string[]; meta: { cursor: number } }, parser: { abort(): void }) => {
      if (isIt(row.data, row.meta.cursor)) parser.abort();
    },
  });
}
