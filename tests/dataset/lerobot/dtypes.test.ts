import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../../mod.ts";
import { dtypeNames } from "../../../src/dtypes.ts";
import { extremesOf } from "../../support/dtypes.ts";
import { inFolder } from "../../support/saved.ts";

test("saveLeRobot() gives fields the features of their dtypes, and every value comes back", () =>
  inFolder(async (folder) => {
    const fields = dtypeNames.flatMap((dtype) => [[dtype, dtype], [`pair.${dtype}`, dtype]] as const);
    using store = new StreamStore([...fields, ["last", "bool"]]) as unknown as StreamStore;
    for (let step = 0; step < 12; step++) {
      const values = dtypeNames.flatMap((dtype) => {
        const numbers = extremesOf(dtype);
        const at = (index: number) => numbers[index % numbers.length];
        return [[dtype, at(step)], [`pair.${dtype}`, [at(step), at(step + 1)]]];
      });
      store.append(step, { ...Object.fromEntries(values), last: step % 4 === 3 });
    }
    const path = join(folder, "dataset");
    await saveLeRobot(store, path, { fps: 10, episodes: { end: "last" }, tasks: ["Do it."] });
    const loaded = await loadLeRobot(path);
    using copy = loaded.store;
    assert.deepEqual(loaded.episodes.lengths, [4, 4, 4]);
    for (const dtype of dtypeNames) {
      assert.deepEqual([loaded.features[dtype].dtype, loaded.features[dtype].shape], [dtype, [1]]);
      assert.deepEqual([loaded.features[`pair.${dtype}`].dtype, loaded.features[`pair.${dtype}`].shape], [
        dtype,
        [2],
      ]);
      for (const name of [dtype, `pair.${dtype}`]) {
        const [found, expected] = [copy.column(name), store.column(name)];
        assert.deepEqual([...found.values as Float64Array], [...expected.values as Float64Array], name);
      }
    }
  }));
