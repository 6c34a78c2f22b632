/** The pixels of the stream's charts beside those of all points. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { call, inFolder } from "../../support/cli/command.ts";
import { realData, skipRealData } from "../../support/dataset.ts";
import { inTab, noBrowser, takeScreen } from "../../support/view/browser.ts";
import { charts, makePoints, makeStore, open, series, show } from "../../support/view/stream.ts";
import { bringPoints, compareWithAllPoints, hideGrid } from "../../support/view/uplot_oracle.ts";
import { withViewer } from "../../support/view/viewer.ts";

const skip = { skip: noBrowser };

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
  "pixels of a dataset of LeRobot are those of all its rows",
  { skip: noBrowser || skipRealData },
  () =>
    inFolder(async (folder) => {
      const { code, errors } = await call(folder, "import", `${realData}/lerobot-g1`, "g1.stream");
      assert.equal(code, 0, errors);
      using store = StreamStore.open(join(folder, "g1.stream"), { mode: "read" });
      const { values, width } = store.column("observation.state");
      const names = [0, 7, 25].map((element) => `observation.state[${element}]`);
      const points = Object.fromEntries([0, 7, 25].map((element, i) => [
        names[i],
        Float64Array.from({ length: store.rowCount }, (_, row) => Number(values[row * width! + element])),
      ]));
      const place = store.fields.findIndex(({ name }) => name === "observation.state");
      const lines = [0, 7, 25].map((element, i) => [names[i], `--series-${(place + element) % 8}`] as const);
      await withViewer(folder, ["g1.stream"], (viewer) =>
        inTab(async (page) => {
          await open(page, viewer.address, `series=${encodeURIComponent(names.join())}`);
          await takeScreen(page, "stream-lerobot");
          await hideGrid(page);
          await bringPoints(page, points);
          for (const view of [`0:${store.rowCount}`, "1200:6789", "3000:3400"]) {
            await show(page, view);
            const { pixels, differing, drawn } = await compareWithAllPoints(page, "observation.state", lines);
            const text = `rows ${view}: ${differing} of ${pixels} pixels differ, ${drawn} are drawn`;
            assert.ok(drawn > 1000 && differing <= 0.0002 * pixels, text);
          }
        }));
    }),
);
