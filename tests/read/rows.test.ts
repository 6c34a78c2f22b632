import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

test("rows() and row() show steps with their fields, lists as lists", () => {
  using store = new StreamStore({ a: 0, list: 1, count: { type: 2, dtype: "int64" } }, { capacity: 8 });
  store.append(0, { a: 1, list: [2], count: 3n });
  store.append(5, { list: [] });
  store.append(6, {});
  store.append(2n ** 60n, { a: 4, list: Float32Array.of(5, 6), count: BigInt64Array.of(2n ** 62n) });
  const expected = [
    { step: 0, a: 1, list: Float64Array.of(2), count: 3n },
    { step: 5, list: new Float64Array(0) },
    { step: 6 },
    { step: 2n ** 60n, a: 4, list: Float64Array.of(5, 6), count: BigInt64Array.of(2n ** 62n) },
  ];
  // A field written as a list anywhere is a list everywhere.
  assert.deepEqual(store.rows(1), expected.slice(1));
  assert.deepEqual(store.rows(), [{ ...expected[0], count: BigInt64Array.of(3n) }, ...expected.slice(1)]);
  assert.deepEqual(store.rows(2, 2), []);
  assert.deepEqual(store.row(3), expected[3]);
});

test("rows() refuses ranges outside the stream", () => {
  using store = new StreamStore({ a: 0 });
  store.append(0, { a: 1 });
  for (const [from, to] of [[-1, 1], [0, 2], [1, 0], [0.5, 1], [0, NaN], ["0", 1]] as [number, number][]) {
    assert.throws(() => store.rows(from, to), {
      name: "RangeError",
      message: /^Cannot read rows: a range must lie within 0 to 1, got /,
    });
  }
  assert.throws(() => store.row(1), RangeError);
});

test("rowOfToken() and rowOfStep() find rows, those without tokens too", () => {
  using store = new StreamStore({ a: 0, b: 1 });
  for (let step = 0; step < 3000; step++) {
    if (step % 7 === 3) store.append(10 * step, {});
    else if (step % 7 === 4) store.append(10 * step, { b: [] });
    else store.append(10 * step, { a: step, b: [1, 2, 3].slice(0, step % 4) });
  }
  let token = 0;
  store.rows().forEach((row, index) => {
    assert.equal(store.rowOfStep(row.step), index);
    const count = (row.a === undefined ? 0 : 1) + ((row.b as Float64Array | undefined)?.length ?? 0);
    for (let i = 0; i < count; i++) assert.equal(store.rowOfToken(token++), index);
  });
  assert.equal(token, store.length);
  assert.equal(store.rowOfStep(5), -1);
  assert.equal(store.rowOfStep(-1n), -1);
  assert.equal(store.rowOfStep(30_000), -1);
  assert.throws(() => store.rowOfToken(token), {
    name: "RangeError",
    message: /a token index must be from 0 to/,
  });
  assert.throws(() => store.rowOfToken(-1), RangeError);
  assert.throws(() => store.rowOfStep(0.5), {
    name: "RangeError",
    message: /a step must be a safe integer or an int64 bigint, got 0.5$/,
  });
  assert.throws(() => store.rowOfStep(2n ** 63n), RangeError);
});

test("row() shows a list without values that came after the row was read before", () => {
  using store = new StreamStore({ a: 0, c: 1 });
  store.append(0, { a: 1 });
  assert.deepEqual(store.rows(), [{ step: 0, a: 1 }]);
  store.append(0, { c: [] });
  assert.deepEqual(store.rows(), [{ step: 0, a: 1, c: new Float64Array(0) }]);
});

test("row() and rows() tell of row starts that no writer has made, also between blocks of one layout", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const count = 2 * 4096 + 100;
    {
      using store = StreamStore.open(path, { fields: { a: 0 } });
      store.appendColumns({ step: Array.from({ length: count }, (_, i) => i), a: new Float64Array(count) });
    }
    const starts = readFileSync(`${path}/row.u64`);
    for (const row of [1, 4095, 4096, 8191, 8192, count - 1]) {
      for (const start of [0n, BigInt(row) - 1n, BigInt(row) + 1n, BigInt(count) + 1n, 2n ** 63n]) {
        const damaged = starts.slice();
        new DataView(damaged.buffer, damaged.byteOffset).setBigUint64(8 * row, start, true);
        writeFileSync(`${path}/row.u64`, damaged);
        using store = StreamStore.open(path, { mode: "read" });
        for (
          const read of [
            () => store.row(row),
            () => store.row(row - 1),
            () => store.rows(),
            () => store.stats(),
          ]
        ) {
          try {
            read();
          } catch (error) {
            assert.equal((error as { code?: string }).code, "damaged", `row ${row} at ${start}: ${error}`);
          }
        }
      }
    }
  }));

