/** Stores with all kinds of lines, and what tests of the stream's charts do with the page. */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { Random } from "../support.ts";
import type { AllPoints } from "./uplot_oracle.ts";

export const rowCount = 100_000;

/** Noise, a walk, spikes on steps, and gaps of 1,500 rows. */
export function makePoints(): AllPoints {
  const random = new Random(11);
  let at = 0;
  const make = (value: (row: number) => number) =>
    Float64Array.from({ length: rowCount }, (_, row) => value(row));
  return {
    noise: make(() => random.float() - 0.5),
    "lines[0]": make(() => at += random.float() - 0.5),
    "lines[1]": make((row) => 40 * Math.sin(row / 900) + random.float()),
    spikes: make((row) => random.below(3000) === 0 ? 100 * random.float() : row >> 14),
    gaps: make((row) => row % 25_000 < 1500 ? NaN : Math.cos(row / 4000) + random.float() / 3),
  };
}

export function makeStore(folder: string, points: AllPoints, name = "run.stream"): string {
  const path = join(folder, name);
  using store = StreamStore.open(path, { fields: ["noise", "lines", "spikes", "gaps"] });
  const lines = new Float64Array(2 * rowCount);
  for (let row = 0; row < rowCount; row++) {
    [lines[2 * row], lines[2 * row + 1]] = [points["lines[0]"][row], points["lines[1]"][row]];
  }
  store.appendColumns({
    step: Array.from({ length: rowCount }, (_, row) => 10 * row),
    noise: points.noise,
    lines: { values: lines, width: 2 },
    spikes: points.spikes,
    gaps: points.gaps,
  });
  return path;
}

export const series = "noise,lines[0],lines[1],spikes,gaps";
/** Of each chart the lines and their colours. */
export const charts: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["noise", [["noise", "--series-0"]]],
  ["lines", [["lines[0]", "--series-1"], ["lines[1]", "--series-2"]]],
  ["spikes", [["spikes", "--series-2"]]],
  ["gaps", [["gaps", "--series-3"]]],
];

/** Until what is drawn is what the view shows, and all of it is known. */
export async function isFresh(page: Page): Promise<void> {
  await page.locator('.charts[data-fresh="true"]').waitFor();
  await page.evaluate(() =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  );
}

/** Has the page show other rows, as its history does. */
export async function show(page: Page, view: string): Promise<void> {
  await page.evaluate((view) => {
    const state = new URLSearchParams(location.search);
    state.set("view", view);
    history.pushState(null, "", `?${state}`);
    dispatchEvent(new PopStateEvent("popstate"));
  }, view);
  const scale = `${view.replace(":", ",")},`;
  await page.waitForFunction(
    (text) => document.querySelector<HTMLElement>(".chart")?.dataset.scale?.startsWith(text),
    scale,
  );
  await isFresh(page);
}

/** The rows at the edges of the charts, and the scale of the first. */
export async function scaleOf(page: Page): Promise<number[]> {
  const text = await page.locator(".chart").first().getAttribute("data-scale");
  return text!.split(",").map(Number);
}

export async function open(page: Page, address: string, query: string): Promise<void> {
  const url = new URL(address);
  await page.goto(address);
  await page.getByText("live", { exact: true }).waitFor();
  await page.goto(`${url.origin}/?screen=stream&${query}`);
  await isFresh(page);
}
