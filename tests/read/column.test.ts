import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

test("column() of a scalar field is its values, one a row", () => {
  using store = new StreamStore({ a: 0, b: 1 }, { capacity: 64 });
  for (let step = 0; step < 1000; step++) store.append(step, { a: step, b: [step, -step] });
  const { values, width, offsets } = store.column("a");
  assert.deepEqual(values, Float64Array.from({ length: 1000 }, (_, i) => i));
  assert.equal(width, 1);
  assert.equal(offsets, null);
  assert.deepEqual(store.column("b").values.slice(-4), Float64Array.of(998, -998, 999, -999));
  assert.equal(store.column("b").width, 2);
  assert.equal(store.column("b").offsets, null);
});

test("column() of a field whose rows differ has offsets", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  const lists = [[1], [], [2, 3], undefined, [4, 5, 6]];
  lists.forEach((a, step) => store.append(step, { a, b: step }));
  assert.deepEqual(store.column("a"), {
    values: Float64Array.of(1, 2, 3, 4, 5, 6),
    width: null,
    offsets: Float64Array.of(0, 1, 1, 3, 3, 6),
  });
});

test("column() grows its room for lists that get longer", () => {
  using store = new StreamStore({ a: 0 });
  let expected = 0;
  for (let step = 0; step < 300; step++) {
    store.append(step, { a: new Float64Array(step).fill(step) });
    expected += step;
  }
  const { values, offsets } = store.column("a");
  assert.equal(values.length, expected);
  for (let step = 0; step < 300; step++) {
    const row = values.subarray(offsets![step], offsets![step + 1]);
    assert.equal(row.length, step);
    assert.ok(row.every((value) => value === step));
  }
});

test("column() of an integer field has its own integers", () => {
  using store = new StreamStore({ count: { type: 1, dtype: "int64" }, size: { type: 2, dtype: "uint64" } });
  store.append(0, { count: -1n, size: 2n ** 64n - 1n });
  const count: BigInt64Array = store.column("count").values;
  const size: BigUint64Array = store.column("size").values;
  assert.deepEqual(count, BigInt64Array.of(-1n));
  assert.deepEqual(size, BigUint64Array.of(2n ** 64n - 1n));
});

test("column() says which cell is damaged where a field cannot hold it", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const store = StreamStore.open(path, { fields: { action: "uint8", weight: "float32" } });
    for (let step = 0; step < 3; step++) store.append(step, { action: step, weight: step });
    store.close();
    const file = `${path}/${readdirSync(path).find((name) => name.startsWith("data."))}`;
    // A fraction, whatever the width of a cell.
    writeFileSync(file, readFileSync(file).fill(0x3f));
    using damaged = StreamStore.open(path, { mode: "read" });
    assert.throws(() => damaged.column("action"), {
      name: "StreamStoreError",
      code: "damaged",
      message:
        /^Cannot read a column: "action" at row 0 must be an integer from 0 to 255, got the bits 0x3f[0-9a-f]+$/,
    });
    assert.equal(damaged.column("weight").values.length, 3);
  }));

