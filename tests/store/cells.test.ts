import assert from "node:assert/strict";
import { test } from "node:test";
import { arrayOver, type Dtype, type DtypeArray, dtypeNames } from "../../src/dtypes.ts";
import type { CellOf } from "../../src/store/cell_types.ts";
import { cellOf } from "../../src/store/cells.ts";
import type { FieldMap } from "../../src/fields.ts";
import { extremesOf } from "../support/dtypes.ts";

const bytesOf: Readonly<Record<string, number>> = { "64": 8, "32": 4, "16": 2, "8": 1 };
const width = (dtype: Dtype) => dtype === "bool" ? 1 : bytesOf[dtype.replace(/\D/g, "")];

/** Whether an array gives a value again, as JavaScript has it. */
function keeps(kind: Dtype, value: number | bigint): boolean {
  const array = arrayOver(kind, new ArrayBuffer(8), 0, 1);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[0] = BigInt(value);
  else array[0] = Number(value);
  return array[0] == value;
}

test("cellOf() follows the rule for every set of dtypes", () => {
  let count = 0;
  for (let set = 1; set < 2 ** dtypeNames.length; set++) {
    const dtypes = dtypeNames.filter((_, i) => (set >> i & 1) === 1);
    const { kind, elements } = cellOf(dtypes.map((dtype) => ({ dtype })));
    const shown = dtypes.join();
    const own = new Set(dtypes.map((dtype) => dtype === "bool" ? "uint8" : dtype));
    const bytes = Math.max(...dtypes.map(width));
    if (own.size === 1) {
      assert.deepEqual([kind, ...elements], [[...own][0], ...dtypes.map(() => [...own][0])], shown);
    } else {
      const isFloat = dtypes.some((dtype) => dtype.startsWith("float"));
      assert.equal(kind, `${isFloat ? "float" : "int"}${8 * bytes}`, shown);
      for (const [i, dtype] of dtypes.entries()) {
        const isKept = extremesOf(dtype).every((value) => keeps(kind, value));
        const bits = `${dtype.startsWith("int") ? "int" : "uint"}${8 * bytes}`;
        assert.equal(elements[i], isKept ? kind : bits, `${dtype} among ${shown}`);
      }
    }
    count++;
  }
  assert.equal(count, 4095);
});

test("cellOf() keeps the order of fields", () => {
  const { kind, elements } = cellOf([{ dtype: "int32" }, { dtype: "float32" }, { dtype: "uint8" }, {
    dtype: "uint32",
  }]);
  assert.equal(kind, "float32");
  assert.deepEqual(elements, ["int32", "float32", "float32", "uint32"]);
});

/** Exactly this type, neither wider nor narrower. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends (<T>() => T extends Right ? 1 : 2) ? true
  : false;

const same = <Left, Right>(_: Same<Left, Right>): void => {};

test("CellOf is the array that cellOf() says, which the compiler checks", () => {
  same<CellOf<{ a: 0; b: 1 }>, Float64Array>(true);
  same<CellOf<["a", "b"]>, Float64Array>(true);
  same<CellOf<{ tokens: { type: 7; dtype: "uint16" } }>, Uint16Array>(true);
  same<CellOf<{ a: "bool"; b: "uint8" }>, Uint8Array>(true);
  same<CellOf<{ a: "bool" }>, Uint8Array>(true);
  same<CellOf<{ a: "uint8"; b: "float32"; c: "bool" }>, Float32Array>(true);
  same<CellOf<{ a: "int32"; b: "float16" }>, Float32Array>(true);
  same<CellOf<{ a: "float16"; b: "int16" }>, Float16Array>(true);
  same<CellOf<{ a: "int64"; b: "float16" }>, Float64Array>(true);
  same<CellOf<{ a: "uint64"; b: "int8" }>, BigInt64Array>(true);
  same<CellOf<{ a: "uint32"; b: "int8" }>, Int32Array>(true);
  same<CellOf<[["1", "uint16"], ["0", { dtype: "uint8" }]]>, Int16Array>(true);
  same<CellOf<{ a: "uint8"; b: "int8" }>, Int8Array>(true);
  same<CellOf<{ a: { type: 0; dtype: "int8" }; b: 1 }>, Float64Array>(true);
  same<CellOf<FieldMap>, DtypeArray>(true);
  same<CellOf<{ a: { type: 0; dtype: "int8" | "int16" } }>, DtypeArray>(true);
  // @ts-expect-error: not what it is
  same<CellOf<{ a: "int8" }>, Uint8Array>(true);
});
