/** Columns of pictures of which there are paths without bytes: kept as text, said, and given again as such columns. */
import { type Data, Table, Vector } from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Feature, loadLeRobot, parquetSchema, StreamStore } from "../../../mod.ts";
import { lengths, writeDataset } from "../../support/lerobot/datasets.ts";
import { wrist } from "../../support/lerobot/frames.ts";
import { bytesOf, flat, parquetFile, runs, types, uint32 } from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";
import { mediaData } from "./columns.ts";
import { numbers, tableWith } from "./tables.ts";

const image: Feature = { _type: "Image", mode: "RGB" };
const paths = numbers.map((row) => row % 4 === 1 ? null : row === 6 ? "" : `Bilder/ä ${row}.png`);
const none = numbers.map(() => null);
const said = { name: "frame", reason: "it has paths without bytes: the paths are kept as text" };

function metadata(feature: Feature | undefined): Map<string, string> {
  const features = { action: { dtype: "int32", _type: "Value" }, frame: feature };
  return new Map([["huggingface", JSON.stringify({ info: { features } })]]);
}

/** A table in as many batches as there are lists of rows. */
function tableOf(batches: readonly Data[], feature: Feature | undefined = image): Table {
  const tables = batches.map((frame) => tableWith({ frame }, metadata(feature)));
  return new Table(tables[0].schema, tables.flatMap((table) => table.batches));
}

async function featureOf(store: StreamStore<never, never>): Promise<unknown> {
  const { schema } = await store.toDataset();
  return JSON.parse(schema.metadata.get("huggingface")!).info.features.frame;
}

/** Writes a table in a format, by a store that has only its numbers. */
async function write(table: Table, path: string, format?: "parquet"): Promise<void> {
  using store = new StreamStore({ action: "int32" });
  await store.fromDataset(table);
  const frame = table.getChild("frame") as Vector;
  await store.saveDataset(path, "train", { extra: { frame: frame as never }, format, shardBytes: 1 });
}

test("loadDataset() keeps paths without bytes as text, says so, and saveDataset() gives such a column again", () =>
  inFolder(async (folder) => {
    const table = tableOf([mediaData(none, paths), mediaData(none, none)]);
    const expected = [...paths, ...none];
    for (const name of ["x.parquet", "x.arrow", "x.arrows", "disk", "parquet", "table"]) {
      const left: unknown[] = [];
      const onLeftOut = (column: unknown) => void left.push(column);
      const path = join(folder, name);
      const format = name === "parquet" ? name : undefined;
      if (name !== "table") {
        using source = new StreamStore({ action: "int32" }, { extra: { frame: "string" } });
        await source.fromDataset(table);
        await source.saveDataset(path, "train", { format, shardBytes: 1 });
      }
      const options = { extra: true, onLeftOut } as const;
      using store = name === "table"
        ? await StreamStore.fromDataset(table, options)
        : await StreamStore.loadDataset(path, "train", options);
      assert.deepEqual(left, [said], name);
      assert.equal(store.extra("frame").kind, "string");
      assert.deepEqual(store.extra("frame").slice(), expected, name);
      assert.deepEqual(await featureOf(store as never), image);
      const given = (await store.toDataset()).getChild("frame")!;
      assert.deepEqual(
        Array.from(given, (row) => row && row.toJSON()),
        expected.map((path) => path === null ? null : { bytes: null, path }),
      );
    }
    const { columns } = await parquetSchema(join(folder, "parquet"));
    assert.deepEqual(columns.map(({ name, extra }) => [name, extra]), [["action", null], [
      "frame",
      "string",
    ]]);
    // Formats of text have no features: a path is text.
    using store = await StreamStore.fromDataset(table, { extra: { frame: "string" } });
    for (const name of ["x.jsonl", "x.csv"]) {
      await store.saveDataset(join(folder, name));
      using again = await StreamStore.loadDataset(join(folder, name), "train", { extra: true });
      assert.deepEqual(again.extra("frame").slice(), expected, name);
    }
    assert.match(readFileSync(join(folder, "x.jsonl"), "utf8"), /"frame": "Bilder\/ä 0\.png"/);
  }));

