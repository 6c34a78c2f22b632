/// <reference lib="dom" />
/** A chart of the page, and the same drawn from all points by uPlot itself: how many pixels differ. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { root } from "../../package/packed.ts";

/** What is drawn: of each series all values of the store, NaN for a gap. */
export type AllPoints = Readonly<Record<string, Float64Array>>;

export interface Compared {
  readonly pixels: number;
  readonly differing: number;
  /** Pixels that have ink. */
  readonly drawn: number;
}

/** What is used of uPlot here. */
interface DrawingOfUplot {
  new (options: unknown, data: unknown, host: HTMLElement): {
    readonly bbox: Readonly<Record<"left" | "top" | "width" | "height", number>>;
    readonly ctx: CanvasRenderingContext2D;
    destroy(): void;
  };
}

interface ChartNumbers {
  readonly field: string;
  readonly series: readonly (readonly [name: string, colour: string])[];
  readonly gutter: number;
  readonly side: number;
  readonly rowAxis: number;
}

/** No lines behind the series: they are drawn under them in both, but are not what is compared. */
export async function hideGrid(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.documentElement.style.setProperty("--line", "transparent");
    document.dispatchEvent(new Event("streamstore-theme"));
  });
}

/** Hands uPlot and all points to the page, once for several comparisons. */
export async function bringPoints(page: Page, all: AllPoints): Promise<void> {
  const code = readFileSync(`${root}node_modules/uplot/dist/uPlot.iife.min.js`, "utf8");
  await page.evaluate(`${code}; globalThis.uPlot = uPlot; globalThis.allPoints = {}; 0`);
  for (const [name, values] of Object.entries(all)) {
    const bytes = Buffer.from(values.buffer).toString("base64");
    await page.evaluate(({ name, bytes }) => {
      const raw = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
      Reflect.get(globalThis, "allPoints")[name] = new Float64Array(raw.buffer);
    }, { name, bytes });
  }
}

/** After `bringPoints`. `series`: names and custom properties of the lines of the field's chart, in its order. */
export async function compareWithAllPoints(
  page: Page,
  field: string,
  series: readonly (readonly [name: string, colour: string])[],
): Promise<Compared> {
  return await page.evaluate(drawAndCompare, { field, series, gutter: 68, side: 30, rowAxis: 30 });
}

/** Runs in the page. */
async function drawAndCompare({ field, series, gutter, side, rowAxis }: ChartNumbers): Promise<Compared> {
  const UPlot = Reflect.get(globalThis, "uPlot") as unknown as DrawingOfUplot;
  const chart = document.querySelector<HTMLElement>(`.chart[data-field="${CSS.escape(field)}"]`)!;
  const canvas = chart.querySelector("canvas")!;
  const [left, top, width, height] = chart.dataset.plot!.split(",").map(Number);
  const [from, to, least, greatest] = chart.dataset.scale!.split(",").map(Number);
  const hasRows = chart === [...document.querySelectorAll(".chart")].at(-1);
  // A run of values between two gaps is a series of its own: uPlot would cut a part of the line off at each gap.
  const style = getComputedStyle(document.documentElement);
  const runs: (number | null)[][] = [];
  const colours: string[] = [];
  // uPlot's first column of a run begins at the pixel that is nearest to its first row, not at the one that holds it.
  const edges = new Set<number>();
  const addEdge = (row: number) => {
    const column = Math.floor(width * (row - from) / (to - from));
    for (let at = column - 1; at <= column + 1; at++) edges.add(at);
  };
  let count = 0;
  for (const [name, colour] of series) {
    const values: Float64Array = Reflect.get(globalThis, "allPoints")[name];
    count = values.length;
    for (let row = 0; row < count;) {
      if (Number.isNaN(values[row])) {
        row++;
        continue;
      }
      const run = new Array<number | null>(count).fill(null);
      if (row > 0) addEdge(row);
      while (row < count && !Number.isNaN(values[row])) run[row] = values[row++];
      if (row < count) addEdge(row);
      runs.push(run);
      colours.push(style.getPropertyValue(colour).trim());
    }
  }
  const host = document.createElement("div");
  host.style.position = "absolute";
  document.body.append(host);
  const options = {
    width: canvas.width / devicePixelRatio,
    height: canvas.height / devicePixelRatio,
    padding: [6, side, hasRows ? 0 : 6, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: () => [from, to] }, y: { range: () => [least, greatest] } },
    axes: [{ show: hasRows, size: rowAxis, grid: { show: false } }, { size: gutter, grid: { show: false } }],
    series: [
      {},
      ...colours.map((stroke) => ({ stroke, width: 1 / devicePixelRatio, points: { show: false } })),
    ],
  };
  const drawn = new UPlot(options, [Array.from({ length: count }, (_, row) => row), ...runs], host);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const { left: itsLeft, top: itsTop, width: itsWidth, height: itsHeight } = drawn.bbox;
  const places = [left, top, width, height].join();
  if ([itsLeft, itsTop, itsWidth, itsHeight].join() !== places) {
    throw new Error(`The plot is at ${places}, uPlot's at ${[itsLeft, itsTop, itsWidth, itsHeight]}`);
  }
  const read = (from: HTMLCanvasElement) =>
    from.getContext("2d")!.getImageData(left, top, width, height).data;
  const [mine, its] = [read(canvas), read(drawn.ctx.canvas)];
  drawn.destroy();
  host.remove();
  let [differing, inked] = [0, 0];
  for (let at = 0; at < mine.length; at += 4) {
    if (its[at + 3] > 0) inked++;
    if (edges.has(at / 4 % width)) continue;
    if ([0, 1, 2, 3].some((channel) => mine[at + channel] !== its[at + channel])) differing++;
  }
  return { pixels: width * height, differing, drawn: inked };
}
