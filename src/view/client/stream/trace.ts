/**
 * The line through columns of pixels: in every column from its first value over the least and the greatest to the last,
 * which is the line through all rows (M4). As uPlot draws it from all points: the same corners in the same order.
 *
 * A column without a value breaks the line; so where a column is a row, every row without one does. What stands alone
 * is a dot. Where a column has several rows, a gap that is narrower than a column is not seen.
 */
import type { Columns, Detail } from "./columns.ts";

/** What takes the line: a `Path2D`. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** Where rows and values stand on the canvas, in device pixels. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
  readonly least: number;
  readonly greatest: number;
}

export function pixelOfRow({ left, width, from, to }: Plot, row: number): number {
  return Math.round(left + width * ((row - from) / (to - from)));
}

export function pixelOfValue({ top, height, least, greatest }: Plot, value: number): number {
  return Math.round(top + height * (1 - (value - least) / (greatest - least)));
}

/** Draws rows `[from, to)` of a series, as far as the detail has them. */
export function trace(
  pen: Pen,
  detail: Detail,
  name: string,
  plot: Plot,
  from = -Infinity,
  to = Infinity,
): void {
  const columns = detail.series.get(name);
  if (columns === undefined) return;
  const line = new Line(pen);
  const width = (detail.to - detail.from) / detail.columns;
  // One more at each side: lines go out of the plot.
  const first = Math.max(0, Math.floor((Math.max(from, plot.from) - detail.from) / width) - 1);
  const end = Math.min(detail.columns, Math.ceil((Math.min(to, plot.to) - detail.from) / width) + 1);
  const y = (value: number) => pixelOfValue(plot, value);
  for (let column = first; column < end; column++) {
    if (columns.count[column] === 0) {
      line.rest();
      continue;
    }
    const before = column === 0 ? detail.before.get(name) ?? NaN : NaN;
    const values = valuesOf(columns, column, before);
    line.column(pixelOfRow(plot, detail.from + column * width), ...values.map(y) as Corners);
  }
  const after = detail.after.get(name) ?? NaN;
  if (end === detail.columns && !Number.isNaN(after)) line.point(pixelOfRow(plot, detail.to), y(after));
  line.rest();
}

type Corners = [first: number, min: number, max: number, last: number];

/** The row before the first column stands less than half a pixel before it: it is the first of it. */
function valuesOf({ first, last, min, max }: Columns, column: number, before: number): Corners {
  if (Number.isNaN(before)) return [first[column], min[column], max[column], last[column]];
  return [before, Math.min(min[column], before), Math.max(max[column], before), last[column]];
}

class Line {
  #isBroken = true;
  /** A point that nothing has been drawn from, or none. */
  #alone: readonly [number, number] | null = null;

  constructor(readonly pen: Pen) {}

  column(x: number, first: number, min: number, max: number, last: number): void {
    this.point(x, first);
    // Values grow upwards, pixels downwards: the least value has the greatest.
    if (min === max) return;
    this.#alone = null;
    if (first !== min && last !== min) this.pen.lineTo(x, min);
    if (first !== max && last !== max) this.pen.lineTo(x, max);
    this.pen.lineTo(x, last);
  }

  point(x: number, y: number): void {
    if (this.#isBroken) {
      this.pen.moveTo(x, y);
      this.#alone = [x, y];
    } else {
      this.pen.lineTo(x, y);
      this.#alone = null;
    }
    this.#isBroken = false;
  }

  /** The line ends here. */
  rest(): void {
    if (this.#alone !== null) {
      const [x, y] = this.#alone;
      this.pen.moveTo(x - 0.5, y);
      this.pen.lineTo(x + 0.5, y);
    }
    this.#isBroken = true;
    this.#alone = null;
  }
}
