import assert from "node:assert/strict";
import { test } from "node:test";
import * as check from "fast-check";
import { StreamStore } from "../../mod.ts";
import { bitsOf } from "../support/support.ts";

/** A fixed seed: fast-check prints it, and the path to the smallest failure, when a property fails. */
const runs = { seed: 20_260, numRuns: 300 };

/** Every bit pattern, as a float64 array. */
const cells = check.array(check.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 60 });

test("append() keeps any bits of a Float64Array", () => {
  using store = new StreamStore({ list: 0 });
  let step = 0;
  check.assert(
    check.property(cells, (bits) => {
      const start = store.length;
      store.append(step++, { list: new Float64Array(BigUint64Array.from(bits).buffer) });
      const window = store.window(start, bits.length);
      assert.deepEqual([...window.bits].map((cell) => BigInt.asUintN(64, cell)), bits);
    }),
    runs,
  );
});

test("append() keeps any bits of a Float32Array", () => {
  using store = new StreamStore({ list: 0 });
  const narrow = new StreamStore({ list: 0 });
  let step = 0;
  check.assert(
    check.property(check.array(check.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 60 }), (words) => {
      const start = store.length;
      const list = new Float32Array(Uint32Array.from(words).buffer);
      store.append(step, { list });
      narrow.appendColumns({ step: [step++], list: { values: list, width: list.length } });
      // Through append and through the native conversion alike.
      assert.deepEqual(store.window(start, words.length).bits, narrow.window(start, words.length).bits);
      const values = store.window(start, words.length).values;
      values.forEach((value, i) =>
        assert.ok(Object.is(value, list[i]) || (value !== value && list[i] !== list[i]))
      );
    }),
    runs,
  );
  narrow.close();
});

test("append() stores any scalar as its number, or refuses it with its field", () => {
  using store = new StreamStore({ value: 0, list: 1 });
  let step = 0;
  const scalar = check.oneof(
    check.double(),
    check.boolean(),
    check.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    check.bigInt({ min: -100n, max: 100n }),
  );
  check.assert(
    check.property(scalar, check.array(scalar, { maxLength: 40 }), (value, list) => {
      const before = store.length;
      const isExact = [value, ...list].every((item) =>
        typeof item !== "bigint" || BigInt(Number(item)) === item
      );
      const append = () => store.append(step, { value, list });
      if (!isExact) {
        assert.throws(append, { name: "RangeError", message: /^Cannot append field "(value|list)": / });
        assert.equal(store.length, before);
        return;
      }
      append();
      step++;
      const { bits } = store.window(before, 1 + list.length);
      assert.deepEqual([...bits], [value, ...list].map((item) => bitsOf(Number(item))));
    }),
    runs,
  );
});

test("append() to int64 and uint64 fields keeps every integer that fits, and refuses the others", () => {
  using store = new StreamStore({
    signed: { type: 0, dtype: "int64" },
    unsigned: { type: 1, dtype: "uint64" },
  });
  let step = 0;
  const integer = check.oneof(
    check.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    check.maxSafeInteger(),
    check.maxSafeNat(),
  );
  check.assert(
    check.property(integer, integer, (signed, unsigned) => {
      const fits = BigInt.asIntN(64, BigInt(signed)) === BigInt(signed) &&
        BigInt.asUintN(64, BigInt(unsigned)) === BigInt(unsigned);
      const before = store.length;
      const append = () => store.append(step, { signed, unsigned });
      if (!fits) {
        assert.throws(append, { name: "RangeError", message: /a value must fit u?int64/ });
        assert.equal(store.length, before);
        return;
      }
      append();
      assert.deepEqual(store.rows(store.rowCount - 1), [{
        step: step++,
        signed: BigInt(signed),
        unsigned: BigInt(unsigned),
      }]);
    }),
    runs,
  );
});

test("appendColumns() takes integer columns of every width exactly", () => {
  using store = new StreamStore({ value: 0 });
  let step = 0;
  const columns = check.oneof(
    check.int8Array(),
    check.uint8Array(),
    check.uint8ClampedArray(),
    check.int16Array(),
    check.uint16Array(),
    check.int32Array(),
    check.uint32Array(),
    check.float32Array(),
    check.float64Array(),
  );
  check.assert(
    check.property(columns, (value) => {
      const start = store.length;
      store.appendColumns({ step: Array.from(value, () => step++), value });
      assert.deepEqual([...store.window(start, value.length).values], [...value]);
    }),
    runs,
  );
});
