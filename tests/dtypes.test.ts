import assert from "node:assert/strict";
import { test } from "node:test";
import { arrayOver, type Dtype, dtypeKinds, dtypeNames, holds, integerRange } from "../src/dtypes.ts";
import { extremesOf } from "./support/dtypes.ts";

test("holds() says of two dtypes whether every value of one comes back from an array of the other", () => {
  for (const holder of dtypeNames) {
    for (const held of dtypeNames) {
      const values = extremesOf(held);
      const expected = values.every((value) => comesBack(holder, value)) &&
        (holder !== "bool" || held === "bool");
      assert.equal(holds(holder, held), expected, `${held} in ${holder}`);
    }
  }
});

function comesBack(dtype: Dtype, value: number | bigint): boolean {
  const array = arrayOver(dtype, new ArrayBuffer(8), 0, 1);
  try {
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[0] = BigInt(value);
    else array[0] = Number(value);
  } catch {
    return false;
  }
  const back = array[0];
  const isSame = typeof back === typeof value
    ? Object.is(back, value)
    : back == value && !Object.is(value, -0);
  return isSame;
}

test("integerRange() is what an array of the dtype wraps around at", () => {
  for (const dtype of dtypeNames) {
    const range = integerRange(dtype);
    const { kind, bits } = dtypeKinds[dtype];
    assert.equal(range === null, kind === "float" || bits === 64, dtype);
    if (range === null || dtype === "bool") continue;
    for (const value of range) assert.ok(comesBack(dtype, value), `${value} in ${dtype}`);
    assert.ok(!comesBack(dtype, range[0] - 1) && !comesBack(dtype, range[1] + 1), dtype);
  }
});
