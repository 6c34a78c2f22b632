/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** One chart: the lines of a field over the rows of the view. uPlot draws axes and strokes, `trace` says along which path. */
import uPlot from "uplot";
import { element } from "../element.ts";
import { numberText } from "../text.ts";
import { colour } from "../theme.ts";
import { columnOf, type Detail, rangeOf, scaleOf } from "./columns.ts";
import { type Plot, trace } from "./trace.ts";
import type { View } from "./view_range.ts";

export interface ChartLine {
  readonly name: string;
  /** A custom property: `--series-0`. */
  readonly colour: string;
}

/** What is drawn: the answer for the view, or for one before it, and that for all rows beside it. */
export interface Drawing {
  readonly view: View;
  readonly detail: Detail | null;
  readonly whole: Detail | null;
}

/** Room for the values' numbers, the same in all charts, and for the rows' below the last one; CSS pixels. */
export const gutterPixels = 68;
export const rowAxisPixels = 30;
const sidePixels = 30;

/** Points are drawn where rows are so far apart; CSS pixels. */
const pointDistance = 5;
const pointRadius = 2.5;

/** The widest that a chart can be whose plot is a whole number of device pixels wide. */
export function wholeWidth(pixels: number, ratio: number): number {
  const isWhole = (width: number) => Math.abs((width - gutterPixels - sidePixels) * ratio % 1) < 1e-6;
  for (let width = Math.floor(pixels); width > pixels - 16; width--) if (isWhole(width)) return width;
  return Math.floor(pixels);
}

export class FieldChart {
  readonly host = element("div", "chart");
  readonly #lines: readonly ChartLine[];
  readonly #values: readonly HTMLElement[];
  readonly #plot: uPlot;
  #drawing: Drawing = { view: { from: 0, to: 1 }, detail: null, whole: null };

  constructor(parent: HTMLElement, field: string, lines: readonly ChartLine[], hasRows: boolean) {
    this.#lines = lines;
    this.#values = lines.map(() => element("output"));
    const legend = element(
      "div",
      "legend",
      ...(lines.some(({ name }) => name === field) ? [] : [element("b", "", field)]),
    );
    lines.forEach(({ name, colour }, i) => {
      const mark = element("i", "mark");
      mark.style.background = `var(${colour})`;
      legend.append(
        element(
          "span",
          "",
          mark,
          name.startsWith(`${field}[`) ? name.slice(field.length) : name,
          this.#values[i],
        ),
      );
    });
    this.host.dataset.field = field;
    this.host.append(legend);
    parent.append(this.host);
    this.#plot = new uPlot(this.#options(hasRows), [[0, 1], ...lines.map(() => [0, 0])], this.host);
  }

  /** Where pointers are: the plot without its axes. */
  get over(): HTMLElement {
    return this.#plot.over;
  }

