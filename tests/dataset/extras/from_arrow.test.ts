import { type Data, Field, Int32, makeData, RecordBatch, Schema, Struct, Table, Utf8 } from "apache-arrow";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExtraChoice, StreamStore } from "../../../mod.ts";
import {
  byteColumns,
  bytes,
  fixedData,
  mediaData,
  plainData,
  textColumns,
  texts,
  valuesOf,
} from "./columns.ts";
import { numbers, tableWith } from "./tables.ts";

test("fromDataset() keeps columns of text beside the rows, of every type that Arrow has for it", async () => {
  for (const [type, column] of Object.entries(textColumns)) {
    using store = new StreamStore({ action: 0 }, { extra: { prompt: "string" } });
    await store.fromDataset(tableWith({ prompt: column() }), { extra: ["prompt"] });
    assert.deepEqual(store.extra("prompt").slice(), texts, type);
    assert.deepEqual(store.column("action").values, Float64Array.from(numbers), type);
  }
});

test("fromDataset() keeps columns of bytes, of every type, and the bytes of a picture", async () => {
  for (const [type, column] of Object.entries(byteColumns)) {
    using store = new StreamStore({ action: 0 }, { extra: { frame: "bytes" } });
    await store.fromDataset(tableWith({ frame: column() }), { extra: true });
    assert.deepEqual(store.extra("frame").slice(), bytes, type);
  }
  using store = new StreamStore({ action: 0 }, { extra: { key: "bytes" } });
  const keys = texts.map((text, i) => text === null ? null : Uint8Array.of(i, 0, 255));
  await store.fromDataset(tableWith({ key: fixedData(keys, 3) }));
  assert.deepEqual(store.extra("key").slice(), keys);
});

test("toDataset() gives extras as they were loaded: the same type, the same feature, the same values", async () => {
  const columns = { ...textColumns, ...byteColumns };
  for (const type of ["string", "large_string", "binary", "large_binary", "Image"] as const) {
    const feature = type === "Image" ? { _type: "Image", mode: "RGB" } : { dtype: type, _type: "Value" };
    const metadata = JSON.stringify({ info: { features: { it: feature } } });
    const table = tableWith({ it: columns[type]() }, new Map([["huggingface", metadata]]));
    using store = await StreamStore.fromDataset(table, { extra: true });
    const found = await store.toDataset();
    assert.equal(String(found.schema.fields[1].type), String(table.schema.fields[1].type), type);
    const known = JSON.parse(found.schema.metadata.get("huggingface")!).info.features;
    assert.deepEqual(known.it, feature);
    const it = found.getChild("it")!;
    const values = valuesOf((type === "Image" ? it.getChild("bytes")! : it) as never);
    assert.deepEqual(values, type.endsWith("string") ? texts : bytes, type);
    if (type === "Image") {
      assert.ok(Array.from(found.getChild("it")!).every((value) => (value?.path ?? null) === null));
    }
  }
});

test("fromDataset() makes a store with the extras that are asked for, and tells of what it leaves out", async () => {
  const table = tableWith({ prompt: textColumns.string(), frame: byteColumns.Image() });
  const made = async (extra?: ExtraChoice) => {
    const leftOut: string[] = [];
    using store = await StreamStore.fromDataset(table, {
      extra,
      onLeftOut: ({ name }) => leftOut.push(name),
    });
    const row = store.rows(0, 1)[0] as unknown as { extra?: object };
    return [leftOut, Object.keys(row)];
  };
  assert.deepEqual((await made())[0], ["prompt", "frame"]);
  assert.deepEqual((await made(false))[0], ["prompt", "frame"]);
  assert.deepEqual((await made(true))[0], []);
  assert.deepEqual((await made(["frame"]))[0], ["prompt"]);
  assert.deepEqual((await made({ prompt: "bytes" }))[0], ["frame"]);
  await assert.rejects(
    made(["frame", "other"]),
    /^TypeError: Cannot make a store of a dataset: extra must name columns of text or bytes \(prompt, frame\), got "other": there is none$/,
  );
  await assert.rejects(made(["action"]), /got "action": it holds numbers$/);
});

test("fromDataset() with { extra } refuses what the store has not, or keeps as something else", async () => {
  const table = tableWith({ prompt: textColumns.string(), frame: byteColumns.binary() });
  using store = new StreamStore({ action: 0 }, {
    extra: { prompt: "string", frame: "bytes", note: "string" },
  });
  const refused = async (extra: unknown, message: RegExp) => {
    await assert.rejects(store.fromDataset(table, { extra: extra as [] }), message);
    assert.equal(store.rowCount, 0);
  };
  await refused(
    ["prompt", "nothing"],
    /extra must name the store's extras \(prompt, frame, note\), got "nothing"$/,
  );
  await refused({ frame: "string" }, /extra.frame must be what the store keeps of it, bytes, got string$/);
  await refused({ frame: "json" }, /keeps of it, bytes, got json$/);
  await refused({ prompt: "text" }, /^RangeError: .*extra.prompt must be string, bytes or json, got "text"$/);
  await refused(["note"], /extra must name columns of the dataset, got "note"$/);
  await refused(
    7,
    /extra must be true, names of columns, or an object of names and string, bytes or json, got 7$/,
  );
  await refused([7], /extra must be names of columns, got 7$/);
  using none = new StreamStore({ action: 0 });
  await assert.rejects(
    none.fromDataset(table, { extra: ["prompt"] }),
    /the store must be made with \{ extra \} to take some, got "prompt"$/,
  );
  await store.fromDataset(table, { extra: false });
  assert.deepEqual(store.extra("prompt").slice(0, 2), [null, null]);
});

