import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Field, List, Table, Uint16, vectorFromArray } from "apache-arrow";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Far more marks, and rows, than are looked at: every second list is empty. */
const rows = 20_000;
const fields = { observation: "uint16" } as const;
const listAt = (row: number) => row % 2 === 0 ? Uint16Array.of(row / 2) : new Uint16Array(0);

const writers = {
  appendColumns: (store: StreamStore) => {
    const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => Math.ceil(row / 2));
    const values = Uint16Array.from({ length: rows / 2 }, (_, i) => i);
    store.appendColumns({
      step: Array.from({ length: rows }, (_, row) => row),
      observation: { values, offsets },
    });
  },
  fromDataset: async (store: StreamStore) => {
    const lists = Array.from({ length: rows }, (_, row) => [...listAt(row)]);
    const type = new List(new Field("item", new Uint16(), true));
    await store.fromDataset(new Table({ observation: vectorFromArray(lists, type) }));
  },
};

for (const [name, write] of Object.entries(writers)) {
  test(`open() knows a field as one of lists whose writer died right after its first batch, of ${name}(), of many empty lists`, async () => {
    await withDirectory(async (directory) => {
      const [path, before] = [join(directory, "run.stream"), join(directory, "before.json")];
      {
        using store = StreamStore.open(path, { fields });
        copyFileSync(join(path, "store.json"), before);
        await write(store as unknown as StreamStore);
      }
      const check = (options: Parameters<typeof StreamStore.open>[1]) => {
        using store = StreamStore.open(path, options);
        for (const row of [0, 1]) {
          assert.deepEqual(store.row(row), { step: row, observation: listAt(row) }, JSON.stringify(options));
        }
      };
      // As it is between the commit and the moment at which store.json tells of the lists.
      copyFileSync(before, join(path, "store.json"));
      for (const mode of ["read", "append", "read"] as const) check({ mode });
      rmSync(join(path, "store.json"));
      check({ salvage: true, fields });
    });
  });
}
