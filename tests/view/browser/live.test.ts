/** The page beside writers, without them, and without its server. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { expectFault, inTab, noBrowser } from "../../support/view/browser.ts";
import { kill, startWriter } from "../../support/view/children.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };
const fields = { value: "float32", done: "bool" } as const;

const fact = (page: Page, name: string) => page.locator(`[data-fact=${name}]`);
const banner = (page: Page) => page.locator(".banner");
/** How the server stands, beside the number of rows. */
const connection = (page: Page, text: string | RegExp) => page.locator(".live", { hasText: text }).waitFor();

/** Rows as the page says, once there are more than so many. */
async function rowsAbove(page: Page, count: number): Promise<number> {
  const above = (count: number) => {
    const text = document.querySelector("[data-fact=rows]")!.textContent!;
    const rows = Number(text.split(" ")[0].replaceAll(",", ""));
    return rows > count && rows;
  };
  return await (await page.waitForFunction(above, count)).jsonValue() as number;
}

test(
  "the overview shows a writer at full speed, which is killed and restarted",
  skip,
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "run.stream");
      StreamStore.open(path, { fields }).close();
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await fact(page, "writer").getByText("none").waitFor();
          for (let rows = -1, restart = 0; restart < 2; restart++) {
            const child = await startWriter(path);
            await fact(page, "writer").getByText(`process ${child.pid}`).waitFor();
            rows = await rowsAbove(page, await rowsAbove(page, rows) + 10_000);
            await fact(page, "growth").getByText("rows/s").waitFor();
            await kill(child);
            await fact(page, "writer").getByText("none").waitFor();
          }
          using store = StreamStore.open(path);
          store.flush();
          await fact(page, "rows").getByText(store.rowCount.toLocaleString("en-US"), { exact: true })
            .waitFor();
          // It stands still: the last seconds saw nothing grow.
          await fact(page, "growth").getByText("none").waitFor();
          assert.equal(await banner(page).isVisible(), false);
        }));
    }),
);

test(
  "a store that is deleted and replaced is said on the page, which shows the other one",
  skip,
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "run.stream");
      const make = (values: readonly number[]) => {
        using store = StreamStore.open(path, { fields });
        values.forEach((value, step) => store.append(step, { value, done: true }));
      };
      make([1, 2, 3]);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(`${viewer.address}&from=1&to=3`);
          await fact(page, "rows").getByText("3", { exact: true }).waitFor();
          // What is asked just then is answered so.
          expectFault(/status of 40[49]/);
          rmSync(path, { recursive: true });
          await banner(page).getByText("The store at run.stream was deleted").waitFor();
          make([8, 9]);
          await banner(page).getByText("Another store stands in this place now").waitFor();
          await fact(page, "rows").getByText("2", { exact: true }).waitFor();
          await page.locator(".fields tbody tr", { hasText: "value" }).getByText("9").waitFor();
          // Rows of the one that is no more are no place in this one.
          assert.equal(new URL(page.url()).search, "");
          await banner(page).getByRole("button").click();
          assert.equal(await banner(page).isVisible(), false);
          await page.reload();
          await fact(page, "rows").getByText("2", { exact: true }).waitFor();
          assert.equal(await banner(page).isVisible(), false);
        }));
    }),
);

test(
  "a hidden tab lets its stream go, and takes it up when it is shown",
  skip,
  () =>
    inFolder(async (folder) => {
      using store = StreamStore.open(join(folder, "run.stream"), { fields });
      store.append(0, { value: 1 });
      store.flush();
      const hide = (hidden: boolean) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      };
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await connection(page, "live");
          const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/live"));
          await page.evaluate(hide, true);
          await ended;
          await connection(page, "paused");
          store.append(1, { value: 2 });
          store.flush();
          const begun = page.waitForRequest((request) => request.url().includes("/api/live"));
          await page.evaluate(hide, false);
          await begun;
          await connection(page, "live");
          await fact(page, "rows").getByText("2", { exact: true }).waitFor();
        }));
    }),
);

test(
  "a server that is gone is said on the page, and asked again until it is there",
  skip,
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "run.stream");
      StreamStore.open(path, { fields }).close();
      await inTab(async (page) => {
        // The browser's own words for what cannot be had.
        expectFault(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|401/);
        await withViewer(folder, ["run.stream"], async (viewer) => {
          await page.goto(viewer.address);
          await connection(page, "live");
          // Stopped as a machine that sleeps: nothing comes, and nothing ends.
          await viewer.pausedWhile(async () => {
            await connection(page, /lost|connecting/);
            await banner(page).getByText("The server does not answer").waitFor();
          });
          await connection(page, "live");
          await banner(page).waitFor({ state: "hidden" });
          await viewer.end("SIGKILL");
          await connection(page, "lost, next try in");
          await banner(page).getByText("The server does not answer").waitFor();
          // Another one at its address does not know the page.
          await withViewer(folder, ["run.stream", "--port", String(viewer.port)], async () => {
            await banner(page).getByText("The server knows this page no longer").waitFor();
            await connection(page, "ended");
          });
        });
      });
    }),
);
