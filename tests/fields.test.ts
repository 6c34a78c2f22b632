import assert from "node:assert/strict";
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

test("StreamStore() refuses fields that cannot be", () => {
  const cases: [unknown, RegExp][] = [
    [{}, /^RangeError: Cannot create a store: there must be at least 1 field, got 0$/],
    [{ a: 1, b: 1 }, /^RangeError: .*type IDs must differ, got 1 for "a" and for "b"$/],
    [{ a: 2 ** 31 }, /^RangeError: .*"a" must be an integer from -2147483648 to 2147483647, got 2147483648$/],
    [{ a: -(2 ** 31) - 1 }, /^RangeError: .*got -2147483649$/],
    [{ a: 0.5 }, /^RangeError: .*got 0.5$/],
    [{ a: NaN }, /^RangeError: .*got NaN$/],
    [{ a: "0" }, /^TypeError: .*the type ID of "a" must be a number, got "0"$/],
    [{ a: null }, /^TypeError: .*got null$/],
    [
      { a: { type: 1, dtype: "int32" } },
      /^RangeError: .*dtype of "a" must be float64, int64 or uint64, got "int32"$/,
    ],
    [{ a: { type: 1, dtype: "toString" } }, /^RangeError: .*got "toString"$/],
    [{ step: 0 }, /^RangeError: .*no field can be named "step"/],
    [
      null,
      /^TypeError: .*fields must be an object of name and type ID, a list .*, or a list of names, got null$/,
    ],
    [[1, 2], /^TypeError: .*fields\[0\] must be \[name, type ID\], got 1$/],
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
