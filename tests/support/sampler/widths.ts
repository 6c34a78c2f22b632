/** Which dtypes the model's fields have: stores whose values are of every width, of one dtype and mixed, and of one field. */
import type { Dtype } from "../../../mod.ts";
import type { Random } from "../support.ts";
import { roundTo } from "./rounding.ts";

/** In field order. The last three tell episodes apart. */
export const names = [
  "observation",
  "action",
  "code",
  "reward",
  "episode",
  "terminated",
  "truncated",
] as const;
export type Name = typeof names[number];

/** The fields of a store: any of the names, in their order. */
export type Dtypes = { readonly [Key in Name]?: Dtype };

const typeIds: Readonly<Record<Name, number>> = {
  observation: 5,
  action: 1,
  code: -7,
  reward: 2,
  episode: 9,
  terminated: 3,
  truncated: 4,
};

export function typeOf(name: Name): number {
  return typeIds[name];
}

/** All of one dtype. */
function all(dtype: Dtype): Dtypes {
  return Object.fromEntries(names.map((name) => [name, dtype]));
}

function each(...dtypes: readonly Dtype[]): Dtypes {
  return Object.fromEntries(names.map((name, i) => [name, dtypes[i]]));
}

/** As wide as a float64, and with integers that it does not hold. */
export const wide = each("float64", "int64", "uint64", "float64", "int64", "float64", "uint64");

/** Among them fields that the widest does not hold: int32 beside float32, uint16 beside float16 or int16. */
export const widths: Readonly<Record<string, Dtypes>> = {
  "8 bytes, integers": each("int64", "uint32", "uint64", "int8", "uint8", "bool", "int16"),
  "4 bytes, with floats": each("float32", "int32", "uint32", "float16", "int16", "bool", "float32"),
  "4 bytes, integers": each("int32", "uint8", "uint32", "int16", "uint32", "bool", "int8"),
  "2 bytes, with floats": each("float16", "int16", "uint16", "float16", "int8", "float16", "bool"),
  "2 bytes, integers": each("int16", "uint16", "uint8", "int8", "uint16", "bool", "int16"),
  "1 byte": each("int8", "uint8", "bool", "uint8", "int8", "bool", "uint8"),
  "float32 only": all("float32"),
  "float16 only": all("float16"),
  "uint16 only": all("uint16"),
  "uint8 only": all("uint8"),
  "one field of float32": { observation: "float32" },
  "one field of uint16": { observation: "uint16" },
  "one field of int8": { observation: "int8" },
};

/** How the fields of a store are declared. */
export function declare(dtypes: Dtypes): [Name, { readonly type: number; readonly dtype: Dtype }][] {
  return names.filter((name) => name in dtypes).map((
    name,
  ) => [name, { type: typeOf(name), dtype: dtypes[name]! }]);
}

const isFloat = (dtype: Dtype): boolean => dtype.startsWith("float");
const isWide = (dtype: Dtype): boolean => dtype.endsWith("int64");
const bitsOf = (dtype: Dtype): number => dtype === "bool" ? 1 : Number(dtype.replace(/\D/g, ""));

/** A value of a dtype: the nearest of floats, or the lowest bits of an integer. */
export function fit(dtype: Dtype, value: number | bigint): number | bigint {
  if (isFloat(dtype)) return roundTo(Number(value), dtype as "float32");
  const integer = typeof value === "bigint" ? value : BigInt(Number.isFinite(value) ? Math.trunc(value) : 0);
  const fitted = dtype.startsWith("int")
    ? BigInt.asIntN(bitsOf(dtype), integer)
    : BigInt.asUintN(bitsOf(dtype), integer);
  return isWide(dtype) ? fitted : Number(fitted);
}

/** Numbers at which roundings and truths differ. */
const specials = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  65504,
  65520,
  2 ** -24,
  2 ** -25,
  5e-324,
  -1e300,
  1 + 2 ** -11,
];

/** Floats of every size, or integers of every length. */
export function drawValue(random: Random, dtype: Dtype): number | bigint {
  if (!isFloat(dtype)) {
    const bits = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
    return fit(dtype, bits >> BigInt(random.below(64)));
  }
  if (random.below(6) === 0) return fit(dtype, specials[random.below(specials.length)]);
  return fit(dtype, (random.float() - 0.5) * 2 ** (random.below(60) - 30));
}

/** A value that says yes: any but 0 and NaN, as small as they come. */
export function drawTruth(random: Random, dtype: Dtype): number | bigint {
  if (!isFloat(dtype)) return fit(dtype, 1n << BigInt(random.below(bitsOf(dtype))));
  const least = { 64: 5e-324, 32: 2 ** -149, 16: 2 ** -24 }[bitsOf(dtype)]!;
  return [1, -2, least, Infinity][random.below(4)];
}

export function drawLie(random: Random, dtype: Dtype): number | bigint {
  return isFloat(dtype) ? [0, 0, -0, NaN][random.below(4)] : fit(dtype, 0n);
}
