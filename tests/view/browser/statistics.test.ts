/** Statistics and health in a browser. */
import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

const rowCount = 60_000;
const valueOf = (row: number) => row === 4321 ? 9 : Math.sin(row / 50) * (row % 97) / 97;

function makeStore(folder: string, name: string): string {
  const path = join(folder, name);
  using store = StreamStore.open(path, { fields: { id: "float64", reward: "float64" }, capacity: 65_536 });
  const step = Array.from({ length: rowCount }, (_, row) => row);
  store.appendColumns({ step, id: step, reward: step.map(valueOf) });
  return path;
}

test(
  "statistics show a histogram whose bars lead to their rows, and extreme rows",
  { skip: noBrowser },
  () =>
    inFolder(async (folder) => {
      makeStore(folder, "run.stream");
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(`${viewer.address}&screen=statistics`);
          await page.locator('.statistics[data-series="reward"]').waitFor();
          const bars = await page.locator(".bars > a").evaluateAll((bars) =>
            bars.map(({ dataset }) => [Number(dataset.count), Number(dataset.row)])
          );
          const values = Array.from({ length: rowCount }, (_, row) => valueOf(row));
          const min = values.reduce((least, value) => Math.min(least, value));
          // Sixty bins from the least value to 9.
          const binOf = (value: number) => {
            const edge = (bin: number) => bin === 60 ? 9 : min * (1 - bin / 60) + 9 * (bin / 60);
            return Array.from({ length: 60 }, (_, bin) => bin).findLast((bin) => value >= edge(bin))!;
          };
          const bins = new Map<number, [number, number]>();
          values.forEach((value, row) => {
            const [count, first] = bins.get(binOf(value)) ?? [0, row];
            bins.set(binOf(value), [count + 1, first]);
          });
          assert.deepEqual(bars, [...bins].sort(([one], [other]) => one - other).map(([, bin]) => bin));
          await page.keyboard.press("l");
          await page.waitForURL(/scale=log/);
          await takeScreen(page, "statistics");
          const greatest = await page.locator("[data-extremes=greatest] tbody tr").first().locator("td")
            .allTextContents();
          assert.deepEqual(greatest, ["9", "4,321"]);
          await page.locator(".bars > a").last().click();
          await page.waitForURL(/screen=stream/);
          assert.equal(new URL(page.url()).searchParams.get("row"), "4321");
          // Only some rows, and another series by its key.
          await page.goto(`${new URL(page.url()).origin}/?screen=statistics&from=100&to=110`);
          await page.locator('.statistics[data-series="reward"]').waitFor();
          await page.keyboard.press("k");
          await page.locator('.statistics[data-series="id"]').waitFor();
          assert.equal(await page.locator("[data-fact=mean]").textContent(), "104.5");
          assert.equal(await page.locator("[data-fact=values]").textContent(), "10");
        }));
    }),
);

test(
  "health says that a store is whole, and which rows are damaged",
  { skip: noBrowser },
  () =>
    inFolder(async (folder) => {
      makeStore(folder, "whole.stream");
      const path = makeStore(folder, "damaged.stream");
      const file = openSync(join(path, "data.f64"), "r+");
      writeSync(file, Uint8Array.of(1, 2, 3), 0, 3, 8 * 70_000);
      closeSync(file);
      await withViewer(folder, ["whole.stream", "damaged.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(`${viewer.address}&screen=health`);
          await page.locator('.verdict[data-state="whole"]', { hasText: /^✓ Whole: \d+ chunks/ }).waitFor();
          assert.equal(await page.locator("progress").evaluate((bar) => Reflect.get(bar, "position")), 1);
          await page.locator("header select").selectOption("1");
          await page.locator('.verdict[data-state="damaged"]', { hasText: /^✗ Damaged: 1 of \d+ chunks/ })
            .waitFor();
          const cells = await page.locator("main tbody td").allTextContents();
          assert.deepEqual(cells, ["data.f64", "1", "32,768 to 59,999"]);
          await takeScreen(page, "health");
          await page.keyboard.press("v");
          await page.locator('.verdict[data-state="damaged"]').waitFor();
          await page.locator("main tbody a").click();
          await page.waitForURL(/screen=stream/);
          assert.equal(new URL(page.url()).searchParams.get("selection"), "32768:60000");
        }));
    }),
);
