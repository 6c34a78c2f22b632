/**
 * Which row stands at the top for how far an element is scrolled. Browsers know no element that is higher than about 17
 * (Firefox) to 33 (Chromium) million pixels: where all rows are higher, the bar stands for a part of all rows.
 */

const heightMax = 8_000_000;

export class ScrollScale {
  /** Of all rows, or what stands for them; pixels. */
  readonly height: number;
  /** The row at the top when the last one is at the bottom; from 0. */
  readonly lastTop: number;
  readonly #rowHeight: number;
  readonly #scrollMax: number;

  constructor(rowCount: number, rowHeight: number, viewHeight: number) {
    this.#rowHeight = rowHeight;
    this.height = Math.min(heightMax, Math.max(viewHeight, rowCount * rowHeight));
    this.lastTop = Math.max(0, rowCount - viewHeight / rowHeight);
    this.#scrollMax = this.height - viewHeight;
  }

  /** Whether a pixel of the bar stands for more than a pixel of rows. */
  get isShort(): boolean {
    return this.#scrollMax < this.lastTop * this.#rowHeight - 1;
  }

  /** With a part of a row, which has left the view. */
  topOf(scrolled: number): number {
    if (this.#scrollMax <= 0) return 0;
    return Math.min(this.lastTop, Math.max(0, scrolled) / this.#scrollMax * this.lastTop);
  }

  scrolledOf(top: number): number {
    return this.lastTop === 0 ? 0 : Math.min(1, Math.max(0, top / this.lastTop)) * this.#scrollMax;
  }
}