test("loadDataset() refuses a column in which some rows have bytes and some only a path, in any order", () =>
  inFolder(async (folder) => {
    const bytes = numbers.map((row) => row < 3 ? Uint8Array.of(row) : null);
    const mixed = mediaData(bytes, paths);
    const tables = {
      within: tableOf([mixed]),
      first: tableOf([mediaData(none, paths), mediaData(bytes)]),
      last: tableOf([mediaData(bytes), mediaData(none, paths)]),
    };
    const rows = { within: 3, first: 0, last: 10 };
    for (const [kind, table] of Object.entries(tables)) {
      for (const name of ["x.parquet", "x.arrow", "disk", "parquet", "table"]) {
        const path = join(folder, `${kind}-${name}`);
        if (name !== "table") await write(table, path, name === "parquet" ? name : undefined);
        await assert.rejects(
          name === "table"
            ? StreamStore.fromDataset(table, { extra: true })
            : StreamStore.loadDataset(path, "train", { extra: true }),
          new RegExp(
            `"frame" at row ${rows[kind as "first"]} .*` +
              'must be bytes, got a path alone; as an extra of "string" the paths are kept$',
          ),
          `${kind} ${name}`,
        );
        // Who asks for paths gets those that there are.
        const options = { extra: { frame: "string" } } as const;
        using store = name === "table"
          ? await StreamStore.fromDataset(table, options)
          : await StreamStore.loadDataset(path, "train", options);
        const all = table.batches.flatMap(({ data }) =>
          Array.from(new Vector([data.children[1].children[1]]))
        );
        assert.deepEqual(store.extra("frame").slice(), all);
        assert.deepEqual(await featureOf(store as never), { dtype: "string", _type: "Value" }, name);
      }
    }
  }));

test("loadDataset() looks into the pages of Parquet without statistics for bytes", () =>
  inFolder(async (folder) => {
    const utf8 = (...texts: string[]) =>
      Buffer.concat(texts.flatMap((text) => [uint32(Buffer.byteLength(text)), Buffer.from(text)]));
    const action = flat("action", types.int32, [{ values: bytesOf(Int32Array.of(1, 2, 3, 4)), count: 4 }]);
    // Levels of definition: 0 a null struct, 1 a null within it, 2 a value.
    const leaf = (name: string, texts: readonly string[], levels: readonly number[]) => ({
      schema: [],
      path: ["frame", name],
      type: types.bytes,
      pages: [{ values: utf8(...texts), count: 4, definitions: runs(levels) }],
    });
    const schema = [
      { 4: "schema", 5: 2 },
      ...action.schema,
      { 3: 1, 4: "frame", 5: 2 },
      { 1: types.bytes, 3: 1, 4: "bytes" },
      { 1: types.bytes, 3: 1, 4: "path", 6: 0 },
    ];
    const path = join(folder, "x.parquet");
    const load = async (bytes: ReturnType<typeof leaf>, path_: ReturnType<typeof leaf>) => {
      writeFileSync(path, parquetFile([action, bytes, path_], 4, { 2: schema }));
      using store = await StreamStore.loadDataset(path, "train", { extra: ["frame"] });
      return store.extra("frame").slice();
    };
    const given = leaf("path", ["a", "b"], [2, 0, 1, 2]);
    assert.deepEqual(await load(leaf("bytes", [], [1, 0, 1, 1]), given), ["a", null, null, "b"]);
    assert.deepEqual(await load(leaf("bytes", ["x", "y"], [2, 0, 1, 2]), given), [
      Uint8Array.of(120),
      null,
      null,
      Uint8Array.of(121),
    ]);
    await assert.rejects(
      load(leaf("bytes", ["y"], [1, 0, 1, 2]), given),
      /"frame" at row 0 .*got a path alone/,
    );
    // Of nothing but nulls nobody can say: they go out as they came.
    assert.deepEqual(await load(leaf("bytes", [], [1, 0, 1, 1]), leaf("path", [], [0, 0, 1, 1])), [
      null,
      null,
      null,
      null,
    ]);
  }));

