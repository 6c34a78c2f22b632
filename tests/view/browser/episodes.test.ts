/** Episodes in a browser: list, order, curves over each other, flags and their rows. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { StreamStore } from "../../../mod.ts";
import { inFolder } from "../../support/cli/command.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

/** Episode e has 5 + e % 20 rows, whose rewards are all e. */
const episodeCount = 2000;
const lengthOf = (episode: number) => 5 + episode % 20;

function makeStore(folder: string): { readonly path: string; readonly starts: readonly number[] } {
  const path = join(folder, "run.stream");
  using store = StreamStore.open(path, {
    fields: { observation: "float32", reward: "float64", done: "bool" },
    extra: { note: "string" },
  });
  const starts: number[] = [];
  for (let episode = 0, row = 0; episode < episodeCount; episode++) {
    starts.push(row);
    for (let at = 0; at < lengthOf(episode); at++, row++) {
      const observation = [at, Math.sin(at / 3) + episode];
      store.append(row, { observation, reward: episode, done: at === lengthOf(episode) - 1 });
    }
  }
  return { path, starts };
}

const shown = async (
  page: Page,
) => (await page.locator(".episode").evaluateAll((items) =>
  items.map((item) => Number(item.dataset.episode))
));

test(
  "episodes are listed, ordered, drawn over each other, flagged and exported",
  { skip: noBrowser },
  () =>
    inFolder(async (folder) => {
      const { path, starts } = makeStore(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(`${viewer.address}&screen=episodes`);
          await page.locator('.episode[data-episode="3"]').waitFor();
          const cells = (episode: number) =>
            page.locator(`.episode[data-episode="${episode}"] > *`).allTextContents();
          assert.deepEqual(await cells(3), ["3", String(starts[3]), "8", "24", ""]);
          // To the end of the list, by the wheel.
          await page.locator(".virtual-list").hover();
          await page.mouse.wheel(0, 1e6);
          await page.locator(`.episode[data-episode="${episodeCount - 1}"]`).waitFor();
          // By length, the longest first: those of 24 rows, which are 19, 39, 59, …
          await page.locator("[data-order=length]").click();
          await page.mouse.move(0, 0);
          await page.locator(".virtual-list").evaluate((list) => list.scrollTop = 0);
          await page.locator('.episode[data-episode="19"]').waitFor();
          assert.deepEqual((await shown(page)).slice(0, 4), [19, 39, 59, 79]);
          await page.locator("[data-order=sum]").click();
          await page.locator('.episode[data-episode="1999"]').waitFor();
          const sum = (episode: number) => episode * lengthOf(episode);
          const bySum = Array.from({ length: episodeCount }, (_, episode) => episode)
            .sort((one, other) => sum(other) - sum(one) || one - other);
          assert.deepEqual((await shown(page)).slice(0, 10), bySum.slice(0, 10));
          // Two over each other: each has a line of its own colour, of what is chosen.
          await page.locator("select[name=series]").selectOption("observation[1]");
          await page.locator("[data-order=row]").click();
          await page.locator('.episode[data-episode="2"]').waitFor();
          await page.locator('.episode[data-episode="2"]').click();
          await page.locator('.episode[data-episode="5"] > span').first().click();
          await page.locator(".overlay-legend", { hasText: "episode 5" }).waitFor();
          const inks = await page.locator(".overlay canvas").evaluate((node) => {
            const canvas = node as unknown as {
              readonly width: number;
              readonly height: number;
              getContext(kind: "2d"): { getImageData(...area: number[]): { readonly data: Uint8Array } };
            };
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const count = (colour: readonly number[]) => {
              let found = 0;
              for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255 && colour.every((channel, at) => data[i + at] === channel)) found++;
              }
              return found;
            };
            return [count([0x00, 0x72, 0xb2]), count([0xd5, 0x5e, 0x00])];
          });
          assert.ok(inks.every((pixels) => pixels > 100), inks.join());
          // A flag by its key, on the one that was clicked last.
          await page.keyboard.press("ArrowDown");
          await page.keyboard.press("b");
          await page.locator('.episode[data-episode="6"] .flag', { hasText: "bad" }).waitFor();
          await takeScreen(page, "episodes");
          const kept = JSON.parse(readFileSync(join(path, "view-flags.json"), "utf8"));
          assert.deepEqual(kept.flags, [{ row: starts[6], flag: "bad" }]);
          const download = page.waitForEvent("download");
          await page.locator(".exports a", { hasText: "JSONL" }).click();
          const file = await (await download).path();
          const rows = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
          assert.deepEqual(
            rows.map(({ step, reward }) => [step, reward]),
            Array.from({ length: lengthOf(6) }, (_, i) => [starts[6] + i, 6]),
          );
          // Its rows in the stream; and back, all is as it was.
          await page.keyboard.press("Enter");
          await page.waitForURL(/screen=stream/);
          assert.equal(new URL(page.url()).searchParams.get("selection"), `${starts[6]}:${starts[7]}`);
          await page.goBack();
          await page.locator('.episode[data-episode="6"] .flag', { hasText: "bad" }).waitFor();
          await page.locator(".overlay-legend", { hasText: "episode 2" }).waitFor();
        }));
    }),
);

test("the list grows with the store", { skip: noBrowser }, () =>
  inFolder(async (folder) => {
    using writer = StreamStore.open(join(folder, "run.stream"), { fields: { reward: 0, done: 1 } });
    const append = () =>
      writer.append(writer.rowCount, { reward: writer.rowCount, done: writer.rowCount % 3 === 2 ? 1 : 0 });
    for (let row = 0; row < 4; row++) append();
    writer.flush();
    await withViewer(folder, ["run.stream"], (viewer) =>
      inTab(async (page) => {
        await page.goto(`${viewer.address}&screen=episodes`);
        await page.locator(".episode", { hasText: "1 …" }).waitFor();
        append();
        append();
        writer.flush();
        await page.locator('.episode[data-episode="1"]', { hasText: /^13312$/ }).waitFor();
      }));
  }));
