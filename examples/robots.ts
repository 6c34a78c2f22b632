/**
 * Robots: recording episodes, saving them as a LeRobot dataset, and sampling chunks of actions from such a one.
 *
 *     ./run deno -A examples/robots.ts
 *     ./run bun examples/robots.ts
 *
 * The store lies in a directory, so that a recording survives whatever becomes of the program. The dataset is of LeRobot
 * v3, with the statistics that its own tools want; `loadLeRobot` reads v2 and v3, from a folder or from the Hub.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadLeRobot, offsetsOf, range, saveLeRobot, StreamStore } from "../mod.ts";

const folder = mkdtempSync(join(tmpdir(), "robots-"));
const fields = { "observation.state": 0, action: 1, "next.done": 2 };
{
  using store = StreamStore.open(join(folder, "run.stream"), { fields });
  for (let frame = 0; frame < 1000; frame++) {
    const joints = Float32Array.from({ length: 6 }, (_, joint) => Math.sin(frame / 50 + joint));
    store.append(frame, {
      "observation.state": joints,
      action: joints.map((angle) => -angle / 10),
      "next.done": frame % 250 === 249,
    });
  }
  await saveLeRobot(store, join(folder, "wave"), {
    fps: 50,
    episodes: { end: "next.done" },
    tasks: ["Wave."],
    features: { "observation.state": { dtype: "float32" }, action: { dtype: "float32" } },
  });
}

const { store, episodes, tasks } = await loadLeRobot(join(folder, "wave"));
const sampler = store.sampler({
  fields: {
    "observation.state": { width: 6, offsets: offsetsOf([-0.02, 0], 50) }, // and the frame before
    action: { width: 6, offsets: range(0, 16) }, // what followed
  },
  episodes: { starts: episodes.starts },
  boundary: "edge", // past the end of an episode its last row again, as in LeRobot; offsetMask says where
  normalize: true,
  order: "shuffle",
  batchSize: 32,
  seed: 1,
});
const { action } = sampler.next()!.fields;
console.log(`${store.rowCount} frames in ${episodes.starts.length} episodes of "${tasks[0]}"`);
console.log(`a batch of ${action.values.length / 6 / 16} chunks of 16 actions of 6 joints`);
console.log(
  `of its ${action.offsetMask.length} rows, ${
    action.offsetMask.filter((there) => there === 1).length
  } are not padding`,
);
store.close();
rmSync(folder, { recursive: true });
