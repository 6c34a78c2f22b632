import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

test("open() knows a field as one of lists whose writer died right after its first batch, of many empty lists", async () => {
  await withDirectory((directory) => {
    const [path, before] = [join(directory, "run.stream"), join(directory, "before.json")];
    const rows = 20_000;
    {
      using store = StreamStore.open(path, { fields: { observation: "uint16" } });
      copyFileSync(join(path, "store.json"), before);
      const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => Math.ceil(row / 2));
      const values = Uint16Array.from({ length: rows / 2 }, (_, i) => i);
      const step = Array.from({ length: rows }, (_, row) => row);
      store.appendColumns({ step, observation: { values, offsets } });
    }
    // As it is between the commit and the moment at which store.json tells of the lists.
    copyFileSync(before, join(path, "store.json"));
    for (const mode of ["read", "append", "read"] as const) {
      using store = StreamStore.open(path, { mode });
      assert.deepEqual(store.row(0), { step: 0, observation: Uint16Array.of(0) }, mode);
      assert.deepEqual(store.row(1), { step: 1, observation: new Uint16Array(0) }, mode);
    }
  });
});
