/// <reference lib="dom" />
/** The viewer's charts in a browser: frames of a view that moves, and how soon they are exact again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { launchBrowser, noBrowser } from "../harness/browser.ts";
import { Child } from "../harness/children.ts";
import { prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, notMeasured } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { referenceColumns, referenceFields } from "../harness/stream.ts";

const rowsMax = 1_000_000;
const series = ["action", "observation[0]", "observation[1]", "observation[2]", "reward"];
const nanosecondsPerMillisecond = 1e6;
const titles = ["5 series, a frame of a moved view", "5 series, from a moved view to exact lines"] as const;

export async function viewCharts({ mediumRounds, viewedRows }: Sizes): Promise<Measurement[]> {
  if (noBrowser !== false) return titles.map((title) => notMeasured(title, noBrowser as string));
  const rows = Math.min(rowsMax, viewedRows);
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  const path = join(directory, "run.stream");
  {
    using store = StreamStore.open(path, { fields: referenceFields });
    for (let from = 0; from < rows; from += 100_000) {
      store.appendColumns(referenceColumns(from, Math.min(rows, from + 100_000)));
    }
  }
  const server = Child.ofScript("command", "view", path, "--no-open");
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const address = await server.answer();
    await page.goto(address);
    await page.locator("[data-fact=rows]", { hasText: rows.toLocaleString("en-US") }).waitFor();
    const query = new URLSearchParams({ screen: "stream", series: series.join() });
    await page.goto(`${new URL(address).origin}/?${query}`);
    await page.locator('.charts[data-fresh="true"]').waitFor();
    const { frames, details, scale } = await page.evaluate(moveAbout, mediumRounds);
    // Each zoom in was followed by the same out of it, at the left edge.
    prove("the first row that is seen", scale[0], 0);
    return [...line(titles[0], frames, 16), ...line(titles[1], details, 50)];
  } finally {
    await browser.close();
    process.kill(server.processId, "SIGTERM");
    await server.exited;
    rmSync(directory, { recursive: true });
  }
}

function line(title: string, times: readonly number[], valueMax: number): Measurement[] {
  const sorted = times.toSorted((one, other) => one - other);
  return ([["median", 0.5], ["95th percentile", 0.95]] as const).map(([name, part]) => {
    const time = nanosecondsPerMillisecond * sorted[Math.floor(part * (sorted.length - 1))];
    return measurementOf(`${title}, ${name}`, milliseconds, { time, best: time }, { goal: { valueMax } });
  });
}

/**
 * In the page: turns the wheel. Of a frame all that it does is timed, and the canvases' painting, which reading a pixel
 * waits for; of details the time from the wheel to the frame that draws what the server has answered.
 */
async function moveAbout(count: number): Promise<{ frames: number[]; details: number[]; scale: number[] }> {
  const charts = document.querySelector<HTMLElement>(".charts")!;
  const plot = document.querySelector<HTMLElement>(".u-over")!;
  const { left, top } = plot.getBoundingClientRect();
  const contexts = Array.from(charts.querySelectorAll("canvas"), (canvas) => canvas.getContext("2d")!);
  const turn = (deltaY: number) => {
    const place = { clientX: left, clientY: top + 10, bubbles: true, cancelable: true };
    plot.dispatchEvent(new WheelEvent("wheel", { deltaY, ...place }));
  };
  // In and out again.
  const turns = Array.from({ length: 2 * count }, (_, i) => i % 20 < 10 ? -200 : 200);
  // Callbacks of a frame come in the order in which they were asked for: before and after that of the charts.
  const frame = (deltaY: number) =>
    new Promise<number>((resolve) => {
      let start = 0;
      requestAnimationFrame(() => start = performance.now());
      turn(deltaY);
      requestAnimationFrame(() => {
        for (const context of contexts) context.getImageData(0, 0, 1, 1);
        resolve(performance.now() - start);
      });
    });
  const fresh = () =>
    new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (charts.dataset.fresh !== "true") return;
        observer.disconnect();
        resolve();
      });
      observer.observe(charts, { attributes: true, attributeFilter: ["data-fresh"] });
    });
  const frames: number[] = [];
  for (const deltaY of turns) frames.push(await frame(deltaY));
  if (charts.dataset.fresh !== "true") await fresh();
  const details: number[] = [];
  for (const deltaY of turns) {
    const start = performance.now();
    const isFresh = fresh();
    turn(deltaY);
    await isFresh;
    details.push(performance.now() - start);
  }
  const scale = charts.querySelector<HTMLElement>(".chart")!.dataset.scale!.split(",").map(Number);
  return { frames, details, scale };
}
