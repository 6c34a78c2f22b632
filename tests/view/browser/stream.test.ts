/** The screen Stream in a browser, driven by mouse and keyboard. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { isFresh, makePoints, makeStore, open, rowCount, scaleOf } from "../../support/view/stream.ts";
import { hideGrid } from "../../support/view/uplot_oracle.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

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
          await open(page, viewer.address, "series=spikes&view=1000:9000&selection=3000:5000");
          const plot = (await page.locator(".u-over").boundingBox())!;
          const band = (await page.locator(".u-over .band").boundingBox())!;
          assert.ok(Math.abs(band.x - plot.x - plot.width / 4) < 1.5, `${band.x - plot.x} of ${plot.width}`);
          assert.ok(Math.abs(band.width - plot.width / 4) < 1.5, `${band.width} of ${plot.width}`);
          await page.getByText("Rows 3,000 to 4,999 (2,000), steps 30000 to 49990").waitFor();
          await page.keyboard.press("Escape");
          await page.locator(".u-over .band").waitFor({ state: "hidden" });
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

test(
  "a moved view is drawn at once from what is there, what was asked for before is given up",
  skip,
  () =>
    inFolder(async (folder) => {
      makeStore(folder, makePoints());
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "series=noise");
          let release = () => {};
          const held = new Promise<void>((resolve) => release = resolve);
          const asked: string[] = [];
          const gone: string[] = [];
          page.on("requestfailed", (request) => gone.push(request.url()));
          await page.route("**/api/series?**", async (route) => {
            asked.push(route.request().url());
            await held;
            await route.continue().catch(() => {});
          });
          const drawn = () =>
            page.locator(".chart").evaluate((chart) => {
              const [left, top, width, height] = (chart as HTMLElement).dataset.plot!.split(",").map(Number);
              const { data } = chart.querySelector("canvas")!.getContext("2d")!.getImageData(
                left,
                top,
                width,
                height,
              );
              let columns = 0;
              for (let x = 0; x < width; x++) {
                let y = 0;
                while (y < height && data[4 * (y * width + x) + 3] === 0) y++;
                if (y < height) columns++;
              }
              return columns / width;
            });
          await hideGrid(page);
          for (const key of ["+", "ArrowRight", "ArrowLeft"]) {
            await page.keyboard.press(key);
            await page.locator('.charts[data-fresh="false"]').waitFor();
            await page.evaluate(() =>
              new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
            );
            assert.ok(await drawn() > 0.99, `after ${key}: ${await drawn()} of the columns have ink`);
          }
          assert.ok(
            gone.length >= 1 && asked.length > gone.length,
            `${asked.length} asked, ${gone.length} given up`,
          );
          release();
          await isFresh(page);
        }));
    }),
);

test(
  "rows that are still being looked at are hatched, and asked for again",
  skip,
  () =>
    inFolder(async (folder) => {
      const points = makePoints();
      makeStore(folder, points);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await page.getByText("live", { exact: true }).waitFor();
          let isKnown = false;
          // Until then the older half is not known.
          await page.route("**/api/series?**", async (route) => {
            const query = new URL(route.request().url()).searchParams;
            const columns = Number(query.get("columns"));
            if (isKnown) return await route.continue();
            const [from, to] = [Number(query.get("from")), Number(query.get("to"))];
            const header = {
              store: 0,
              from,
              to,
              columns,
              series: query.getAll("series"),
              knownFrom: (from + to) / 2,
            };
            const text = JSON.stringify(header);
            const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
            const body = Buffer.alloc(4 + length + 40 * columns);
            body.writeUInt32LE(length, 0);
            body.write(text.padEnd(length), 4);
            await route.fulfill({ body, contentType: "application/octet-stream" });
          });
          await page.goto(`${new URL(viewer.address).origin}/?screen=stream&series=noise`);
          await page.locator(".charts.looking").waitFor();
          const part = await page.locator(".charts").evaluate((charts) =>
            (charts as HTMLElement).style.getPropertyValue("--unknown")
          );
          assert.equal(part, "0.5");
          isKnown = true;
          await isFresh(page);
          assert.equal(await page.locator(".charts.looking").count(), 0);
        }));
    }),
);
