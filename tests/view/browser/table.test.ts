/** The screen Table in a browser, driven by mouse and keyboard. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { call, inFolder } from "../../support/cli/command.ts";
import { realData, skipRealData } from "../../support/dataset.ts";
import { makeManyRows, rowTokens, stepOf } from "../../support/many_rows.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

/** A picture of 2 × 2 pixels. */
const png = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP4z8DAAMIM/xkYGBgAJ+AD/lF4KX8AAAAASUVORK5CYII=",
  ),
  (character) => character.charCodeAt(0),
);

function makeStore(folder: string): void {
  using store = StreamStore.open(join(folder, "run.stream"), {
    fields: { wide: "int64", real: "float32", list: "float32", done: "bool" },
    extra: { "<b>text</b>": "string", frame: "bytes" },
  });
  for (let row = 0; row < 5000; row++) {
    const values = { real: row / 10, list: [row, 0.1], done: row % 100 === 99 };
    const wide = row % 2 === 0 ? { wide: 2n ** 62n + BigInt(row) } : {};
    store.append(3 * row, { ...wide, ...values }, {
      "<b>text</b>": `<img src=x onerror=alert(${row})>`,
      frame: row % 3 === 0 ? png : null,
    });
  }
}

async function open(page: Page, address: string, query = ""): Promise<void> {
  await page.goto(address);
  await page.getByText("live", { exact: true }).waitFor();
  await page.goto(`${new URL(address).origin}/?screen=table${query}`);
  await page.locator(".grid tbody tr").first().waitFor();
}

/** The texts of a row's cells, once it is there. */
async function cellsOf(page: Page, row: number): Promise<string[]> {
  const line = page.locator(`.grid tr[data-row="${row}"]:not([hidden])`);
  await line.locator("td").first().waitFor();
  return await line.locator("th, td").allTextContents();
}

const chosen = (page: Page, row: number) =>
  page.locator(`.grid tr.chosen[data-row="${row}"]:not([hidden])`).waitFor();

test(
  "the table shows every value as it is: digits, text that is HTML, pictures that a click enlarges",
  skip,
  () =>
    inFolder(async (folder) => {
      makeStore(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "&row=2");
          assert.deepEqual(await page.locator(".grid thead th").allTextContents(), [
            "row",
            "step",
            "wide",
            "real",
            "list",
            "done",
            "<b>text</b>",
            "frame",
          ]);
          assert.deepEqual(await cellsOf(page, 1), [
            "1",
            "3",
            "–",
            "0.1",
            "[1, 0.1]",
            "false",
            "<img src=x onerror=alert(1)>",
            "–",
          ]);
          assert.deepEqual((await cellsOf(page, 2)).slice(0, 3), ["2", "6", "4611686018427387906"]);
          const picture = page.locator('.grid tr[data-row="0"] img');
          await picture.scrollIntoViewIfNeeded();
          await page.waitForFunction(() =>
            document.querySelector<HTMLImageElement>('tr[data-row="0"] img')!.naturalWidth === 2
          );
          await takeScreen(page, "table");
          await picture.click();
          await page.locator("dialog.enlarged img").waitFor();
          await page.keyboard.press("Escape");
          await page.locator("dialog.enlarged").waitFor({ state: "detached" });
        }));
    }),
);

test(
  "keys choose rows, a form jumps to rows, steps and episodes, and the address shows the same again",
  skip,
  () =>
    inFolder(async (folder) => {
      makeStore(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address);
          const press = async (key: string, row: number) => {
            await page.keyboard.press(key);
            await chosen(page, row);
          };
          await press("ArrowDown", 0);
          await press("ArrowDown", 1);
          await press("End", 4999);
          assert.equal((await cellsOf(page, 4999))[1], "14997");
          await press("ArrowUp", 4998);
          await press("Home", 0);
          await page.keyboard.press("PageDown");
          await page.waitForFunction(() => Number(new URLSearchParams(location.search).get("row")) > 5);
          const jump = async (way: string, number: string, row: number) => {
            await page.locator(".jump select").first().selectOption(way);
            await page.locator(".jump input").fill(number);
            await page.keyboard.press("Enter");
            await chosen(page, row);
          };
          await page.keyboard.press("g");
          await jump("row", "4,000", 4000);
          await jump("step", "3001", 1001);
          await jump("episode", "17", 1700);
          await page.locator(".choice summary").click();
          await page.locator(".choice").getByText("list", { exact: true }).click();
          await page.waitForFunction(() => document.querySelectorAll(".grid thead th").length === 7);
          await page.locator(".choice summary").click();
          const other = await page.context().newPage();
          await other.goto(page.url());
          await chosen(other, 1700);
          assert.equal(await other.locator(".grid thead th").count(), 7);
          assert.deepEqual(await cellsOf(other, 1700), await cellsOf(page, 1700));
          await other.close();
          await page.locator('.grid tr[data-row="1700"] a').first().click();
          await page.waitForFunction(() =>
            /screen=stream/.test(location.search) && /row=1700/.test(location.search)
          );
          assert.match(decodeURIComponent(page.url()), /view=1600:1800/);
        }));
    }),
);

