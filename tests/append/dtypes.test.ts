/** What fields of each dtype make of values, whichever way they come, held against JavaScript's own arrays. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { test } from "node:test";
import * as check from "fast-check";
import { type Dtype, type DtypeArray, type NumberArray, type Scalar, StreamStore } from "../../mod.ts";
import { arrayOver, dtypeNames } from "../../src/dtypes.ts";
import { withDirectory } from "../torture/scratch.ts";
import { bytesOf, expectedValue, extremesOf } from "../support/dtypes.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const runs = { seed: 20_261, numRuns: 150 };

const edges: Scalar[] = dtypeNames.flatMap((dtype) => extremesOf(dtype)).flatMap((value): Scalar[] =>
  typeof value === "bigint" ? [value, value + 1n] : [value, value + 1, -value]
);

const scalar: check.Arbitrary<Scalar> = check.oneof(
  check.constantFrom<Scalar>(...edges),
  check.double(),
  check.integer({ min: -300, max: 300 }),
  check.boolean(),
  check.bigInt({ min: -300n, max: 300n }),
);

/** A store of one field of numbers and one of lists, and the ways that values get into it. */
type Way = (store: StreamStore, step: number, value: Scalar, list: readonly Scalar[]) => void;
const ways: Readonly<Record<string, Way>> = {
  object: (store, step, value, list) => store.append(step, { value, list }),
  sequences: (store, step, value, list) => store.append([step, step], ["value", "list"], [value, list]),
  columns: (store, step, value, list) =>
    store.appendColumns({ step: [step], value: [value], list: { values: list, width: list.length } }),
};

/** The oracle: what is kept, or null where anything of it is refused. */
function expected(dtype: Dtype, values: readonly Scalar[]): DtypeArray | null {
  const kept = values.map((value) => expectedValue(dtype, value));
  if (kept.includes(null)) return null;
  const array = arrayOver(dtype, new ArrayBuffer(8 * kept.length), 0, kept.length);
  kept.forEach((value, i) => array[i] = value as never);
  return array;
}

for (const dtype of dtypeNames) {
  for (const [name, append] of Object.entries(ways)) {
    test(`a field of ${dtype} keeps values as its array does, or refuses the step (${name})`, () => {
      using store = new StreamStore({ value: dtype, list: { dtype } }, smallChunks) as unknown as StreamStore;
      // Known as a list, so that the fast loop takes it.
      store.append(0, { value: 0, list: [0, 1] });
      let step = 1;
      check.assert(
        check.property(scalar, check.array(scalar, { minLength: 1, maxLength: 40 }), (value, given) => {
          // Mostly values that the dtype has, or hardly a list were kept.
          const list = given.filter((item, i) => i === 0 || expectedValue(dtype, item) !== null);
          const [one, many] = [expected(dtype, [value]), expected(dtype, list)];
          const before = [store.length, store.rowCount];
          const refused = [...(one === null ? ["value"] : []), ...(many === null ? ["list"] : [])];
          if (one === null || many === null) {
            assert.throws(() => append(store, step, value, list), {
              name: "RangeError",
              message: new RegExp(`"(${refused.join("|")})"`),
            });
            assert.deepEqual([store.length, store.rowCount], before);
            return;
          }
          append(store, step, value, list);
          const row = store.row(store.rowCount - 1);
          assert.equal(row.step, step++);
          assert.ok(Object.is(row.value, one[0]), `${String(row.value)} for ${String(one[0])}`);
          assert.equal(Object.getPrototypeOf(row.list), Object.getPrototypeOf(many));
          assert.deepEqual(row.list, many.slice());
          if (typeof one[0] === "number") {
            assert.deepEqual([...store.window(before[0], store.length - before[0]).values], [
              one[0],
              ...many,
            ]);
          }
        }),
        runs,
      );
      const column = store.column("value");
      assert.equal(column.width, 1);
      assert.deepEqual(column.values, expected(dtype, store.rows().map(({ value }) => value as Scalar)));
    });
  }
}

const sizes = { minLength: 1, maxLength: 40 };
const sources: readonly check.Arbitrary<NumberArray>[] = [
  check.float64Array(sizes),
  check.float32Array(sizes),
  check.int8Array(sizes),
  check.uint8Array(sizes),
  check.int16Array(sizes),
  check.uint16Array(sizes),
  check.int32Array(sizes),
  check.uint32Array(sizes),
  check.bigInt64Array(sizes),
  check.bigUint64Array(sizes),
];

