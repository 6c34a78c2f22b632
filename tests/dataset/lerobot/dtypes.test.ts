import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../../mod.ts";
import { dtypeNames } from "../../../src/dtypes.ts";
import { extremesOf } from "../../support/dtypes.ts";
import { lengths, rowsOf, writeDataset } from "../../support/lerobot/datasets.ts";
import { inFolder, list, value } from "../../support/saved.ts";

/** Writes a file anew, with another feature of the state, of which every value is changed a little. */
async function writeMoreExactly(path: string, state: number): Promise<void> {
  const file = await StreamStore.fromParquet(path);
  const fields = file.fields.map(({ name, dtype }) =>
    [name, dtype === "float32" ? "float64" : dtype] as const
  );
  using store = new StreamStore(fields) as unknown as StreamStore;
  for (const row of file.rows()) {
    const { step, ...values } = row;
    store.append(step, { ...values, "observation.state": [state, 0, 0] });
  }
  file.close();
  await store.saveDataset(path, "train", {
    fieldFeatures: {
      "observation.state": list(value("float64"), 3),
      grid: { shape: [2, 2], dtype: "float64", _type: "Array2D" },
      timestamp: value("float32"),
    },
  });
}

test("loadLeRobot() holds what is written more exactly than it is said, and rounds nothing that a later file has", () =>
  inFolder(async (folder) => {
    await writeDataset(folder, { version: "v3.0", lengths });
    const state = async () => {
      const { store } = await loadLeRobot(folder, { columns: ["observation.state", "index"] });
      using _ = store;
      const { values } = store.column("observation.state");
      return [store.fields[0].dtype, values[0], values.at(-1)];
    };
    const [first, last] = [rowsOf(lengths)[0], rowsOf(lengths).at(-1)!].map((row) =>
      row["observation.state"] as number[]
    );
    assert.deepEqual(await state(), ["float32", first[0], last[2]]);
    const second = join(folder, "data/chunk-000/file-001.parquet");
    await writeMoreExactly(second, 0.1);
    await assert.rejects(state(), {
      code: "damaged",
      message:
        /file-001\.parquet: "observation\.state" must hold float32, as meta\/info\.json and the first file say, got float64/,
    });
    await writeMoreExactly(join(folder, "data/chunk-000/file-000.parquet"), 0.1);
    assert.deepEqual(await state(), ["float64", 0.1, last[2]]);
  }));

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
    const own = (from: StreamStore) => from.fields.slice(0, store.fields.length).map(({ dtype }) => dtype);
    assert.deepEqual(own(copy), own(store));
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
