/** Fields named like what every object inherits are columns like any other in tables, files, at the Hub and in LeRobot. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { type Hub, startHub } from "../support/hub/server.ts";
import { withDirectory } from "../torture/scratch.ts";
import { assertRow, assertRows, fields, fill, names, objectOf, rows } from "../support/inherited_names.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

test("toDataset() and fromDataset() know such names as fields, features, extras and the step", async () => {
  using store = new StreamStore(fields, smallChunks);
  fill(store);
  const table = await store.toDataset();
  assert.deepEqual(table.schema.fields.map(({ name }) => name), names);
  using copy = new StreamStore(fields, smallChunks);
  await copy.fromDataset(table);
  assertRows(copy);
  assert.deepEqual((await copy.toDataset()).schema.metadata, table.schema.metadata);
  for (const name of names) {
    using one = new StreamStore({ a: 0 }, smallChunks);
    one.append(0, { a: 1 });
    const options = {
      step: name,
      extra: objectOf(names.filter((other) => other !== name).map((other) => [other, [other]])),
    };
    const wide = await one.toDataset(options);
    assert.equal(wide.getChild(name)!.get(0), 0n);
    assert.equal(wide.numCols, names.length + 1);
    const features = JSON.parse(wide.schema.metadata.get("huggingface")!).info.features;
    assert.deepEqual(Object.keys(features).sort(), ["a", ...names].sort());
    assert.deepEqual(Reflect.get(features, name), { dtype: "int64", _type: "Value" });
    // A column that is no field and is not in the metadata.
    using other = new StreamStore([[name, 0], ["a", 1]], smallChunks);
    await other.fromDataset(tableFromArrays({ a: Float64Array.of(3) }));
    assertRow(other.row(0), new Map([["a", 3]]), [name, "a"]);
    const fieldFeatures = objectOf([[name, { dtype: "int8", _type: "Value" } as const]]);
    other.append(1, objectOf([[name, 5]]) as never);
    const types = (await other.toDataset({ fieldFeatures })).schema.fields.map(({ type }) => String(type));
    assert.deepEqual(types, ["Int8", "Float64"]);
    await assert.rejects(one.toDataset({ fieldFeatures } as never), TypeError);
  }
});

const formats = ["parquet", "disk", "arrow", "jsonl", "csv"] as const;
for (const format of formats) {
  test(`saveDataset() and loadDataset() in ${format} know such names`, () =>
    withDirectory(async (directory) => {
      using store = new StreamStore(fields, smallChunks);
      fill(store);
      await store.saveDataset(`${directory}/all`, "train", { format, step: "time" });
      using copy = new StreamStore(fields, smallChunks);
      await copy.loadDataset(`${directory}/all`, "train", { step: "time", columns: names });
      assertRows(copy);
      for (const name of names) {
        using sorted = new StreamStore(fields, smallChunks);
        await sorted.loadDataset(`${directory}/all`, "train", { sortBy: name, columns: [name] });
        const expected = rows.flatMap((row) => row.get(name) ?? []).sort((a, b) => a - b);
        assert.deepEqual([...sorted.column(name).values], expected);
        // A dataset without the column, whatever its rows inherit.
        using narrow = new StreamStore({ a: 0 }, smallChunks);
        narrow.append(0, { a: 1 });
        await narrow.saveDataset(`${directory}/${name}`, "train", { format });
        using wide = new StreamStore([[name, 0], ["a", 1]], smallChunks);
        await wide.loadDataset(`${directory}/${name}`, "train");
        assertRow(wide.row(0), new Map([["a", 1]]), [name, "a"]);
        await assert.rejects(
          wide.loadDataset(`${directory}/${name}`, "train", { sortBy: name }),
          /sortBy must name columns/,
        );
      }
    }));
}

test("loadDataset() takes files named for such names, and cells that read like them, for what they are", () =>
  withDirectory(async (directory) => {
    for (const name of names) {
      const path = `${directory}/${name}.csv`;
      writeFileSync(path, `word,a\nb,1\n${name},2\n`);
      using store = new StreamStore({ a: 0 }, smallChunks);
      await store.loadDataset(path, "train", { sortBy: "word" });
      assert.deepEqual([...store.column("a").values], name < "b" ? [2, 1] : [1, 2]);
      // The ending is no format, so this is a folder.
      await store.saveDataset(`${directory}/x.${name}`);
      assert.ok(readFileSync(`${directory}/x.${name}/dataset_dict.json`, "utf8").includes("train"));
      const feature = { dtype: name, _type: "Value" } as const;
      await assert.rejects(store.toDataset({ fieldFeatures: { a: feature } }), TypeError);
    }
  }));

test("saveDataset() and loadDataset() at the Hub know such names", async () => {
  const hub: Hub = await startHub();
  try {
    const retry = { attempts: 2, pauseSeconds: 0.001, timeoutSeconds: 10 };
    const options = { endpoint: hub.endpoint, token: hub.token, retry };
    using store = new StreamStore(fields, smallChunks);
    fill(store);
    const extra = { plain: rows.map((_, i) => i) };
    await store.saveDataset("user/names", "train", options);
    for (const [i, row] of rows.entries()) store.append(100 + i, objectOf(row));
    await store.saveDataset("user/names", "train", { ...options, append: true });
    using copy = new StreamStore(fields, smallChunks);
    await copy.loadDataset("user/names", "train", options);
    assertRows(copy, [...rows, ...rows]);
    assert.deepEqual((await copy.toDataset()).schema.metadata, (await store.toDataset()).schema.metadata);
    // A dataset whose README names features, and none of the field's.
    using narrow = new StreamStore({ a: 0 }, smallChunks);
    narrow.append(0, { a: 1 });
    await narrow.saveDataset("user/narrow", "train", options);
    using wide = new StreamStore([...fields, ["a", 100]], smallChunks);
    await wide.loadDataset("user/narrow", "train", options);
    assertRow(wide.row(0), new Map([["a", 1]]));
    assert.equal(extra.plain.length, rows.length);
  } finally {
    await hub.close();
  }
});

test("saveLeRobot() and loadLeRobot() know such names", () =>
  withDirectory(async (directory) => {
    using store = new StreamStore(fields, smallChunks);
    const full = Array.from({ length: 6 }, (_, row) => new Map(names.map((name, i) => [name, 10 * i + row])));
    fill(store, full);
    const options = {
      fps: 10,
      episodes: { starts: [0, 3] },
      tasks: ["constructor", "__proto__"],
      episodeTasks: [1, 0],
    };
    const features = objectOf([["constructor", { dtype: "float32" }]]);
    await saveLeRobot(store, `${directory}/set`, { ...options, features });
    const loaded = await loadLeRobot(`${directory}/set`);
    using copy = loaded.store;
    for (const [i, row] of full.entries()) {
      for (const name of names) assert.equal(Reflect.get(copy.row(i), name), row.get(name));
    }
    assert.deepEqual(loaded.tasks, options.tasks);
    assert.deepEqual(loaded.episodes.tasks, [["__proto__"], ["constructor"]]);
    for (const name of names) assert.ok(Object.hasOwn(loaded.features, name), name);
    const info = JSON.parse(readFileSync(`${directory}/set/meta/info.json`, "utf8"));
    assert.equal(Reflect.get(info.features, "constructor").dtype, "float32");
    assert.equal(Reflect.get(info.features, "toString").dtype, "float64");
    const stats = JSON.parse(readFileSync(`${directory}/set/meta/stats.json`, "utf8"));
    for (const [i, name] of names.entries()) assert.deepEqual(Reflect.get(stats, name).max, [10 * i + 5]);
  }));