  /** The width of the plot in device pixels. */
  get pixels(): number {
    return Math.max(1, Math.round(this.#plot.bbox.width));
  }

  resize(width: number, height: number): void {
    this.#plot.setSize({ width, height });
  }

  draw(drawing: Drawing): void {
    this.#drawing = drawing;
    const { view } = drawing;
    const [least, greatest] = this.#scale();
    const plot = this.#plot;
    plot.batch(() => {
      // uPlot finds only the axes in it.
      plot.setData([[view.from, view.to], ...this.#lines.map(() => [least, greatest])], false);
      plot.setScale("x", { min: view.from, max: view.to });
      plot.setScale("y", { min: least, max: greatest });
    });
    const { left, top, width, height } = plot.bbox;
    this.host.dataset.plot = [left, top, width, height].join();
    this.host.dataset.scale = [view.from, view.to, least, greatest].join();
  }

  /** New colours, the same lines. */
  redraw(): void {
    this.#plot.redraw(true, true);
  }

  /** Shows a line at a row, and its values beside the names; null takes them away. */
  point(row: number | null): void {
    const { view } = this.#drawing;
    const left = row === null ? -10 : (row - view.from) / (view.to - view.from) * this.#plot.over.clientWidth;
    this.#plot.setCursor({ left, top: 0 }, false);
    this.#lines.forEach(({ name }, i) => {
      const text = row === null ? "" : this.#textAt(name, Math.floor(row));
      if (this.#values[i].textContent !== text) this.#values[i].textContent = text;
    });
  }

  close(): void {
    this.#plot.destroy();
    this.host.remove();
  }

  /** Values as long as the answer for this view is not there: those of what is drawn instead. */
  #scale(): readonly [number, number] {
    const { view, detail, whole } = this.#drawing;
    const names = this.#lines.map(({ name }) => name);
    const isCovered = detail !== null && detail.from <= view.from && detail.to >= view.to;
    const known = isCovered ? detail : whole ?? detail;
    return scaleOf(known === null ? null : rangeOf(known, names, view.from, view.to));
  }

  #textAt(name: string, row: number): string {
    const { detail } = this.#drawing;
    const columns = detail?.series.get(name);
    const column = detail === null ? -1 : columnOf(detail, row);
    if (columns === undefined || column < 0 || columns.count[column] === 0) return "–";
    const [least, greatest] = [columns.min[column], columns.max[column]];
    return least === greatest ? numberText(least) : `${numberText(least)} … ${numberText(greatest)}`;
  }

  #options(hasRows: boolean): uPlot.Options {
    const font = "12px system-ui, sans-serif";
    const grid = { stroke: () => colour("--line"), width: 1 };
    const axis = { stroke: () => colour("--muted"), font, grid, ticks: { ...grid, size: 4 } };
    return {
      width: 400,
      height: 120,
      padding: [6, sidePixels, hasRows ? 0 : 6, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, bind: silent },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      axes: [
        {
          ...axis,
          show: hasRows,
          size: rowAxisPixels,
          incrs: rowSteps,
          values: (_, rows) => rows.map(rowText),
        },
        { ...axis, size: gutterPixels, values: (_, values) => values.map(numberText) },
      ],
      series: [
        {},
        ...this.#lines.map(({ name, colour: property }): uPlot.Series => ({
          stroke: () => colour(property),
          // A device pixel.
          width: 1 / devicePixelRatio,
          scale: "y",
          points: { show: false },
          paths: (plot) => this.#paths(plot, name),
        })),
      ],
      hooks: { drawSeries: [(plot, at) => this.#drawPoints(plot, at)] },
    };
  }

  #paths(plot: uPlot, name: string): uPlot.Series.Paths {
    const stroke = new Path2D();
    const { view, detail, whole } = this.#drawing;
    const place = this.#place(plot);
    if (detail !== null) trace(stroke, detail, name, place);
    // Beside what is known exactly, until it is.
    if (whole !== null && whole !== detail) {
      const { from, to } = detail ?? { from: Infinity, to: Infinity };
      if (view.from < from) trace(stroke, whole, name, place, view.from, Math.min(from, view.to));
      if (view.to > to) trace(stroke, whole, name, place, Math.max(to, view.from), view.to);
    }
    return { stroke, fill: null, clip: null, band: null, flags: 0 };
  }

  #place(plot: uPlot): Plot {
    const { left, top, width, height } = plot.bbox;
    const { x, y } = plot.scales;
    return { left, top, width, height, from: x.min!, to: x.max!, least: y.min!, greatest: y.max! };
  }

  /** Rows one by one, where they are far enough apart. */
  #drawPoints(plot: uPlot, at: number): void {
    const { view, detail } = this.#drawing;
    const columns = detail?.series.get(this.#lines[at - 1]?.name);
    if (detail === null || columns === undefined || detail.columns !== detail.to - detail.from) return;
    const { left, top, width, height } = plot.bbox;
    if (width / (view.to - view.from) < pointDistance * devicePixelRatio) return;
    const { ctx } = plot;
    ctx.save();
    ctx.beginPath();
    const radius = pointRadius * devicePixelRatio;
    ctx.rect(left - radius, top - radius, width + 2 * radius, height + 2 * radius);
    ctx.clip();
    ctx.fillStyle = colour(this.#lines[at - 1].colour);
    ctx.beginPath();
    for (let column = 0; column < detail.columns; column++) {
      if (columns.count[column] === 0) continue;
      const x = plot.valToPos(detail.from + column, "x", true);
      const y = plot.valToPos(columns.first[column], "y", true);
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
    ctx.restore();
  }
}

/** Pointers are the screen's: all charts move together. */
const nothing = () => null;
const silent: uPlot.Cursor.Bind = {
  mousedown: nothing,
  mouseup: nothing,
  click: nothing,
  dblclick: nothing,
  mousemove: nothing,
  mouseleave: nothing,
  mouseenter: nothing,
};

/** Between two numbers of rows: 1, 2, 5, 10, … */
const rowSteps = Array.from({ length: 48 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

const rowText = (row: number) => row.toLocaleString("en-US", { maximumFractionDigits: 0 });
