/** Numbers of every dtype, and what arrays of JavaScript's own make of them. */
import { StreamStore } from "../../mod.ts";
import { arrayOver, type Dtype, type DtypeArray, dtypeNames } from "../../src/dtypes.ts";

/** Values of a dtype that others are likely not to have: its ends, a step from them, and the smallest fractions. */
export function extremesOf(dtype: Dtype): (number | bigint)[] {
  switch (dtype) {
    case "float64":
      return [0, -0, 0.1, 5e-324, 1.7976931348623157e308, -Infinity];
    case "float32":
      return [0, -0, Math.fround(0.1), 2 ** -149, 2 ** 127 * (2 - 2 ** -23), -Infinity];
    case "float16":
      return [0, -0, 0.5, 2 ** -24, 65504, -Infinity];
    case "bool":
      return [0, 1];
  }
  const isSigned = dtype.startsWith("int");
  const bits = BigInt(dtype.replace(/\D/g, ""));
  const most = 2n ** (isSigned ? bits - 1n : bits) - 1n;
  const least = isSigned ? -most - 1n : 0n;
  const ends = [least, least + 1n, 0n, 1n, most - 1n, most];
  return bits === 64n ? ends : ends.map(Number);
}

/**
 * What a field of a dtype makes of a value, by JavaScript's arrays: null where it is to be refused. Floats round, but
 * not bigints; integers are kept or refused.
 */
export function expectedValue(dtype: Dtype, given: number | bigint | boolean): number | bigint | null {
  const value = typeof given === "boolean" ? Number(given) : given;
  if (dtype === "bool") return value == 0 || value == 1 ? Number(value) : null;
  const array = arrayOver(dtype, new ArrayBuffer(8), 0, 1);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    if (typeof value === "number" && !Number.isSafeInteger(value)) return null;
    array[0] = BigInt(value);
    return array[0] === BigInt(value) ? array[0] : null;
  }
  array[0] = Number(value);
  const back = array[0];
  if (dtype.startsWith("float")) {
    return typeof value === "number" || (Number.isFinite(back) && BigInt(back) === value) ? back : null;
  }
  if (typeof value === "bigint") return BigInt(back) === value ? back : null;
  return back === value ? back : null;
}

/** The bytes of an array, so that -0 and NaNs are told apart. */
export function bytesOf(array: DtypeArray): number[] {
  return [...new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)];
}

/** A store with a field of each dtype, and one of lists of each. */
export function everyDtype(): StreamStore {
  const fields = dtypeNames.flatMap((dtype) => [[dtype, dtype], [`list of ${dtype}`, dtype]] as const);
  const store = new StreamStore(fields) as unknown as StreamStore;
  for (let step = 0; step < 6; step++) {
    const values = dtypeNames.flatMap((dtype) => {
      const numbers = extremesOf(dtype);
      return [[dtype, numbers[step % numbers.length]], [`list of ${dtype}`, numbers.slice(0, step)]];
    });
    store.append(step, Object.fromEntries(values));
  }
  return store;
}
