/** Nothing that `append` returned from is lost, whenever the writer's process is killed. The long run is `./run torture`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KillFigures, KillLane } from "./kill.ts";
import { withDirectory } from "./scratch.ts";

test("no acknowledged step is lost, torn or invented when the writer is killed", async () => {
  await withDirectory(async (directory) => {
    const figures = new KillFigures();
    const lane = new KillLane(directory, 20_260_730, figures);
    // On a machine with much else to do writers are killed before they have done much.
    const isEnough = () => figures.stepsAcknowledged > 1000 && figures.stepsCompared > 1000;
    while (figures.kills < 30 || (!isEnough() && figures.kills < 300)) await lane.run();
    assert.ok(isEnough(), `${figures.stepsAcknowledged} steps, ${figures.stepsCompared} compared`);
  });
});
