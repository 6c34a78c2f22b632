/** The screen Stream in a browser, driven by mouse and keyboard; its pixels beside those of all points. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { Random } from "../../support/support.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import {
  type AllPoints,
  bringPoints,
  compareWithAllPoints,
  hideGrid,
} from "../../support/view/uplot_oracle.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };
const rowCount = 100_000;

/** Noise, a walk, spikes on steps, and gaps of 1,500 rows. */
function makePoints(): AllPoints {
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

function makeStore(folder: string, points: AllPoints, name = "run.stream"): string {
  const path = join(folder, name);
  using store = StreamStore.open(path, { fields: ["noise", "lines", "spikes", "gaps"] });
  const lines = new Float64Array(2 * rowCount);
  for (let row = 0; row < rowCount; row++) {
    [lines[2 * row], lines[2 * row + 1]] = [points["lines[0]"][row], points["lines[1]"][row]];
  }
  store.appendColumns({
    step: Float64Array.from({ length: rowCount }, (_, row) => 10 * row) as never,
    noise: points.noise,
    lines: { values: lines, width: 2 },
    spikes: points.spikes,
    gaps: points.gaps,
  });
  return path;
}

const series = "noise,lines[0],lines[1],spikes,gaps";
/** Of each chart the lines and their colours. */
const charts: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["noise", [["noise", "--series-0"]]],
  ["lines", [["lines[0]", "--series-1"], ["lines[1]", "--series-2"]]],
  ["spikes", [["spikes", "--series-2"]]],
  ["gaps", [["gaps", "--series-3"]]],
];

/** Until what is drawn is what the view shows, and all of it is known. */
async function isFresh(page: Page): Promise<void> {
  await page.locator('.charts[data-fresh="true"]').waitFor();
  await page.evaluate(() =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  );
}

/** Has the page show other rows, as its history does. */
async function show(page: Page, view: string): Promise<void> {
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
async function scaleOf(page: Page): Promise<number[]> {
  const text = await page.locator(".chart").first().getAttribute("data-scale");
  return text!.split(",").map(Number);
}

async function open(page: Page, address: string, query: string): Promise<void> {
  const url = new URL(address);
  await page.goto(address);
  await page.getByText("live", { exact: true }).waitFor();
  await page.goto(`${url.origin}/?screen=stream&${query}`);
  await isFresh(page);
}

for (
  const [ratio, views] of [[1, ["0:100000", "50000:57321", "80000:81000", "5000.3:5290.7"]], [2, [
    "1001:98987",
  ]]] as const
) {
  test(
    `pixels of the stream chart are those of all points, at ${ratio} device pixels each`,
    skip,
    () =>
      inFolder(async (folder) => {
        const points = makePoints();
        makeStore(folder, points);
        await withViewer(folder, ["run.stream"], (viewer) =>
          inTab(async (page) => {
            await open(page, viewer.address, `series=${encodeURIComponent(series)}`);
            await takeScreen(page, `stream-${ratio}`);
            await hideGrid(page);
            await bringPoints(page, points);
            for (const view of views) {
              await show(page, view);
              for (const [field, lines] of charts) {
                // Where a run of values is short, uPlot has other columns for it than for the whole.
                if (field === "gaps" && view !== views[0]) continue;
                const { pixels, differing, drawn } = await compareWithAllPoints(page, field, lines);
                const text =
                  `${field} of rows ${view}: ${differing} of ${pixels} pixels differ, ${drawn} are drawn`;
                assert.ok(drawn > 500, text);
                assert.ok(differing <= 0.0002 * pixels, text);
              }
            }
          }, { deviceScaleFactor: ratio }));
      }),
  );
}

test(
  "the wheel zooms about the pointer, a drag moves, shift and a drag selects, a click shows the row",
  skip,
  () =>
    inFolder(async (folder) => {
      const points = makePoints();
      makeStore(folder, points);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "series=noise,gaps");
          const plot = (await page.locator(".u-over").first().boundingBox())!;
          // Whole pixels: a wheel knows no others.
          const [x, y] = [Math.round(plot.x + plot.width / 4), Math.round(plot.y + plot.height / 2)];
          const part = (x - plot.x) / plot.width;
          const rowAt = async (part: number) => {
            const [from, to] = await scaleOf(page);
            return from + part * (to - from);
          };
          await page.mouse.move(x, y);
          const before = await rowAt(part);
          for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -300);
          await page.waitForFunction(() => /[?&]view=/.test(location.search));
          await isFresh(page);
          const [from, to] = await scaleOf(page);
          assert.ok(to - from < 0.1 * rowCount, `${from} to ${to}`);
          assert.ok(
            Math.abs(await rowAt(part) - before) < 0.01 * (to - from),
            "the row under the pointer stays",
          );
          // To the left: later rows.
          await page.mouse.down();
          await page.mouse.move(x - 100, y, { steps: 5 });
          await page.mouse.up();
          await isFresh(page);
          const [moved] = await scaleOf(page);
          const expected = from + 100 / plot.width * (to - from);
          assert.ok(Math.abs(moved - expected) < 0.01 * (to - from), `${moved}, not ${expected}`);
          // Half of what is seen.
          const [first, last] = [await rowAt(0.25), await rowAt(0.75)];
          await page.keyboard.down("Shift");
          await page.mouse.move(plot.x + plot.width * 0.25, y);
          await page.mouse.down();
          await page.mouse.move(plot.x + plot.width * 0.75, y, { steps: 5 });
          await page.mouse.up();
          await page.keyboard.up("Shift");
          await isFresh(page);
          const [selectedFrom, selectedTo] = await scaleOf(page);
          assert.ok(Math.abs(selectedFrom - first) < 3 && Math.abs(selectedTo - last) < 3);
          const rows = [selectedFrom, selectedTo - 1].map((row) => row.toLocaleString("en-US"));
          const steps = [10 * selectedFrom, 10 * (selectedTo - 1)];
          const text = `Rows ${rows[0]} to ${rows[1]} (${
            (selectedTo - selectedFrom).toLocaleString("en-US")
          }), steps ${steps[0]} to ${steps[1]}`;
          await page.getByText(text).waitFor();
          await page.goBack();
          await isFresh(page);
          assert.equal((await scaleOf(page))[0], moved);
          // Row 90,017 and 20 others, as points.
          await page.goto(`${new URL(page.url()).origin}/?screen=stream&series=noise&view=90007:90027`);
          await isFresh(page);
          const points20 = (await page.locator(".u-over").first().boundingBox())!;
          await page.mouse.click(points20.x + points20.width * (10.2 / 20), points20.y + 20);
          await page.getByRole("heading", { name: "Row 90,017" }).waitFor();
          const values = await page.locator(".row-panel dd").allTextContents();
          const list = `[${points["lines[0]"][90_017]}, ${points["lines[1]"][90_017]}]`;
          const shown = (value: number) => Number.isNaN(value) ? "NaN" : String(value);
          assert.deepEqual(values, [
            "900170",
            String(points.noise[90_017]),
            list,
            String(points.spikes[90_017]),
            shown(points.gaps[90_017]),
          ]);
          await takeScreen(page, "stream-row");
          await page.keyboard.press("Escape");
          await page.locator(".row-panel").waitFor({ state: "hidden" });
        }));
    }),
);

