/** Which rows are shown: the left edge of the plot is row `from`, the right edge row `to`, absolute. */

export interface View {
  readonly from: number;
  readonly to: number;
}

/** Rows that the store has: `[firstRow, endRow)`. */
export interface Bounds {
  readonly firstRow: number;
  readonly endRow: number;
}

/** Nearer than this there is nothing more to see. */
const rowsMin = 4;

/**
 * So many rows a device pixel, and more, are drawn from columns of pixels, fewer from all rows: uPlot's own limit. The
 * server gives at most 8,192 rows of those.
 */
const rowsAPixel = 4;
const rowsMax = 8000;

export function wholeOf({ firstRow, endRow }: Bounds): View {
  return { from: firstRow, to: Math.max(endRow, firstRow + 1) };
}

/** A view that lies within the store, as wide as it was where there is room. */
export function clamped({ from, to }: View, bounds: Bounds): View {
  const whole = wholeOf(bounds);
  const width = Math.min(Math.max(to - from, rowsMin), whole.to - whole.from);
  const start = Math.min(Math.max(from, whole.from), whole.to - width);
  return { from: start, to: start + width };
}

/** The row `at` stays where it is; a factor above 1 shows more rows. */
export function zoomed({ from, to }: View, at: number, factor: number, bounds: Bounds): View {
  const width = Math.max(rowsMin, factor * (to - from));
  const start = at - width * (at - from) / (to - from);
  return clamped({ from: start, to: start + width }, bounds);
}

export function panned({ from, to }: View, rows: number, bounds: Bounds): View {
  return clamped({ from: from + rows, to: to + rows }, bounds);
}

/** Whether so many rows are drawn from columns of pixels. */
function isDense(rows: number, pixels: number): boolean {
  return rows + 1 >= Math.min(rowsAPixel * pixels, rowsMax);
}

/**
 * Where columns of pixels are drawn, a view begins and ends with a row, so that each column holds just its rows; else with
 * a thousandth of one, as the address has it.
 */
export function snapped({ from, to }: View, pixels: number): View {
  const round = isDense(to - from, pixels) ? Math.round : thousandth;
  return { from: round(from), to: round(to) };
}

const thousandth = (row: number) => Math.round(1000 * row) / 1000;

/** What the server is asked for. */
export interface Asked {
  readonly from: number;
  readonly to: number;
  /** One a row where `isDense` is false. */
  readonly columns: number;
  readonly isDense: boolean;
}

/** What is drawn at a view of so many device pixels: a column of each, or each row and one more at both ends. */
export function askedFor(view: View, pixels: number, { firstRow, endRow }: Bounds): Asked {
  const { from, to } = snapped(view, pixels);
  if (isDense(to - from, pixels)) return { from, to, columns: pixels, isDense: true };
  const first = Math.max(firstRow, Math.floor(from) - 1);
  const end = Math.max(first + 1, Math.min(endRow, Math.ceil(to) + 1));
  return { from: first, to: end, columns: end - first, isDense: false };
}

/** `120:4500`, as it stands in the address. */
export function viewText({ from, to }: View): string {
  return `${thousandth(from)}:${thousandth(to)}`;
}

export function parseView(text: string | undefined): View | null {
  const [, from, to] = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text ?? "") ?? [];
  if (from === undefined || !(Number(from) < Number(to))) return null;
  return { from: Number(from), to: Number(to) };
}

/** A row that the address names. */
export function parseRow(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null;
}
