/**
 * A robot's camera: a JPEG beside the state of each step, and batches that have both.
 *
 *     ./run deno -A examples/robot_camera.ts
 *     ./run bun examples/robot_camera.ts pictures    saves into this folder, and leaves it there
 *
 * A store does not look into pictures: they are the camera's own files, byte for byte. What is saved is a dataset whose
 * column is an `Image`: in Python `load_dataset("pictures")["train"][0]["frame"]` is a picture.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import { StreamStore } from "../mod.ts";
import { takePicture } from "./camera.ts";

using store = new StreamStore({ position: "float32", push: "float32", done: "bool" }, {
  extra: { frame: "bytes" },
});

/** What the camera sees: 16 squares, and where the robot is a bright one. */
const seen = (
  position: number,
) => [Array.from({ length: 16 }, (_, x) => Math.round(position) === x ? 255 : 32)];

for (let episode = 0, step = 0; episode < 20; episode++) {
  let [position, speed] = [episode % 16, 0];
  for (let frame = 0; frame < 50; frame++, step++) {
    const push = Math.sign(7.5 - position) / 10;
    store.append(step, { position, push, done: frame === 49 }, { frame: takePicture(seen(position)) });
    position += speed += push;
  }
}

const sampler = store.sampler({
  steps: 2, // the frame before, and this one
  fields: { position: 1, push: 1 },
  extra: ["frame"], // the pictures of each window's rows
  episodes: { end: "done" },
  order: "shuffle",
  batchSize: 32,
  seed: 1,
});
const { fields: { push }, extra: { frame } } = sampler.next()!;
const sizes = frame.map((window) => window.map((picture) => picture!.length));
console.log(
  `a batch of ${frame.length} windows of ${frame[0].length} pictures, and ${push.values.length} pushes`,
);
console.log(`the first window's are JPEG files of ${sizes[0].join(" and ")} bytes`);

const [given] = process.argv.slice(2);
const folder = given ?? join(mkdtempSync(join(tmpdir(), "camera-")), "pictures");
await store.saveDataset(folder, "train", { format: "parquet", fieldFeatures: { frame: { _type: "Image" } } });
const copy = await StreamStore.loadDataset(folder, "train", { extra: true });
const isSame = isDeepStrictEqual(copy.extra("frame").slice(), store.extra("frame").slice());
console.log(
  `${copy.rowCount} rows saved and loaded: ${isSame ? "every picture is the same" : "they differ"}`,
);
copy.close();
if (given === undefined) rmSync(folder, { recursive: true });
