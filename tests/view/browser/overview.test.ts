/** The page and its first screen, in a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFolder } from "../../support/cli/command.ts";
import { makeRun } from "../../support/cli/stores.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

test(
  "the overview says what a store holds, and the address is free of its code",
  skip,
  () =>
    inFolder(async (folder) => {
      makeRun(folder);
      await withViewer(folder, ["run.stream"], (viewer) =>
        inTab(async (page) => {
          await page.goto(viewer.address);
          await page.getByText("observation").waitFor();
          assert.equal(new URL(page.url()).search, "");
          const fact = (name: string) => page.locator(`[data-fact=${name}]`).textContent();
          await page.getByText("live", { exact: true }).waitFor();
          assert.deepEqual([await fact("rows"), await fact("tokens"), await fact("writer")], [
            "20",
            "90",
            "none",
          ]);
          const rows = await page.locator(".fields tbody tr").allTextContents();
          assert.deepEqual(rows, [
            "action0uint8number22.2 %1",
            "observation1float32list of 244.4 %[1.9, -10]",
            "reward2float64number11.1 %4.5",
            "done3boolnumber22.2 %true",
          ]);
          // Each field's line is drawn, in its own colour.
          const coloursDrawn = () =>
            [...document.querySelectorAll<HTMLCanvasElement>(".spark")].map((canvas) => {
              const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
              const colours = new Set<string>();
              for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] === 255) colours.add(data.slice(at, at + 3).join());
              }
              return [...colours].join(" ");
            });
          let colours: string[] = [];
          for (const from = Date.now(); colours.length < 4 || colours.includes("");) {
            assert.ok(Date.now() - from < 20_000, colours.join());
            colours = await page.evaluate(coloursDrawn);
          }
          assert.equal(new Set(colours).size, 4);
          await takeScreen(page, "overview");
        }));
    }),
);