test("loadDataset() of JSON lines keeps the paths of pictures that Python writes as objects, and no other objects", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.jsonl");
    const write = (...cells: string[]) =>
      writeFileSync(path, cells.map((cell, i) => `{"action":${i},"frame":${cell}}\n`).join(""));
    write('{"bytes":null,"path":"ä.png"}', "null", '{"path":null,"bytes":null}', '{"path":"b","bytes":null}');
    const left: unknown[] = [];
    const onLeftOut = (column: { readonly reason: string }) => void left.push(column);
    using store = await StreamStore.loadDataset(path, "train", { extra: true, onLeftOut });
    assert.deepEqual(store.extra("frame").slice(), ["ä.png", null, null, "b"]);
    assert.deepEqual(left.splice(0), [said]);
    const others = [
      '{"bytes":"x","path":"a"}',
      '{"path":"a"}',
      '{"bytes":null,"path":7}',
      '{"bytes":null,"path":"a","w":1}',
    ];
    for (const other of others) {
      write('{"bytes":null,"path":"a"}', other);
      using without = await StreamStore.loadDataset(path, "train", { extra: true, onLeftOut });
      assert.equal(without.rowCount, 2);
      assert.equal(left.length, 1, other);
      assert.match((left.pop() as { reason: string }).reason, /^it holds \{/);
      await assert.rejects(
        StreamStore.loadDataset(path, "train", { extra: { frame: "string" } }),
        /"frame" at row 1 .*must be a text; as an extra of "json" whatever stands there is kept, got \{/,
      );
    }
  }));

test("a store that is opened again gives paths with the feature that they came with, also those appended since", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const directory = join(folder, "store");
    await write(tableOf([mediaData(none, paths)]), path);
    using plain = new StreamStore({ action: "int32" }, { extra: { frame: "string" } });
    await plain.loadDataset(path);
    assert.deepEqual(plain.extra("frame").slice(), paths);
    // Without features in the file nothing tells of pictures.
    const feature = (await featureOf(plain as never)) as Feature;
    (await StreamStore.fromDataset(tableOf([mediaData(none, paths)]), { path: directory, extra: true }))
      .close();
    using store = StreamStore.open(directory, {
      fields: { action: "int32" },
      extra: { frame: "string" },
    });
    store.append(10, { action: 1 }, { frame: "new.png" });
    await store.saveDataset(path);
    using made = await StreamStore.loadDataset(path, "train", { extra: true });
    assert.deepEqual(made.extra("frame").slice(), [...paths, "new.png"]);
    assert.deepEqual([await featureOf(made as never), feature], [image, { dtype: "string", _type: "Value" }]);
    await assert.rejects(store.toDataset({ fieldFeatures: { frame: { dtype: "binary", _type: "Value" } } }), {
      message: /must be a Value of string or large_string, or, for paths, an Image, an Audio or a Video, got/,
    });
  }));

test("loadLeRobot() keeps paths of images without bytes as text, and says so; where a later file has bytes it refuses", () =>
  inFolder(async (folder) => {
    const rowCount = lengths.reduce((sum, length) => sum + length, 0);
    const write = (name: string, hasBytes: (row: number) => boolean) =>
      writeDataset(join(folder, name), { version: "v2.1", lengths }, {
        columns: (from: number, to: number) => {
          const rows = Array.from({ length: to - from }, (_, i) => from + i);
          const bytes = rows.map((row) => hasBytes(row) ? Uint8Array.of(row) : null);
          return { [wrist]: mediaData(bytes, rows.map((row) => `frame-${row}.png`)) };
        },
      });
    await write("paths", () => false);
    await write("mixed", (row) => row === rowCount - 1);
    const { store, leftOut } = await loadLeRobot(join(folder, "paths"), { extra: [wrist] });
    using _ = store;
    assert.deepEqual(leftOut.filter(({ name }) => name === wrist), [{ ...said, name: wrist }]);
    assert.deepEqual(store.extra(wrist).get(3), "frame-3.png");
    await assert.rejects(loadLeRobot(join(folder, "mixed"), { extra: [wrist] }), /row 0 .*got a path alone/);
  }));
