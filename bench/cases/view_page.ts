/// <reference lib="dom" />
/** The viewer's page in a browser: how soon it is there, and how soon it shows what a writer has committed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { StreamStore } from "../../mod.ts";
import { launchBrowser, noBrowser } from "../harness/browser.ts";
import { Child } from "../harness/children.ts";
import { median, prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, notMeasured } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { appendSteps, createRandom, referenceFields, type ReferenceStore } from "../harness/stream.ts";

const rowCount = 10_000;
const nanosecondsPerMillisecond = 1e6;
const titles = ["the viewer's page, first paint", "the viewer's page, from commit to pixel"] as const;

export async function viewPage({ longRounds, mediumRounds }: Sizes): Promise<Measurement[]> {
  if (noBrowser !== false) return titles.map((title) => notMeasured(title, noBrowser as string));
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  const path = join(directory, "run.stream");
  using store: ReferenceStore = StreamStore.open(path, { fields: referenceFields, commitEvery: { ms: 1e6 } });
  appendSteps(store, 0, rowCount);
  store.flush();
  const server = Child.ofScript("command", "view", path, "--no-open");
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(await server.answer());
    const paints: number[] = [];
    for (let round = 0; round < longRounds; round++) paints.push(await firstPaint(page));
    const lags = (await lagsOf(page, store, 2 * mediumRounds)).toSorted((one, other) => one - other);
    const line = (title: string, time: number, valueMax: number) => {
      const sample = { time: time * nanosecondsPerMillisecond, best: time * nanosecondsPerMillisecond };
      return measurementOf(title, milliseconds, sample, { goal: { valueMax } });
    };
    const percentile = (part: number) => lags[Math.floor(part * (lags.length - 1))];
    return [
      line(titles[0], median(paints), 200),
      line(`${titles[1]}, median`, percentile(0.5), 100),
      line(`${titles[1]}, 99th percentile`, percentile(0.99), 100),
    ];
  } finally {
    await browser.close();
    process.kill(server.processId, "SIGTERM");
    await server.exited;
    rmSync(directory, { recursive: true });
  }
}

/** From the start of a navigation to the first paint of text, in milliseconds. */
async function firstPaint(page: Page): Promise<number> {
  await page.reload();
  await page.locator("[data-fact=rows]", { hasText: rowCount.toLocaleString("en-US") }).waitFor();
  // The browser tells of a paint some time after it.
  const name = "first-contentful-paint";
  await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, name);
  return await page.evaluate((name) => performance.getEntriesByName(name)[0].startTime, name);
}

/**
 * A row at a time is committed, and the page says when it has painted its number. Both clocks are the system's. At
 * intervals that no other interval has a part in.
 */
async function lagsOf(page: Page, store: ReferenceStore, count: number): Promise<number[]> {
  await page.evaluate(noteShownRows);
  const random = createRandom(7);
  const committed: number[] = [];
  for (let row = rowCount; row < rowCount + count; row++) {
    await pause(30 + 70 * random());
    appendSteps(store, row, row + 1);
    store.flush();
    committed.push(performance.timeOrigin + performance.now());
  }
  const last = (rowCount + count).toLocaleString("en-US");
  await page.locator("[data-fact=rows]", { hasText: last }).waitFor();
  // The paint that comes after it has to be noted too.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  const shown = new Map(await page.evaluate(() => (globalThis as unknown as Noting).shownRows));
  prove("the newest row that was shown", Math.max(...shown.keys()), rowCount + count);
  // A number that was never painted was passed over by a later one.
  const times = [...shown].toSorted(([one], [other]) => one - other);
  return committed.map((time, i) => times.find(([rows]) => rows >= rowCount + i + 1)![1] - time);
}

interface Noting {
  shownRows: [rows: number, time: number][];
}

/** In the page: notes when each number of rows was painted first, after the frame that has it. */
function noteShownRows(): void {
  const fact = document.querySelector("[data-fact=rows]")!;
  const noted: Noting["shownRows"] = [];
  (globalThis as unknown as Noting).shownRows = noted;
  const note = () => {
    const rows = Number(fact.textContent!.replaceAll(",", ""));
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => noted.push([rows, performance.timeOrigin + performance.now()]);
      port2.postMessage(null);
    });
  };
  new MutationObserver(note).observe(fact, { childList: true, characterData: true, subtree: true });
}
