/** Nothing that `append` returned from is lost, whenever the writer's process is killed. The long run is `./run torture`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KillFigures, KillLane } from "./kill.ts";
import { withDirectory } from "./scratch.ts";

test("no acknowledged step is lost, torn or invented when the writer is killed", async () => {
  await withDirectory(async (directory) => {
    const figures = new KillFigures();
    const lane = new KillLane(directory, 20_260_730, figures);
    for (let round = 0; round < 30; round++) await lane.run();
    assert.equal(figures.kills, 30);
    assert.ok(figures.stepsAcknowledged > 1000, `${figures.stepsAcknowledged} steps`);
    assert.ok(figures.stepsCompared > 1000, `${figures.stepsCompared} steps`);
  });
});
