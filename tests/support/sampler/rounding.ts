/** Correct rounding to narrower floats: nearest, of two that are as near the even one. All arithmetic here is exact. */

export type ValueDtype = "float64" | "float32" | "float16" | "bfloat16";

/** Bits of the significand, and the least and the largest exponent of a normal number. */
const formats: Readonly<Record<ValueDtype, { precision: number; least: number; largest: number }>> = {
  float64: { precision: 53, least: -1022, largest: 1023 },
  float32: { precision: 24, least: -126, largest: 127 },
  float16: { precision: 11, least: -14, largest: 15 },
  bfloat16: { precision: 8, least: -126, largest: 127 },
};

/** A number or an integer as the nearest one that the dtype has. */
export function roundTo(value: number | bigint, dtype: ValueDtype): number {
  return typeof value === "bigint" ? roundInteger(value, dtype) : roundFloat(value, dtype);
}

/** The value that a bfloat16 has: its bits are the upper half of a float32's. */
export function fromBfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
}

function roundFloat(value: number, dtype: ValueDtype): number {
  if (dtype === "float64" || value === 0 || !Number.isFinite(value)) return value;
  const { precision, least, largest } = formats[dtype];
  const unit = 2 ** (Math.max(exponentOf(value), least) - precision + 1);
  // Both are exact: the unit is a power of two, and the quotient is below 2 ** 24.
  const rounded = roundToEven(Math.abs(value) / unit) * unit;
  return (value < 0 ? -1 : 1) * (rounded >= 2 ** (largest + 1) ? Infinity : rounded);
}

function roundInteger(value: bigint, dtype: ValueDtype): number {
  const { precision, largest } = formats[dtype];
  const magnitude = value < 0n ? -value : value;
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - precision));
  const kept = magnitude >> shift;
  const twice = 2n * (magnitude - (kept << shift));
  const half = 1n << shift;
  const isUp = shift > 0n && (twice > half || (twice === half && kept % 2n === 1n));
  const rounded = Number(kept + (isUp ? 1n : 0n)) * 2 ** Number(shift);
  return (value < 0n ? -1 : 1) * (rounded >= 2 ** largest * 2 ? Infinity : rounded);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The largest power of two that is not above a number, as its exponent; the least of all for subnormals. */
function exponentOf(value: number): number {
  scratch.setFloat64(0, value);
  return Math.max(-1022, ((scratch.getUint32(0) >>> 20) & 0x7ff) - 1023);
}