test("rowAtOrAfter() and tokenOfRow() are what a look at every row finds, of those that are kept", () => {
  for (const retain of [undefined, { rows: 1000 }]) {
    using store = new StreamStore({ a: 0, b: 1 }, { capacity: 65_536, retain });
    const steps: bigint[] = [];
    const starts = [0];
    const random = new Random(5);
    let step = -(2n ** 63n);
    for (let row = 0; row < 70_000; row++) {
      const width = random.below(5);
      store.append(step, { b: Array.from({ length: width }, () => row) });
      steps.push(step);
      starts.push(starts.at(-1)! + width);
      step += BigInt(1 + random.below(3)) + (row === 20_000 ? 2n ** 63n : 0n);
      if (row === 69_900) store.flush();
    }
    // The newest rows are in the tail.
    const { firstRow, rowCount, length } = store;
    assert.equal(firstRow > 0, retain !== undefined);
    assert.deepEqual([store.tokenOfRow(rowCount), store.rowAtOrAfter(2n ** 63n - 1n)], [length, rowCount]);
    assert.equal(store.rowAtOrAfter(-(2n ** 63n)), firstRow);
    for (let i = 0; i < 3000; i++) {
      const row = i < 20 ? rowCount - 1 - i : firstRow + random.below(rowCount - firstRow);
      assert.equal(store.tokenOfRow(row), starts[row]);
      for (const near of [steps[row] - 1n, steps[row], steps[row] + 1n]) {
        if (near < -(2n ** 63n)) continue;
        let expected = Math.max(firstRow, row - 1);
        while (expected < rowCount && steps[expected] < near) expected++;
        assert.equal(store.rowAtOrAfter(near), expected, `${near}`);
      }
    }
    for (const wrong of [firstRow - 1, rowCount + 1, 0.5, NaN, "1", undefined]) {
      assert.throws(() => store.tokenOfRow(wrong as number), {
        name: "RangeError",
        message: new RegExp(
          `^Cannot find a token: a row index must be from ${firstRow} to ${rowCount}, got `,
        ),
      });
    }
    assert.throws(
      () => store.rowAtOrAfter(1.5),
      /^RangeError: Cannot find a row: a step must be a safe integer/,
    );
    assert.throws(() => store.rowAtOrAfter("1" as never), TypeError);
  }
  using empty = new StreamStore({ a: 0 });
  assert.deepEqual([empty.rowAtOrAfter(0), empty.tokenOfRow(0)], [0, 0]);
});

test("row() and rows() refuse a cell that its field cannot hold, alone, in a list and in a long one", () =>
  withDirectory((directory) => {
    // Beside a wider field cells can hold more than the field.
    const cases = [
      ["bool", "float32", Float32Array.of(2)],
      ["bool", "float32", Float32Array.of(0.5)],
      ["uint8", "float32", Float32Array.of(256)],
      ["uint8", "float32", Float32Array.of(1.5)],
      ["uint8", "int16", Int16Array.of(-1)],
      ["int8", "int32", Int32Array.of(128)],
      ["uint16", "float64", Float64Array.of(1e300)],
      ["int32", "int64", BigInt64Array.of(2n ** 31n)],
      ["float16", "float32", Float32Array.of(0.1)],
      ["float32", "float64", Float64Array.of(0.1)],
    ] as const;
    for (const [index, [dtype, wider, wrong]] of cases.entries()) {
      for (const length of [1, 3, 100]) {
        const path = `${directory}/${index}-${length}.stream`;
        const store = StreamStore.open(path, { fields: { value: dtype, wider } }) as unknown as StreamStore;
        const zeros = new Array(length).fill(0);
        for (let step = 0; step < 5; step++) store.append(step, { value: length === 1 ? 0 : zeros } as never);
        store.close();
        const file = `${path}/${readdirSync(path).find((name) => name.startsWith("data."))}`;
        const bytes = readFileSync(file);
        // The last value of row 2.
        bytes.set(new Uint8Array(wrong.buffer), (3 * length - 1) * wrong.BYTES_PER_ELEMENT);
        writeFileSync(file, bytes);
        using damaged = StreamStore.open(path, { mode: "read" }) as unknown as StreamStore;
        const isDamaged = (error: Error & { code?: string }) => {
          assert.equal(error.code, "damaged", `${dtype} in ${wider}, ${length}: ${error}`);
          assert.match(error.message, /^Cannot read rows: "value" at row 2 must be .*, got /);
          assert.ok(error.message.endsWith(`, got ${wrong[0]}`), error.message);
          return true;
        };
        assert.throws(() => damaged.row(2), isDamaged);
        assert.throws(() => damaged.rows(), isDamaged);
        assert.equal(damaged.rows(0, 2).length + damaged.rows(3).length, 4);
      }
    }
  }));
