/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** A small line for each field: all rows of it, or of the first element of its lists. */
import type { FieldOverview } from "../protocol.ts";
import { element } from "./element.ts";
import type { Page } from "./screen.ts";
import { colourName } from "./series_colour.ts";
import { type Columns, type Detail, parseSeries, rangeOf, scaleOf } from "./stream/columns.ts";
import { seriesOf } from "./stream/series_names.ts";
import { trace } from "./stream/trace.ts";
import { colour, themeEvent } from "./theme.ts";

const [width, height] = [160, 24];
/** So many fields have one: the server answers so many series at once. */
const fieldsMax = 32;
/** Until what is not known yet is asked for again. */
const againMilliseconds = 200;

interface Spark {
  readonly series: string;
  readonly colour: string;
  readonly canvas: HTMLCanvasElement;
}

export class Sparklines {
  readonly #page: Page;
  readonly #ended = new AbortController();
  #sparks: ReadonlyMap<string, Spark> = new Map();
  #detail: Detail | null = null;
  #isAsking = false;

  constructor(page: Page) {
    this.#page = page;
    document.addEventListener(themeEvent, () => this.#draw(), { signal: this.#ended.signal });
  }

  /** The canvases of fields, by their names; the same ones for the same fields. */
  of(fields: readonly FieldOverview[]): ReadonlyMap<string, HTMLCanvasElement> {
    const names = fields.map(({ name }) => name);
    const entries = fields.slice(0, fieldsMax).map((field) => {
      const [series] = seriesOf(field, 1);
      const known = this.#sparks.get(field.name);
      const spark = known?.series === series
        ? known
        : { series, colour: colourName(names, series), canvas: canvasOf() };
      return [field.name, spark] as const;
    });
    this.#sparks = new Map(entries);
    return new Map(entries.map(([name, { canvas }]) => [name, canvas]));
  }

  /** Draws rows `[from, to)`, once they are known. */
  async show(store: string, from: number, to: number): Promise<void> {
    if (this.#isAsking || to <= from || this.#sparks.size === 0) return;
    this.#isAsking = true;
    try {
      const series = Array.from(this.#sparks.values(), ({ series }) => series);
      const columns = Math.min(to - from, Math.round(width * devicePixelRatio));
      const query = { store, series, from, to, columns };
      const bytes = await this.#page.askBytes("/api/series", query, this.#ended.signal);
      const answer = parseSeries(bytes);
      this.#detail = detailOf(answer.header, answer.columns);
      this.#draw();
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#page.say((error as Error).message);
      return;
    } finally {
      this.#isAsking = false;
    }
    if (this.#detail.knownFrom > from) setTimeout(() => void this.show(store, from, to), againMilliseconds);
  }

  close(): void {
    this.#ended.abort();
  }

  #draw(): void {
    const detail = this.#detail;
    if (detail === null) return;
    for (const spark of this.#sparks.values()) draw(spark, detail);
  }
}

function detailOf(
  { from, to, columns, knownFrom }: Pick<Detail, "from" | "to" | "columns" | "knownFrom">,
  series: ReadonlyMap<string, Columns>,
): Detail {
  return { from, to, columns, knownFrom, series, before: new Map(), after: new Map() };
}

function canvasOf(): HTMLCanvasElement {
  const canvas = element("canvas", "spark");
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  return canvas;
}

function draw({ series, colour: name, canvas }: Spark, detail: Detail): void {
  const context = canvas.getContext("2d")!;
  context.resetTransform();
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { from, to } = detail;
  const [least, greatest] = scaleOf(rangeOf(detail, [series], from, to));
  const path = new Path2D();
  const lineWidth = Math.max(1, Math.round(devicePixelRatio));
  // A line of an odd width is sharp where it goes through the middle of pixels.
  context.setTransform(1, 0, 0, 1, (lineWidth % 2) / 2, (lineWidth % 2) / 2);
  const plot = { left: 0, top: 0, width: canvas.width, height: canvas.height, from, to, least, greatest };
  trace(path, detail, series, plot);
  context.strokeStyle = colour(name);
  context.lineWidth = lineWidth;
  context.stroke(path);
}
