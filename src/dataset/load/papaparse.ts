import Papa from "papaparse";

/** Rows of cells, and what was wrong with the text. */
interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly message: string; readonly row?: number }[];
}

/**
 * papaparse with types of its own: it brings none along, and whoever checks a program that uses this package need not
 * have installed any.
 */
export function parseCells(text: string, options: { readonly delimiter: string }): Parsed {
  return Papa.parse(text, { ...options, header: false }) as Parsed;
}
