/** Structs, lists and maps of Parquet and Arrow, kept as JSON. */
import {
  Bool,
  Field,
  Float32,
  Int32,
  Int64,
  List,
  Map_,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { bytesOf, flat, parquetFile, runs, types } from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";

const entry = new Struct([new Field("word", new Utf8(), true), new Field("n", new Int32(), true)]);
const record = new Struct([
  new Field("name", new Utf8(), true),
  new Field("scores", new List(new Field("item", new Float32(), true)), true),
  new Field("entries", new List(new Field("item", entry, true)), true),
  new Field("deep", new List(new Field("item", new List(new Field("item", new Int32(), true)), true)), true),
  new Field("done", new Bool(), true),
]);

const rows = [
  {
    name: 'ø "x"\0',
    scores: [1.5, null, -0.25],
    entries: [{ word: "a", n: 1 }, null, { word: null, n: null }],
    deep: [[1, 2], [], null, [3]],
    done: true,
  },
  null,
  { name: null, scores: [], entries: [], deep: [], done: null },
  { name: "", scores: null, entries: null, deep: null, done: false },
  { name: "last", scores: [0.5], entries: [{ word: "", n: -7 }], deep: [[], [null]], done: true },
];

test("loadDataset() keeps structs of Parquet and Arrow as JSON: every null, every empty list", async () => {
  await inFolder(async (folder) => {
    const many = Array.from({ length: 100 }, (_, i) => rows[i % rows.length]);
    using store = new StreamStore({ action: 0 });
    for (let step = 0; step < many.length; step++) store.append(step, { action: step });
    const it = vectorFromArray(many as never, record) as unknown as Vector;
    for (const name of ["x.parquet", "x.arrow"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "train", { extra: { it: it as never } });
      using made = await StreamStore.loadDataset(path, "train", { extra: { it: "json" } });
      const found = (made.extra("it").slice() as (string | null)[]).map((text) => text && JSON.parse(text));
      assert.deepEqual(found, many, name);
      await assert.rejects(
        StreamStore.loadDataset(path, "train", { extra: ["it"] }),
        /extra must name columns of text or bytes \(\), got "it": it holds no numbers$/,
      );
    }
  });
});

test("loadDataset() keeps lists, maps, wide integers and text of Parquet as JSON", async () => {
  await inFolder(async (folder) => {
    using store = new StreamStore({ action: 0 });
    for (let step = 0; step < 3; step++) store.append(step, { action: step });
    const pair = new Struct([new Field("key", new Utf8(), false), new Field("value", new Int32(), true)]);
    const map = new Map_(new Field("entries", pair, false) as never);
    const columns = {
      wide: vectorFromArray([2n ** 62n, null, -1n], new Int64()),
      words: vectorFromArray([["a", null], [], null], new List(new Field("item", new Utf8(), true))),
      map: vectorFromArray([new Map([["a", 1]]), new Map(), null] as never, map as never),
      text: vectorFromArray(["x", null, "y"], new Utf8()),
    };
    const path = join(folder, "x.parquet");
    await store.saveDataset(path, "train", { extra: columns as never });
    const forms = { wide: "json", words: "json", map: "json", text: "json" } as const;
    using made = await StreamStore.loadDataset(path, "train", { extra: forms, columns: ["action"] });
    assert.deepEqual(made.extra("wide").slice(), ["4611686018427387904", null, "-1"]);
    assert.deepEqual(made.extra("words").slice(), ['["a", null]', "[]", null]);
    assert.deepEqual(made.extra("map").slice(), ['[{"key": "a", "value": 1}]', "[]", null]);
    assert.deepEqual(made.extra("text").slice(), ['"x"', null, '"y"']);
  });
});

test("loadDataset() refuses structs whose columns have not as many rows", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const leaf = (name: string, count: number) => ({
      schema: [],
      path: ["it", name],
      type: types.int32,
      pages: [{ values: bytesOf(new Int32Array(count)), count, definitions: runs(new Array(count).fill(1)) }],
    });
    const action = flat("action", types.int32, [{ values: bytesOf(Int32Array.of(1, 2)), count: 2 }]);
    const schema = [
      { 4: "schema", 5: 2 },
      ...action.schema,
      { 3: 1, 4: "it", 5: 2 },
      { 1: types.int32, 3: 0, 4: "a" },
      { 1: types.int32, 3: 0, 4: "b" },
    ];
    for (const [count, message] of [[1, /got fewer$/], [3, /has more: 1 values are left$/]] as const) {
      writeFileSync(path, parquetFile([action, leaf("a", 2), leaf("b", count)], 2, { 2: schema }));
      using store = new StreamStore({ action: 0 }, { extra: { it: "string" } });
      await assert.rejects(store.loadDataset(path, "train", { extra: { it: "json" } }), {
        code: "damaged",
        message,
      });
      assert.equal(store.rowCount, 0);
    }
  });
});
