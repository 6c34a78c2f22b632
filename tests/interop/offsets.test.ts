/** Rows around anchors of real episodes, held against LeRobot's `delta_timestamps`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, offsetsOf, saveLeRobot } from "../../mod.ts";
import { realData, skipRealData } from "../support/dataset.ts";
import { withDirectory } from "../torture/scratch.ts";
import { runScript, skipReason } from "./python.ts";

const deltas = {
  "observation.state": [-5 / 30, -0.1, -1 / 30, 0],
  action: Array.from({ length: 16 }, (_, i) => i / 30),
};

test(
  "next() gives the frames and is_pad that LeRobot does, around every frame of real episodes",
  { skip: skipReason || skipRealData },
  async () =>
    await withDirectory(async (folder) => {
      const original = join(realData, "lerobot-g1");
      const { store, episodes, fps } = await loadLeRobot(original);
      const [saved, rule] = [join(folder, "saved"), { starts: episodes.starts }];
      await saveLeRobot(store, saved, { fps, episodes: rule, tasks: ["Move."] });
      const { reader } = runScript<{ reader: string }>("./offsets.py", folder, {
        original,
        saved,
        folder,
        fps,
        delta_timestamps: deltas,
      });
      console.log(`Frames of LeRobot by ${reader}`);
      const of = (name: keyof typeof deltas) => ({ width: 26, offsets: offsetsOf(deltas[name], fps) });
      const sampler = store.sampler({
        fields: { "observation.state": of("observation.state"), action: of("action") },
        episodes: rule,
        order: "sequential",
        batchSize: store.rowCount,
      });
      const { size, fields } = sampler.next()!;
      assert.equal(size, 7844);
      for (const [name, { values, mask, offsetMask }] of Object.entries(fields)) {
        const wanted = readFileSync(join(folder, `${name}.f32`));
        const got = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
        assert.equal(Buffer.compare(got, wanted), 0, `${name} by ${reader}`);
        const isPad = readFileSync(join(folder, `${name}.pad`));
        assert.ok(isPad.some((pad) => pad === 1), name);
        assert.deepEqual(Uint8Array.from(offsetMask, (inside) => 1 - inside), Uint8Array.from(isPad), name);
        assert.ok(mask.every((there, i) => there === offsetMask[Math.floor(i / 26)]), name);
      }
      store.close();
    }),
);