test("typed arrays of every class are kept or refused alike by append() and by appendColumns()", () => {
  for (const dtype of dtypeNames) {
    using store = new StreamStore({ list: dtype }, smallChunks) as unknown as StreamStore;
    let step = 0;
    for (const source of sources) {
      check.assert(
        check.property(source, check.boolean(), (list, isSmall) => {
          // Bits alone, so that narrow dtypes take some.
          const [zero, one] = typeof list[0] === "bigint" ? [0n, 1n] : [0, 1];
          if (isSmall) { for (let i = 0; i < list.length; i++) list[i] = list[i] > 1 ? one : zero; }
          const many = expected(dtype, [...list] as Scalar[]);
          const ways = [
            () => store.append(step, { list }),
            () => store.appendColumns({ step: [step], list: { values: list, width: list.length } }),
          ];
          for (const append of ways) {
            const before = store.rowCount;
            if (many === null) {
              assert.throws(append, { name: "RangeError", message: /"list"/ });
              assert.equal(store.rowCount, before);
            } else {
              append();
              step++;
              assert.deepEqual(store.row(before).list, many.slice());
            }
          }
        }),
        { ...runs, numRuns: 20 },
      );
    }
  }
});

test("NaNs of arrays keep the bits that a narrower float has, and stay NaNs", () => {
  using store = new StreamStore({ single: "float32", half: "float16" }, smallChunks);
  const singles = Uint32Array.of(0x7fc00000, 0xffc00001, 0x7f800001, 0xff812345, 0x7fffffff);
  const halves = Uint16Array.of(0x7e00, 0xfe01, 0x7c01, 0xfd23, 0x7fff);
  const single = new Float32Array(singles.buffer);
  const half = new Float16Array(halves.buffer);
  // 0x7ff0000000000001 has its payload only in bits that are cut.
  const wide = new Float64Array(BigUint64Array.of(0x7ff0000000000001n, 0xfff4000000000000n).buffer);
  store.append(0, { single, half });
  store.append(1, { single, half });
  store.appendColumns({
    step: [2],
    single: { values: single, width: 5 },
    half: { values: half, width: 5 },
  });
  store.append(3, { single: wide, half: wide });
  store.appendColumns({ step: [4], single: { values: wide, width: 2 }, half: { values: wide, width: 2 } });
  store.append(5, { single: single.subarray(2, 3), half: half.subarray(2, 3) });
  const rows = store.rows();
  for (const row of rows.slice(0, 3)) {
    assert.deepEqual(bytesOf(row.single as DtypeArray), bytesOf(single));
    assert.deepEqual(bytesOf(row.half as DtypeArray), bytesOf(half));
  }
  for (const row of rows.slice(3, 5)) {
    assert.deepEqual(
      new Uint32Array((row.single as Float32Array).buffer),
      Uint32Array.of(0x7fc00000, 0xffa00000),
    );
    assert.deepEqual(new Uint16Array((row.half as Float16Array).buffer), Uint16Array.of(0x7e00, 0xfd00));
  }
  assert.deepEqual(bytesOf(rows[5].single as DtypeArray), bytesOf(single.slice(2, 3)));
  assert.deepEqual(bytesOf(rows[5].half as DtypeArray), bytesOf(half.slice(2, 3)));
  const { values } = store.column("single");
  assert.deepEqual(bytesOf(values.slice(0, 5)), bytesOf(single));
  assert.deepEqual(bytesOf(store.column("half").values.slice(0, 5)), bytesOf(half));
});