test("column() and row() say which bool is damaged, in cells of its own and in those that it shares", () =>
  withDirectory((directory) => {
    const cases = [
      { fields: { done: "bool" }, wrong: Uint8Array.of(7), shown: "7" },
      { fields: { done: "bool", weight: "float32" }, wrong: Float32Array.of(7), shown: "7" },
      { fields: { done: "bool", weight: "float32" }, wrong: Float32Array.of(0.5), shown: "0.5" },
      { fields: { done: "bool", count: "int16" }, wrong: Int16Array.of(-1), shown: "-1" },
      { fields: { done: "bool", id: "int64" }, wrong: BigInt64Array.of(2n ** 60n), shown: `${2n ** 60n}` },
    ] as const;
    for (const [index, { fields, wrong, shown }] of cases.entries()) {
      const path = `${directory}/${index}.stream`;
      const store: StreamStore = StreamStore.open(path, { fields });
      for (let step = 0; step < 9; step++) {
        store.append(step, { done: step === 4 ? [true, false] : step % 2 });
      }
      store.close();
      const file = `${path}/${readdirSync(path).find((name) => name.startsWith("data."))}`;
      const bytes = readFileSync(file);
      // The second value of row 4.
      bytes.set(new Uint8Array(wrong.buffer), 5 * wrong.BYTES_PER_ELEMENT);
      writeFileSync(file, bytes);
      using damaged: StreamStore = StreamStore.open(path, { mode: "read" });
      const must = '"done" at row 4 must be true, false, 0 or 1, got';
      const isDamaged = (text: string) => (error: Error & { code?: string }) => {
        assert.equal(error.code, "damaged");
        assert.ok(error.message.startsWith(text), error.message);
        return true;
      };
      assert.throws(() => damaged.column("done"), isDamaged(`Cannot read a column: ${must} the bits 0x`));
      assert.throws(() => damaged.row(4), isDamaged(`Cannot read rows: ${must} ${shown}`));
      // What is whole can be read all the same.
      assert.deepEqual(damaged.column("done", 0, 4).values, Uint8Array.of(0, 1, 0, 1));
      assert.equal(damaged.rows(5).length, 4);
    }
  }));

test("column() of an empty store is empty, and of an unknown name an error", () => {
  using store = new StreamStore({ a: 0 });
  assert.deepEqual(store.column("a"), { values: new Float64Array(0), width: 1, offsets: null });
  assert.throws(() => store.column("b" as "a"), {
    name: "TypeError",
    message: 'Cannot read a column: the field must be among a, got "b"',
  });
});

test("column() of some rows is that part of the whole column", () => {
  using store = new StreamStore({ a: 0, even: 1, uneven: 2, flag: { type: 3, dtype: "bool" } });
  const all = { a: [] as number[], even: [] as number[], uneven: [] as number[][], flag: [] as number[] };
  for (let row = 0; row < 500; row++) {
    const uneven = Array.from({ length: row < 100 ? 3 : row % 4 }, (_, i) => row + i / 4);
    store.append(row, { a: row, even: [row, -1 - row], uneven, flag: row % 3 === 0 });
    all.a.push(row);
    all.even.push(row, -1 - row);
    all.uneven.push(uneven);
    all.flag.push(row % 3 === 0 ? 1 : 0);
  }
  for (
    const [from, to] of [[0, 500], [7, 90], [90, 130], [499, 500], [200, 200], [0, 0], [500, 500]] as const
  ) {
    const where = `${from} to ${to}`;
    const lists = all.uneven.slice(from, to);
    assert.deepEqual([...store.column("a", from, to).values], all.a.slice(from, to), where);
    assert.deepEqual([...store.column("even", from, to).values], all.even.slice(2 * from, 2 * to), where);
    assert.deepEqual([...store.column("flag", from, to).values], all.flag.slice(from, to), where);
    const { values, width, offsets } = store.column("uneven", from, to);
    assert.deepEqual([...values], lists.flat(), where);
    if (offsets !== null) {
      lists.forEach((list, i) =>
        assert.deepEqual([...values.subarray(offsets[i], offsets[i + 1])], list, where)
      );
    } else assert.ok(lists.every(({ length }) => length === width), where);
  }
  assert.deepEqual(store.column("a", 490), store.column("a", 490, 500));
  assert.deepEqual(store.column("a", undefined, 3), store.column("a", 0, 3));
  for (const [from, to] of [[-1, 3], [3, 2], [0, 501], [0.5, 1], [0, NaN], ["0", 1]] as [number, number][]) {
    assert.throws(() => store.column("a", from, to), {
      name: "RangeError",
      message: /^Cannot read a column: a range must lie within 0 to 500, got /,
    });
  }
});
