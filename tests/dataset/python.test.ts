import { tableFromIPC, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { columnBits, expected, fieldsFor, fixture } from "../support/dataset.ts";

const columns = expected.features;
const names = Object.keys(columns);

test("fromDataset() reads every kind of feature that Python's save_to_disk wrote, and toDataset() gives it back", async () => {
  const written = tableFromIPC(readFileSync(fixture("features.arrow")));
  using store = new StreamStore(fieldsFor(columns));
  await store.fromDataset(written);
  const table = tableFromIPC(tableToIPC(await store.toDataset()));
  const { features } = JSON.parse(table.schema.metadata.get("huggingface")!).info;
  for (const name of names) {
    assert.deepEqual(columnBits(table, name), columns[name].rows, name);
    assert.deepEqual(features[name], columns[name].feature, name);
    const [from, to] = [written, table].map(({ schema }) =>
      schema.fields.find((field) => field.name === name)!
    );
    assert.equal(String(to.type), String(from.type));
    assert.equal(to.nullable, from.nullable);
    assert.deepEqual(to.metadata, from.metadata);
  }
  assert.equal(names.length, 29);
});

test("fromDataset() reads any range of rows of it", async () => {
  const written = tableFromIPC(readFileSync(fixture("features.arrow")));
  for (const [from, to] of [[0, 3], [1, 4], [2, 3], [3, 8], [5, 7]]) {
    using store = new StreamStore(fieldsFor(columns));
    await store.fromDataset(written.slice(from, to));
    const table = await store.toDataset();
    for (const name of names) {
      assert.deepEqual(columnBits(table, name), columns[name].rows.slice(from, to), name);
    }
  }
});

test("toDataset() takes columns that the store cannot hold as extra", async () => {
  const written = tableFromIPC(readFileSync(fixture("features.arrow")));
  using store = new StreamStore({ float32: 0 });
  await store.fromDataset(written);
  const extra = { text: written.getChild("text")!, record: written.getChild("record")! };
  const table = tableFromIPC(tableToIPC(await store.toDataset({ extra })));
  assert.deepEqual(table.getChild("text")!.toJSON(), ["a", "", null, "d", "e", "f", "g", "h"]);
  assert.equal(table.getChild("record")!.get(7).x, 7n);
});
