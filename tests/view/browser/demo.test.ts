/** The demo's own data, CartPole, on every screen: by a click on its tab, without a word said before. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { collectCartPole } from "../../../examples/demo/collect.ts";
import { createRandom } from "../../../examples/demo/random.ts";
import { StreamStore } from "../../../mod.ts";
import { copyRows, makeLike } from "../../../src/cli/copy.ts";
import { inFolder } from "../../support/cli/command.ts";
import { inTab, noBrowser } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

/** What is there once a screen shows the store. */
const shown: readonly [title: string, place: string][] = [
  ["Overview", ".fields tbody tr"],
  ["Stream", ".u-over"],
  ["Episodes", ".episode"],
  ["Table", "[data-row]"],
  ["Windows and batches", ".batch-field canvas"],
  ["Statistics", ".statistics"],
  ["Health", '.verdict[data-state="whole"]'],
];

test("the demo's store is shown by each screen", { skip: noBrowser }, () =>
  inFolder(async (folder) => {
    using played = collectCartPole(12, createRandom(1)).store as unknown as StreamStore;
    const { rowCount } = played;
    let episodes = 0;
    for (const done of played.column("done").values as Float64Array) episodes += done;
    const kept = makeLike(join(folder, "demo.stream"), played);
    await copyRows(played, kept, [0, rowCount], () => {});
    kept.close();
    await withViewer(folder, ["demo.stream"], (viewer) =>
      inTab(async (page) => {
        await page.goto(viewer.address);
        for (const [title, place] of shown) {
          await page.locator("nav a", { hasText: title }).click();
          await page.locator(place).first().waitFor();
        }
        assert.equal(await page.locator("nav a").count(), shown.length);
        await page.locator("nav a", { hasText: "Episodes" }).click();
        await page.locator(".episode").nth(episodes - 1).waitFor();
        const lengths = await page.locator(".episode > :nth-child(3)").allTextContents();
        assert.equal(lengths.reduce((sum, text) => sum + parseInt(text), 0), rowCount);
      }));
  }));