test("append() rounds floats alike by every way, among fields of any dtype, for context(), columns and a recovery", () =>
  withDirectory((directory) => {
    const doubles = [
      0.1,
      -1 / 3,
      1 + 2 ** -24,
      1 + 3 * 2 ** -24,
      65520,
      65519,
      1e39,
      -0,
      5e-324,
      NaN,
      2 ** -25,
      7,
    ];
    const stores: Dtype[][] = [
      ["float32"],
      ["float16"],
      ["float32", "float16"],
      ["float32", "int32", "bool"],
      ["float16", "int8"],
      ["float64", "float32", "float16"],
    ];
    for (const dtypes of stores) {
      const path = `${directory}/${dtypes.join("-")}.stream`;
      const fields = dtypes.map((dtype, i): [string, Dtype] => [`field ${i}`, dtype]);
      using store: StreamStore = StreamStore.open(path, { fields, commitEvery: { ms: 1e9 } });
      const names = fields.map(([name]) => name);
      // What is no float takes 1.
      const rows = doubles.map((value) => dtypes.map((dtype) => dtype.startsWith("float") ? value : 1));
      for (const row of rows) {
        store.append(store.rowCount, Object.fromEntries(row.map((value, i) => [names[i], value])));
      }
      for (const row of rows) store.append(row.map(() => store.rowCount), names, row);
      const dense = store.context({
        steps: 2 * rows.length,
        fields: Object.fromEntries(names.map((name) => [name, 1])),
        output: { values: "float64" },
      }) as { fields: Record<string, { values: Float64Array }> };
      cpSync(path, `${path}.copy`, { recursive: true });
      store.appendColumns({
        step: rows.map((_, i) => store.rowCount + i),
        ...Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row[i])])),
      });
      using recovered: StreamStore = StreamStore.open(`${path}.copy`);
      assert.equal(recovered.rowCount, 2 * rows.length);
      names.forEach((name, i) => {
        const wanted = [...expected(dtypes[i], rows.map((row) => row[i]))!].map(Number);
        assert.deepEqual([...store.column(name).values].map(Number), [...wanted, ...wanted, ...wanted], name);
        assert.deepEqual([...recovered.column(name).values].map(Number), [...wanted, ...wanted], name);
        assert.deepEqual([...dense.fields[name].values], [...wanted, ...wanted], name);
      });
    }
  }));

test("what is refused says the field, the value and what is allowed, and leaves nothing", () => {
  using store = new StreamStore(
    { action: "uint8", list: "int16", done: "bool", wide: "float32" },
    smallChunks,
  );
  store.append(0, { action: 255, list: [1, 2], done: true, wide: 0.1 });
  const cases: [Record<string, unknown>, string][] = [
    [
      { action: 256 },
      'Cannot append field "action": a value of dtype uint8 must be an integer from 0 to 255, got 256',
    ],
    [
      { action: 0.5 },
      'Cannot append field "action": a value of dtype uint8 must be an integer from 0 to 255, got 0.5',
    ],
    [
      { action: NaN },
      'Cannot append field "action": a value of dtype uint8 must be an integer from 0 to 255, got NaN',
    ],
    [
      { action: -1n },
      'Cannot append field "action": a value of dtype uint8 must be an integer from 0 to 255, got -1n',
    ],
    [
      { action: 1, list: [0, -32769] },
      'Cannot append field "list": a value of dtype int16 must be an integer from -32768 to 32767, got -32769',
    ],
    [
      { action: 1, list: Int32Array.of(0, 32768) },
      'Cannot append field "list": a value of dtype int16 must be an integer from -32768 to 32767, got 32768',
    ],
    [{ done: 2 }, 'Cannot append field "done": a value of dtype bool must be true, false, 0 or 1, got 2'],
    [
      { wide: 16777217n },
      'Cannot append field "wide": a value of dtype float32 must be exact in float32, got 16777217n',
    ],
  ];
  for (const [values, message] of cases) {
    assert.throws(() => store.append(1, values as never), { name: "RangeError", message });
    assert.equal(store.rowCount, 1);
  }
  assert.throws(() => store.appendColumns({ step: [1, 2], action: Int16Array.of(7, 300) }), {
    name: "RangeError",
    message: 'Cannot append columns: "action" at row 1 must be an integer from 0 to 255, got 300',
  });
  assert.throws(
    () => store.appendColumns({ step: [1, 2], list: { values: Float64Array.of(1, 2, 3, 0.5), width: 2 } }),
    {
      message: 'Cannot append columns: "list" at row 1 must be an integer from -32768 to 32767, got 0.5',
    },
  );
  assert.throws(
    () => store.appendColumns({ step: [1, 2, 3], list: { values: [1, 2, 40000], offsets: [0, 2, 2, 3] } }),
    {
      message: 'Cannot append columns: "list" at row 2 must be an integer from -32768 to 32767, got 40000',
    },
  );
  assert.deepEqual([store.rowCount, store.length], [1, 5]);
  assert.deepEqual(store.row(0), {
    step: 0,
    action: 255,
    list: Int16Array.of(1, 2),
    done: 1,
    wide: Math.fround(0.1),
  });
});
