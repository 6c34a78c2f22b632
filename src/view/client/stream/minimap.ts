/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** All rows of the store, small, and which of them are shown: drag to see others. */
import { element } from "../element.ts";
import { colour, currentTheme, isDark } from "../theme.ts";
import type { ChartLine } from "./chart.ts";
import { type Detail, rangeOf, scaleOf } from "./columns.ts";
import { trace } from "./trace.ts";
import { type Bounds, type View, wholeOf } from "./view_range.ts";

export class Minimap {
  readonly host = element("div", "minimap");
  readonly #canvas = element("canvas");
  readonly #window = element("div", "window");
  readonly #onMove: (middle: number) => void;
  #bounds: Bounds = { firstRow: 0, endRow: 1 };
  /** What is drawn. */
  #drawn: readonly unknown[] = [];

  /** `onMove`: the row that is to be in the middle. */
  constructor(parent: HTMLElement, onMove: (middle: number) => void) {
    this.#onMove = onMove;
    this.host.title = "all rows: drag to move";
    this.host.append(this.#canvas, this.#window);
    parent.append(this.host);
    this.host.addEventListener("pointerdown", (event) => {
      this.host.setPointerCapture(event.pointerId);
      this.#move(event);
    });
    this.host.addEventListener("pointermove", (event) => {
      if (this.host.hasPointerCapture(event.pointerId)) this.#move(event);
    });
  }

  #move(event: PointerEvent): void {
    const { left, width } = this.host.getBoundingClientRect();
    const { from, to } = wholeOf(this.#bounds);
    this.#onMove(from + (to - from) * (event.clientX - left) / width);
  }

  /** Draws the lines over all rows. */
  draw(bounds: Bounds, whole: Detail | null, lines: readonly ChartLine[]): void {
    this.#bounds = bounds;
    const canvas = this.#canvas;
    const ratio = devicePixelRatio;
    const [width, height] = [this.host.clientWidth * ratio, this.host.clientHeight * ratio].map(Math.round);
    const drawn = [bounds.firstRow, bounds.endRow, whole, lines, width, height, currentTheme(), isDark()];
    // It stays while the view moves.
    if (drawn.every((part, at) => part === this.#drawn[at])) return;
    this.#drawn = drawn;
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d")!;
    if (whole === null) return;
    const { from, to } = wholeOf(bounds);
    const [least, greatest] = scaleOf(rangeOf(whole, lines.map(({ name }) => name), from, to));
    const plot = { left: 0, top: 0, width: canvas.width, height: canvas.height, from, to, least, greatest };
    context.lineWidth = 1;
    context.translate(0.5, 0.5);
    for (const line of lines) {
      const path = new Path2D();
      trace(path, whole, line.name, plot);
      context.strokeStyle = colour(line.colour);
      context.stroke(path);
    }
    const unknown = Math.max(0, Math.min(whole.knownFrom, whole.to) - whole.from);
    this.host.style.setProperty("--unknown", String(unknown / (to - from)));
    this.host.classList.toggle("looking", unknown > 0);
  }

  /** Shows which rows the charts show. */
  show({ from, to }: View): void {
    const whole = wholeOf(this.#bounds);
    const rows = whole.to - whole.from;
    this.#window.style.left = `${100 * (from - whole.from) / rows}%`;
    this.#window.style.width = `${100 * (to - from) / rows}%`;
  }
}