test(
  "keys move the view, and an address shows the same in another tab",
  skip,
  () =>
    inFolder(async (folder) => {
      makeStore(folder, makePoints());
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "series=spikes&view=1000:9000");
          const press = async (key: string, expected: readonly [number, number]) => {
            await page.keyboard.press(key);
            await page.waitForFunction(
              (text) => document.querySelector<HTMLElement>(".chart")?.dataset.scale?.startsWith(`${text},`),
              expected.join(),
            );
          };
          await press("ArrowRight", [3000, 11_000]);
          await press("-", [0, 16_000]);
          await press("+", [4000, 12_000]);
          await press("End", [92_000, 100_000]);
          await press("ArrowLeft", [90_000, 98_000]);
          await press("0", [0, 100_000]);
          await press("+", [25_000, 75_000]);
          await page.locator('input[data-series="noise"]').check();
          await page.locator('.chart[data-field="noise"]').waitFor();
          await page.locator(".chart .u-over").first().click({ position: { x: 200, y: 20 } });
          await page.getByRole("heading", { name: /^Row / }).waitFor();
          await page.waitForFunction(() => /view=25000/.test(location.search));
          await isFresh(page);
          const look = async (tab: Page) => ({
            scales: await tab.locator(".chart").evaluateAll((all) =>
              all.map((chart) => (chart as HTMLElement).dataset.scale)
            ),
            row: await tab.locator(".row-panel dl").textContent(),
          });
          const seen = await look(page);
          assert.equal(seen.scales.length, 2);
          const other = await page.context().newPage();
          await other.goto(page.url());
          await isFresh(other);
          await other.getByRole("heading", { name: /^Row / }).waitFor();
          await other.locator(".row-panel dd").first().waitFor();
          assert.deepEqual(await look(other), seen);
        }));
    }),
);

test(
  "f follows a store that grows: all new rows, then a window as wide as it was, then no more",
  skip,
  () =>
    inFolder(async (folder) => {
      using store = StreamStore.open(join(folder, "grown.stream"), { fields: ["value"] });
      const append = (count: number) => {
        for (let i = 0; i < count; i++) {
          store.append(store.rowCount, { value: Math.sin(store.rowCount / 50) });
        }
        store.flush();
      };
      append(1000);
      await withViewer(folder, ["grown.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "view=500:1000");
          const sees = async (from: number, to: number) => {
            await page.waitForFunction(
              (text) => document.querySelector<HTMLElement>(".chart")?.dataset.scale?.startsWith(`${text},`),
              `${from},${to}`,
            );
            await isFresh(page);
          };
          await page.keyboard.press("f");
          await page.getByText("Follow: all new rows").waitFor();
          append(300);
          await sees(500, 1300);
          await page.keyboard.press("f");
          await page.getByText("Follow: fixed window").waitFor();
          append(200);
          await sees(700, 1500);
          await page.keyboard.press("F");
          await page.getByText("Follow: off").waitFor();
          append(200);
          await page.getByText("of 1,700").waitFor();
          await sees(700, 1500);
          // Whoever sees all rows sees new ones too.
          await page.goto(`${new URL(page.url()).origin}/?screen=stream`);
          await sees(0, 1700);
          append(100);
          await sees(0, 1800);
        }));
    }),
);