test("fromDataset() refuses text that is no UTF-8, paths without bytes, and numbers, with column and row", async () => {
  const refused = async (columns: Record<string, Data>, kind: "string" | "bytes", message: RegExp) => {
    using store = new StreamStore({ action: 0 }, { extra: { it: kind } });
    store.append(5, { action: 1 }, { it: (kind === "string" ? "kept" : Uint8Array.of(1)) as never });
    await assert.rejects(store.fromDataset(tableWith(columns)), message);
    assert.deepEqual([store.rowCount, store.extra("it").length, store.extra("it").get(0)?.length], [
      1,
      1,
      kind === "string" ? 4 : 1,
    ]);
    store.append(6, { action: 2 }, {});
  };
  const broken = numbers.map((i) =>
    i === 4 ? Uint8Array.of(97, 0xc3) : i === 5 ? Uint8Array.of(0xa4) : Uint8Array.of(98)
  );
  await refused(
    { it: plainData(new Utf8(), broken) },
    "string",
    /^RangeError: Cannot load a dataset: "it" at row 4 must be UTF-8, got the bytes c3 at 1$/,
  );
  const paths = numbers.map((i) => i === 2 ? "a.png" : null);
  await refused(
    { it: mediaData(numbers.map((i) => i === 2 ? null : Uint8Array.of(i)), paths) },
    "bytes",
    /"it" at row 2 must be bytes, got a path alone; as an extra of "string" the paths are kept$/,
  );
  const data = makeData({ type: new Int32(), length: 10, nullCount: 0, data: new Int32Array(10) }) as Data;
  await refused(
    { it: data },
    "string",
    /the column of extra "it" must be text or bytes, got Int32; extra: \{ "it": "json" \}/,
  );
});

test("fromDataset() keeps the paths of pictures as text where it is asked for", async () => {
  const paths = numbers.map((i) => i % 3 === 0 ? `${i}.png` : null);
  const table = tableWith({ it: mediaData(numbers.map((i) => Uint8Array.of(i)), paths) });
  using store = await StreamStore.fromDataset(table, { extra: { it: "string" } });
  assert.deepEqual(store.extra("it").slice(), paths);
});

test("fromDataset() does not trust what a table says of its text", async () => {
  const forged = (change: (data: Data) => void) => {
    const data = plainData(new Utf8(), numbers.map(() => "abc"));
    change(data);
    const fields = [new Field("action", new Int32(), true), new Field("it", new Utf8(), true)];
    const action = makeData({ type: new Int32(), length: 10, nullCount: 0, data: Int32Array.from(numbers) });
    const batch = makeData({
      type: new Struct(fields),
      length: 10,
      nullCount: 0,
      children: [action, data] as never,
    });
    return new Table(new Schema(fields), [new RecordBatch(new Schema(fields), batch as never)]);
  };
  for (
    const [i, change] of [
      (data: Data) => data.valueOffsets[10] = 31,
      (data: Data) => data.valueOffsets[3] = 100,
      (data: Data) => data.valueOffsets[0] = -1,
      (data: Data) => Object.defineProperty(data, "values", { value: new Uint8Array(29) }),
      (data: Data) => Object.defineProperty(data, "valueOffsets", { value: new Int32Array(10) }),
    ].entries()
  ) {
    using store = new StreamStore({ action: 0 }, { extra: { it: "string" } });
    await assert.rejects(
      store.fromDataset(forged(change)),
      /^TypeError: Cannot load a dataset: the column "it" does not fit: /,
      `change ${i}`,
    );
    assert.equal(store.rowCount, 0);
  }
});

test("fromDataset() keeps structs and lists as JSON where it is asked for", async () => {
  const words = plainData(new Utf8(), texts.map((text) => text?.slice(0, 40) ?? null));
  const counts = makeData({ type: new Int32(), length: 10, nullCount: 0, data: Int32Array.from(numbers) });
  const type = new Struct([new Field("word", new Utf8(), true), new Field("n", new Int32(), true)]);
  const children = [words, counts] as never;
  const nullBitmap = Uint8Array.of(0b11101111, 0xff);
  const it = makeData({ type, length: 10, nullCount: 1, nullBitmap, children }) as unknown as Data;
  using store = await StreamStore.fromDataset(tableWith({ it }), { extra: { it: "json" } });
  const found = store.extra("it").slice() as (string | null)[];
  const expected = texts.map((text, n) => n === 4 ? null : { word: text?.slice(0, 40) ?? null, n });
  assert.deepEqual(found.map((text) => text === null ? null : JSON.parse(text)), expected);
  assert.equal(String((await store.toDataset()).schema.fields[1].type), "Utf8");
  using open = new StreamStore({ action: 0 }, { extra: { it: "string" } });
  await assert.rejects(
    open.fromDataset(tableWith({ it: byteColumns.Image() }), { extra: { it: "json" } }),
    /extra "it" must be of numbers, text, or lists or structs of them to be kept as JSON, got Binary$/,
  );
  const broken = plainData(new Utf8(), numbers.map((i) => i === 6 ? Uint8Array.of(0xff) : Uint8Array.of(97)));
  const odd = makeData({ type, length: 10, nullCount: 0, children: [broken, counts] as never });
  await assert.rejects(
    open.fromDataset(tableWith({ it: odd as unknown as Data }), { extra: { it: "json" } }),
    /"it" at row 6 must be JSON, of texts in UTF-8, got other bytes$/,
  );
  assert.equal(open.rowCount, 0);
});
