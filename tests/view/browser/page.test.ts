/** The page around the screens: its address, keys, themes, and text that is HTML elsewhere. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { makeRun } from "../../support/cli/stores.ts";
import { inTab, noBrowser } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

const tabs = async (page: Page) => await page.locator("nav a").allTextContents();
const current = (page: Page) => page.locator("nav a[aria-current]").textContent();

test(
  "keys and clicks choose screens, each of which is a link, and the browser goes back",
  skip,
  () =>
    inFolder(async (folder) => {
      makeRun(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await page.locator("nav a").first().waitFor();
          const titles = await tabs(page);
          const addresses: string[] = [];
          for (let at = titles.length - 1; at >= 0; at--) {
            await page.keyboard.press(String(at + 1));
            await page.locator("nav a[aria-current]", { hasText: titles[at] }).waitFor();
            addresses.push(page.url());
          }
          assert.equal(new Set(addresses).size, titles.length);
          for (const at of titles.keys()) {
            await page.locator("nav a").nth(at).click();
            assert.equal(await current(page), titles[at]);
          }
          if (titles.length > 1) {
            await page.goBack();
            assert.equal(await current(page), titles.at(-2));
            await page.goForward();
          }
          assert.equal(await current(page), titles.at(-1));
          await page.reload();
          await page.locator("nav a[aria-current]", { hasText: titles.at(-1) }).waitFor();
          await page.keyboard.press("?");
          await page.locator("dialog", { hasText: "Overview" }).waitFor();
          await page.keyboard.press("Escape");
          assert.equal(await page.locator("dialog").isVisible(), false);
        }));
    }),
);

test(
  "the page is light or dark as the system is, or as was chosen, also after it is loaded again",
  skip,
  () =>
    inFolder(async (folder) => {
      makeRun(folder);
      const becomes = async (page: Page, isDark: boolean) => {
        const is = (isDark: boolean) => {
          const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!;
          return isDark ? Number(red) < 60 : Number(red) > 200;
        };
        await page.waitForFunction(is, isDark);
      };
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await page.locator(".fields tbody tr").first().waitFor();
          await becomes(page, true);
          await page.emulateMedia({ colorScheme: "light" });
          await becomes(page, false);
          await page.keyboard.press("t");
          await page.keyboard.press("t");
          assert.equal(await page.locator("#theme").textContent(), "● Dark");
          await becomes(page, true);
          await page.reload();
          await page.locator("#theme", { hasText: "Dark" }).waitFor();
          await becomes(page, true);
        }, { colorScheme: "dark" }));
    }),
);

test("several stores are a table, and one is chosen there and above", skip, () =>
  inFolder(async (folder) => {
    makeRun(folder, 20, "one.stream");
    makeRun(folder, 30, "two.stream");
    await withViewer(folder, ["one.stream", "two.stream"], (viewer) =>
      inTab(async (page) => {
        await page.goto(viewer.address);
        const rows = page.locator(".stores tbody tr");
        await rows.nth(1).waitFor();
        assert.deepEqual(await rows.locator("td:nth-child(-n+3)").allTextContents(), [
          "one.stream",
          "20",
          "open",
          "two.stream",
          "30",
          "open",
        ]);
        await rows.nth(1).getByRole("link").click();
        await page.locator("[data-fact=rows]", { hasText: "30" }).waitFor();
        assert.equal(new URL(page.url()).search, "?store=1");
        await page.locator("header select").selectOption("0");
        await page.locator("[data-fact=rows]", { hasText: "20" }).waitFor();
      }));
  }));

/** Would be a picture that is not there, and then run a script. */
const hostile = "<img src=x onerror=alert(1)>";

test("names and texts that are HTML stay text on every screen", skip, () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, hostile));
    const fields = [[`field ${hostile}`, "float64"], ["done", "bool"]] as const;
    const name = `extra ${hostile}`;
    const store = StreamStore.open(join(folder, hostile, "run.stream"), {
      fields,
      extra: { [name]: "string" },
    });
    for (let step = 0; step < 10; step++) {
      store.append(step, { [`field ${hostile}`]: step, done: step % 5 === 4 }, {
        [name]: `${hostile} ${step}`,
      });
    }
    store.close();
    makeRun(folder, 20, `${hostile}.stream`);
    await withViewer(folder, [join(hostile, "run.stream"), `${hostile}.stream`], (viewer) =>
      inTab(async (page) => {
        let dialogs = 0;
        page.on("dialog", (dialog) => (dialogs++, dialog.dismiss()));
        await page.goto(viewer.address);
        await page.getByText(`field ${hostile}`).first().waitFor();
        await page.locator(".stores").getByText(`${hostile}.stream`).first().waitFor();
        for (const key of (await tabs(page)).keys()) {
          await page.keyboard.press(String(key + 1));
          await page.locator("main > *").first().waitFor();
          // What is asked for is answered before this.
          await page.evaluate(async () =>
            await (await fetch("/api/overview?store=0")).text()
          );
          assert.equal(await page.locator("img[src=x]").count(), 0);
        }
        assert.equal(dialogs, 0);
      }));
  }));