test(
  "the table follows the newest rows, and keeps its place where it does not",
  skip,
  () =>
    inFolder(async (folder) => {
      using store = StreamStore.open(join(folder, "grown.stream"), { fields: ["value"] });
      const append = (count: number) => {
        for (let i = 0; i < count; i++) store.append(store.rowCount, { value: store.rowCount });
        store.flush();
      };
      append(1000);
      await withViewer(folder, ["grown.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address);
          await cellsOf(page, 0);
          append(1000);
          await page.getByText("of 2,000").waitFor();
          await cellsOf(page, 0);
          await page.keyboard.press("f");
          assert.deepEqual(await cellsOf(page, 1999), ["1999", "1999", "1999"]);
          append(500);
          assert.deepEqual(await cellsOf(page, 2499), ["2499", "2499", "2499"]);
        }));
    }),
);

test(
  "a store of 1 billion rows opens, scrolls to its end, jumps, and moves by single rows there",
  skip,
  () =>
    inFolder(async (folder) => {
      const [rowCount, middle] = [1_000_000_000, 765_432_100];
      makeManyRows(join(folder, "many.stream"), rowCount, [0, middle, rowCount - 1], true);
      await withViewer(folder, ["many.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address);
          const expected = (row: number) => [
            String(row),
            String(stepOf(row)),
            String(rowTokens * row),
            `[${rowTokens * row + 1}, ${rowTokens * row + 2}]`,
          ];
          assert.deepEqual(await cellsOf(page, 5), expected(5));
          const grid = page.locator(".grid");
          await grid.evaluate((element) => element.scrollTop = element.scrollHeight);
          assert.deepEqual(await cellsOf(page, rowCount - 1), expected(rowCount - 1));
          await page.locator(".jump input").fill(String(middle));
          await page.keyboard.press("Enter");
          await chosen(page, middle);
          assert.deepEqual(await cellsOf(page, middle), expected(middle));
          // A wheel moves by rows, although a pixel of the bar stands for more than 100 of them.
          const first = async () =>
            await grid.evaluate((element) =>
              Number(element.querySelector<HTMLElement>("tr[data-row]")!.dataset.row)
            );
          const before = await first();
          await grid.hover();
          await page.mouse.wheel(0, 26 * 4);
          await page.waitForFunction(
            (row) => Number(document.querySelector<HTMLElement>("tr[data-row]")!.dataset.row) === row,
            before + 4,
          );
          await page.keyboard.press("ArrowDown");
          await chosen(page, middle + 1);
        }));
    }),
);

test(
  "a dataset of LeRobot that was imported is shown",
  { skip: noBrowser || skipRealData },
  () =>
    inFolder(async (folder) => {
      const { code, errors } = await call(folder, "import", `${realData}/lerobot-g1`, "g1.stream");
      assert.equal(code, 0, errors);
      using store = StreamStore.open(join(folder, "g1.stream"), { mode: "read" });
      await withViewer(folder, ["g1.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, "&row=7000&columns=timestamp,episode_index");
          await chosen(page, 7000);
          const { step, timestamp, episode_index: episode } = store.row(7000) as unknown as Record<
            string,
            number
          >;
          const cells = await cellsOf(page, 7000);
          assert.deepEqual(cells.slice(0, 2), ["7000", String(step)]);
          assert.deepEqual([Math.fround(Number(cells[2])), Number(cells[3])], [timestamp, Number(episode)]);
        }));
    }),
);
