/** Lists that are not what they say: proxies, getters, and typed arrays with a length of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldValue, StreamStore } from "../../mod.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const fields = { a: 0, b: 1, n: { type: 2, dtype: "int64" } } as const;
type Store = StreamStore<typeof fields>;

/** Ways in which a list reaches the store, with a scalar behind it. */
const ways: Record<string, (store: Store, step: number, list: FieldValue) => void> = {
  "a list field, by name": (store, step, list) => store.append(step, { a: list, b: 7 }),
  "by name out of order": (store, step, list) => store.append(step, { b: 7, a: list }),
  "in sequences": (store, step, list) => store.append([step, step], ["a", "b"], [list, 7]),
};

function withLength(list: number[], length: unknown): number[] {
  return new Proxy(list, { get: (target, key) => key === "length" ? length : Reflect.get(target, key) });
}

function shrinking(): number[] {
  const list = [1, 2, 3, 4];
  return Object.defineProperty(list, 1, {
    get: () => {
      list.length = 2;
      return 2;
    },
  });
}

/** Own or inherited properties that say another length. */
function forged(length: unknown, values = [1, 2, 3]): Float32Array[] {
  class Subclass extends Float32Array {
    override get length(): number {
      return length as number;
    }
  }
  const own = Float32Array.from(values);
  Object.defineProperty(own, "length", { value: length });
  return [own, new Subclass(values)];
}

const lengths = [
  NaN,
  -1,
  2.5,
  "2",
  2 ** 31,
  2 ** 32,
  2 ** 53,
  Infinity,
  undefined,
  null,
  1n,
  0,
  1,
  2,
  4,
  5,
  70_000,
];

/** What is appended of a list, or null where it must be refused. */
const lists: [name: string, make: () => unknown, expected: readonly number[] | null][] = [
  ["a proxy", () => new Proxy([1, 2, 3], {}), [1, 2, 3]],
  ["a list that shrinks in its own getter", shrinking, null],
  ["a list with holes", () => Object.assign([1, 2], { length: 4_000_000_000 }), null],
  ["a proxy of a typed array", () => new Proxy(new Float32Array([1, 2, 3]), {}), null],
  ["a prototype of a typed array", () => Object.create(Float32Array.prototype), null],
  ["a prototype with a length", () => Object.create(Float32Array.prototype, { length: { value: 3 } }), null],
  ["a DataView", () => new DataView(new ArrayBuffer(8)), null],
  ...lengths.map((length): [string, () => unknown, readonly number[] | null] => [
    `a proxy of length ${String(length)}`,
    () => withLength([1, 2, 3], length),
    typeof length === "number" && length >= 0 && length <= 3 && Number.isInteger(length)
      ? [1, 2, 3].slice(0, length)
      : null,
  ]),
  ...lengths.flatMap((length) =>
    [0, 1].map((kind): [string, () => unknown, readonly number[] | null] => [
      `a ${["typed array with an own length", "subclass of length"][kind]} ${String(length)}`,
      () => forged(length)[kind],
      [1, 2, 3],
    ])
  ),
];

for (const [wayName, way] of Object.entries(ways)) {
  test(`append() of ${wayName} stores what a list holds, or refuses it`, () => {
    for (const isKnown of [true, false]) {
      for (const [name, make, expected] of lists) {
        const what = `${name}, ${isKnown ? "known as a list" : "new"}`;
        using store = new StreamStore(fields, smallChunks);
        const before = isKnown ? [9, 9] : [];
        if (isKnown) store.append(0, { a: [9, 9] });
        if (expected === null) {
          assert.throws(() => way(store, 1, make() as FieldValue), (error: Error) => {
            assert.ok(error instanceof TypeError || error instanceof RangeError, `${what}: ${error}`);
            assert.match(error.message, /^Cannot append field "a": a (list|value) must /, what);
            return true;
          }, what);
        } else {
          way(store, 1, make() as FieldValue);
        }
        store.append(2, { a: [5], b: 6 });
        const row = expected === null ? [] : [...expected, 7];
        assert.deepEqual([...store.window(0, store.length).values], [...before, ...row, 5, 6], what);
      }
    }
  });
}

test("append() of integers stores what a list holds, or refuses it", () => {
  for (const [name, make, expected] of lists) {
    using store = new StreamStore(fields, smallChunks);
    const append = () => store.append(1, { n: make() as FieldValue });
    if (expected === null) assert.throws(append, /^(Type|Range)Error: Cannot append field "n"/, name);
    else append();
    store.append(2, { n: [5n] });
    const { bits } = store.window(0, store.length);
    assert.deepEqual([...bits], [...(expected ?? []).map(BigInt), 5n], name);
  }
});

test("append() of sequences refuses those that are no lists, or of a length that is none", () => {
  using store = new StreamStore(fields, smallChunks);
  const append = (...sequences: unknown[]) =>
    (store as unknown as { append(...sequences: unknown[]): void }).append(...sequences);
  const good = [[0], ["a"], [1]];
  const names = ["steps", "fields", "values"];
  for (
    const wrong of [
      null,
      undefined,
      5,
      "a",
      {},
      new DataView(new ArrayBuffer(8)),
      withLength([1], NaN),
      withLength([1], -1),
    ]
  ) {
    for (const place of [0, 1, 2]) {
      if (place === 0 && typeof wrong !== "object") continue;
      const given = good.with(place, wrong as number[]);
      if (place === 2 && wrong === undefined) continue;
      assert.throws(
        () => append(...given),
        new RegExp(`^TypeError: Cannot append: ${names[place]} must be a list`),
      );
    }
  }
  assert.equal(store.rowCount, 0);
});

test("append() refuses a typed array whose resizable buffer was made smaller", () => {
  using store = new StreamStore(fields, smallChunks);
  for (const isKnown of [false, true]) {
    const buffer = new ArrayBuffer(64, { maxByteLength: 64 });
    const lists = [
      new Float32Array(buffer, 0, 8),
      new Float64Array(buffer, 32, 2),
      new Int32Array(buffer, 8, 4),
    ];
    buffer.resize(8);
    for (const list of lists) {
      assert.throws(() => store.append(1, { a: list }), {
        name: "TypeError",
        message: /"a": the typed array must have a buffer that is attached and holds it/,
      });
    }
    if (!isKnown) store.append(0, { a: [1, 2] });
  }
  assert.equal(store.length, 2);
});
