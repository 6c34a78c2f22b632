/** Tables of aligned text. */
import { bold, printable } from "./output.ts";

export interface TableColumn {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: "left" | "right";
}

/** Two spaces between columns; the last one is not filled up. */
const gap = "  ";

/** The lines of a table: its titles, then its rows. A line is cut where the width ends. */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string[] {
  return new Table(columns, rows).linesOf(rows, width, true);
}

/** A table whose columns are as wide as its first rows need; what comes later and is wider sticks out. */
export class Table {
  readonly #columns: readonly TableColumn[];
  readonly #widths: readonly number[];

  constructor(columns: readonly TableColumn[], first: readonly (readonly string[])[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }, at) =>
      first.reduce((width, row) => Math.max(width, widthOf(printable(row[at]))), widthOf(title))
    );
  }

  linesOf(rows: readonly (readonly string[])[], width: number, hasTitles: boolean): string[] {
    const titles = this.#line(this.#columns.map(({ title }) => title), width);
    return [...(hasTitles ? [bold(titles)] : []), ...rows.map((row) => this.#line(row, width))];
  }

  #line(cells: readonly string[], width: number): string {
    const padded = cells.map((cell, at) => {
      const text = printable(cell);
      const space = " ".repeat(Math.max(0, this.#widths[at] - widthOf(text)));
      return this.#columns[at].align === "right" ? space + text : text + space;
    });
    return cut(padded.join(gap).trimEnd(), width);
  }
}

/** Text that ends in `…` where it would be wider. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [shown, taken] = ["", 0];
  for (const character of text) {
    taken += widthOf(character);
    if (taken > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}

const plain = /^[ -~]*$/;

/** Characters of East Asian scripts and pictures are two columns wide; marks that are put over others none. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += /\p{M}|\u200d/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** `1,234,567`: by hand, since a runtime takes milliseconds to load what it knows of languages. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1.2 MB`, `345 bytes`. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}
