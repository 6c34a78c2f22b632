/** What saveLeRobot() writes is read by Python. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { takePicture } from "../../../examples/camera.ts";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../../mod.ts";
import { runScript } from "../../interop/python.ts";
import { python, skipReason } from "../../support/hub/python.ts";
import { fps, lengths, ownStore, readJson, type Row, writeDataset } from "../../support/lerobot/datasets.ts";
import { inFolder } from "../../support/saved.ts";

const options = { fps, episodes: { starts: [0] }, tasks: ["Do it."] };

if (skipReason !== false) console.log(`LeRobot datasets are not read with Python: ${skipReason}`);

/** What Python made of a folder: see lerobot/read.py. */
interface Reading {
  readonly folder: string;
  readonly reader: "lerobot" | "datasets";
  readonly frames: readonly Record<string, string>[];
  readonly tasks: readonly string[];
}

test(
  "saveLeRobot() is read by Python: every number by its bits, by LeRobot's own reader where it is installed",
  {
    skip: skipReason,
  },
  () =>
    inFolder(async (folder) => {
      using own: StreamStore = ownStore();
      await saveLeRobot(own, join(folder, "own"), {
        ...options,
        episodes: { end: "next.done" },
        features: { "next.done": { dtype: "bool" }, action: { dtype: "float32" } },
      });
      using filmed = filmedStore();
      await saveLeRobot(filmed, join(folder, "filmed"), {
        fps,
        episodes: { starts: [0, 5] },
        features: { "observation.images.top": { shape: [16, 24, 1] } },
      });
      const names = ["own", "filmed"];
      for (const version of ["v2.1", "v3.0"] as const) {
        await writeDataset(join(folder, "source", version), { version, lengths });
        const { store, ...rest } = await loadLeRobot(join(folder, "source", version));
        using _ = store;
        await saveLeRobot(store, join(folder, version), { ...rest, fileBytes: 1000, chunkFiles: 2 });
        names.push(version);
      }
      const folders = names.map((name) => join(folder, name));
      for (
        const { folder: path, reader, frames, tasks } of runScript<Reading[]>(
          "../support/lerobot/read.py",
          folder,
          folders,
        )
      ) {
        const { store, tasks: expectedTasks } = await loadLeRobot(path, { extra: true });
        using _ = store;
        assert.deepEqual(tasks, store.extra("task").slice());
        assert.deepEqual(frames, store.rows().map((row) => framesText(row, path)));
        const named = store.rows().map(({ task_index }) => expectedTasks[Number(task_index)]);
        assert.deepEqual(tasks, named);
        console.log(
          `${frames.length} frames of ${path.slice(folder.length + 1)} read with ${reader} of ${python}`,
        );
      }
    }),
);

/** With a picture, a text and a task for every row. */
function filmedStore() {
  const store = new StreamStore({ action: "float32" }, {
    extra: { "observation.images.top": "bytes", note: "string", task: "string" },
  });
  for (let step = 0; step < 9; step++) {
    const grays = [0, 1].map((y) => [0, 1, 2].map((x) => (step + 90 * x + 7 * y) % 256));
    store.append(step, { action: step / 3 }, {
      "observation.images.top": takePicture(grays),
      note: ["", "Gr\u00fc\u00dfe \u{1f600}", "\0"][step % 3],
      task: step < 5 ? "Look." : "Look away.",
    });
  }
  return store;
}

/** A row as read.py shows it. */
function framesText({ step: _, extra, ...numbers }: Row, folder: string): Record<string, string> {
  const { features } = readJson(join(folder, "meta/info.json"));
  const { task: __, ...others } = extra as Row;
  return Object.fromEntries(
    Object.entries({ ...numbers, ...others }).map(([name, value]) => {
      const { dtype, shape } = features[name];
      if (dtype === "string") return [name, `string ${value}`];
      if (dtype === "image") {
        return [name, `image ${createHash("sha256").update(value as Uint8Array).digest("hex")}`];
      }
      const list = [...(ArrayBuffer.isView(value) ? value as Float64Array : [value])];
      return [
        name,
        `${dtype} [${shape.join(", ")}] ${list.map((entry) => bitsText(dtype, entry as number)).join(" ")}`,
      ];
    }),
  );
}

function bitsText(dtype: string, value: number): string {
  if (!dtype.startsWith("float")) return String(value);
  const bytes = new Uint8Array(
    (dtype === "float32" ? Float32Array.of(value) : Float64Array.of(value)).buffer,
  );
  return Array.from(bytes.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
