import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../mod.ts";

/** Calls with arguments that the types forbid. */
const create = (fields: unknown, options?: unknown) => new StreamStore(fields as never, options as never);

test("StreamStore() keeps fields in the order of the map, with type IDs and dtypes", () => {
  using store = new StreamStore({ b: 7, a: -(2 ** 31), clock: { type: 2 ** 31 - 1, dtype: "int64" } });
  assert.deepEqual(store.fields, [
    { name: "b", type: 7, dtype: "float64" },
    { name: "a", type: -2147483648, dtype: "float64" },
    { name: "clock", type: 2147483647, dtype: "int64" },
  ]);
  assert.equal(store.length, 0);
  assert.equal(store.rowCount, 0);
});

test("StreamStore() takes type IDs, names, dtypes, and both, in objects and in lists", () => {
  const cases: [unknown, [string, number, string][]][] = [
    [{ b: 7, a: 0 }, [["b", 7, "float64"], ["a", 0, "float64"]]],
    [["action", "1"], [["action", 0, "float64"], ["1", 1, "float64"]]],
    [{ b: "uint8", a: "float32", c: "bool" }, [["b", 0, "uint8"], ["a", 1, "float32"], ["c", 2, "bool"]]],
    [{ tokens: { type: 7, dtype: "uint16" } }, [["tokens", 7, "uint16"]]],
    [{ tokens: { dtype: "uint16" }, a: "int8" }, [["tokens", 0, "uint16"], ["a", 1, "int8"]]],
    [{ a: { type: 3 }, b: 2 }, [["a", 3, "float64"], ["b", 2, "float64"]]],
    [[["1", "int16"], ["0", { dtype: "float16" }]], [["1", 0, "int16"], ["0", 1, "float16"]]],
    [[["1", 4], ["0", { type: 2, dtype: "uint32" }]], [["1", 4, "float64"], ["0", 2, "uint32"]]],
  ];
  for (const [fields, expected] of cases) {
    using store = create(fields);
    assert.deepEqual(store.fields, expected.map(([name, type, dtype]) => ({ name, type, dtype })));
  }
});

test("StreamStore.open() keeps dtypes, shows them, and compares them with those given", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "store");
  const fields = { action: "uint8", observation: "float32", done: "bool" } as const;
  const store = StreamStore.open(path, { fields });
  assert.match(store.toString(), /^StreamStore \{ action: 0 uint8, observation: 1 float32, done: 2 bool \}/);
  store.close();
  using same = StreamStore.open(path, {
    fields: [["action", "uint8"], ["observation", "float32"], ["done", "bool"]],
  });
  assert.deepEqual(same.fields.map(({ dtype }) => dtype), ["uint8", "float32", "bool"]);
  assert.throws(() => StreamStore.open(path, { mode: "read", fields: { ...fields, action: "int8" } }), {
    code: "fields-differ",
    message: /: the store lacks \{ action: 0 int8 \} and has \{ action: 0 uint8 \} besides$/,
  });
});

test("StreamStore() refuses fields that cannot be", () => {
  const cases: [unknown, RegExp][] = [
    [{}, /^RangeError: Cannot create a store: there must be at least 1 field, got 0$/],
    [{ a: 1, b: 1 }, /^RangeError: .*type IDs must differ, got 1 for "a" and for "b"$/],
    [{ a: 2 ** 31 }, /^RangeError: .*"a" must be an integer from -2147483648 to 2147483647, got 2147483648$/],
    [{ a: -(2 ** 31) - 1 }, /^RangeError: .*got -2147483649$/],
    [{ a: 0.5 }, /^RangeError: .*got 0.5$/],
    [{ a: NaN }, /^RangeError: .*got NaN$/],
    [{ a: "0" }, /^RangeError: .*dtype of "a" must be one of float64, float32, .*, bool, got "0"$/],
    [{ a: {} }, /^TypeError: .*"a" must be a type ID, a dtype or \{ type, dtype \}, got neither$/],
    [{ a: { tpye: 0 } }, /^TypeError: .*"a" must be a type ID, a dtype or .*, got "tpye" in it$/],
    [{ a: { type: "0" } }, /^TypeError: .*the type ID of "a" must be a number, got "0"$/],
    [{ a: null }, /^TypeError: .*got null$/],
    [
      { a: { type: 1, dtype: "int128" } },
      /^RangeError: .*dtype of "a" must be one of float64, .*, bool, got "int128"$/,
    ],
    [
      { a: 0, b: "uint8" },
      /^RangeError: .*type IDs must be given for all fields or for none, got 0 for "a" and none for "b"$/,
    ],
    [
      [["0", { dtype: "int8" }], ["1", { type: 7, dtype: "int8" }]],
      /^RangeError: .*got 7 for "1" and none for "0"$/,
    ],
    [{ a: { type: 1, dtype: "toString" } }, /^RangeError: .*got "toString"$/],
    [{ step: 0 }, /^RangeError: .*no field can be named "step"/],
    [
      null,
      /^TypeError: .*fields must be an object of name and type ID or dtype, a list .*, or a list of names, got null$/,
    ],
    [[1, 2], /^TypeError: .*fields\[0\] must be \[name, type ID or dtype\], got 1$/],
    ["action", /^TypeError: .*got "action"$/],
  ];
  for (const [fields, message] of cases) {
    assert.throws(
      () => create(fields),
      (error) => message.test(String(error)),
      `${String(message)} for ${String(fields)}`,
    );
  }
});

test("StreamStore() refuses a capacity that is no positive integer", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity, 2 ** 32, "10", null]) {
    if (capacity === null) continue;
    assert.throws(() => create({ a: 0 }, { capacity }), {
      name: "RangeError",
      message: /^Cannot create a store: capacity must be a positive integer of tokens below 4294967296, got /,
    });
  }
  create({ a: 0 }, { capacity: 1 }).close();
});
