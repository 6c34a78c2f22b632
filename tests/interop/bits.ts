/** Values by their bits: which ones are worth a test, and what a store's cell has of them. */
import type { Random } from "../support/support.ts";

/** How many bits of a float are exponent and mantissa. */
const floats: Readonly<Record<string, readonly [number, number]>> = {
  float16: [5, 10],
  float32: [8, 23],
  float64: [11, 52],
};

const [day, hour] = [86_400, 3600];

/** The range of what is no float, lowest and highest included. Times of day end with the day. */
function rangeOf(dtype: string): readonly [bigint, bigint] {
  const integer = /^(u?)int(\d+)$/.exec(dtype);
  if (integer !== null) {
    const bits = BigInt(integer[2]);
    return integer[1] ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  }
  const unit = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }[/\[(\w+)/.exec(dtype)?.[1] ?? "s"]!;
  if (dtype === "bool") return [0n, 1n];
  if (dtype.startsWith("time32") || dtype.startsWith("time64")) return [0n, BigInt(day * unit) - 1n];
  if (dtype === "date32") return [-100_000n, 100_000n];
  // Wider ones overflow in who keeps seconds and milliseconds as something finer.
  if (dtype.startsWith("timestamp[s")) return [-(2n ** 43n), 2n ** 43n];
  if (dtype.startsWith("timestamp[ms")) return [-(2n ** 53n) - 1n, 2n ** 53n + 1n];
  if (dtype.startsWith("timestamp")) return [-(2n ** 62n), 2n ** 62n + 1n];
  return dtype.startsWith("duration[s") || dtype.startsWith("duration[ms")
    ? [-(2n ** 43n), BigInt(hour) * 2n ** 31n + 1n]
    : [-(2n ** 63n) + 1n, 2n ** 63n - 1n];
}

/** The edges of a dtype, in the notation of dataset_support.ts. */
export function edgesOf(dtype: string): string[] {
  if (dtype in floats) return floatEdges(dtype);
  const [low, high] = rangeOf(dtype);
  const near = [0n, 1n, -1n, low, high, low + 1n, high - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n];
  return [...new Set(near.filter((value) => low <= value && value <= high))].map(String);
}

function floatEdges(dtype: string): string[] {
  const [exponentBits, mantissaBits] = floats[dtype].map(BigInt);
  const infinity = (2n ** exponentBits - 1n) << mantissaBits;
  const sign = 1n << (exponentBits + mantissaBits);
  const quiet = 1n << (mantissaBits - 1n);
  const one = (2n ** (exponentBits - 1n) - 1n) << mantissaBits;
  const positive = [
    0n,
    1n, // The smallest subnormal,
    (1n << mantissaBits) - 1n, // the largest,
    1n << mantissaBits, // the smallest normal one,
    one,
    one + 1n,
    infinity - 1n, // and the largest.
    infinity,
    infinity | quiet,
    infinity | quiet | 0x123n,
    infinity | 1n, // A NaN that signals.
    infinity | (quiet - 1n),
  ];
  return [...positive, ...positive.map((bits) => bits | sign)].map((bits) => toHex(bits, dtype));
}

/** An edge, or any bits. */
export function drawValue(dtype: string, random: Random): string {
  const edges = edgesOf(dtype);
  if (random.below(2) === 0) return edges[random.below(edges.length)];
  const bits = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
  if (dtype in floats) return toHex(BigInt.asUintN(widthOf(dtype), bits), dtype);
  const [low, high] = rangeOf(dtype);
  return String(low + bits % (high - low + 1n));
}

/** A number that every text format holds, and that all readers of text take for the same one. */
export function drawPlain(dtype: string, random: Random): string {
  if (!(dtype in floats)) {
    const [low, high] = rangeOf(dtype);
    const value = BigInt(random.below(1000)) - 500n;
    return String(value < low || value > high ? low + (value + 500n) % (high - low + 1n) : value);
  }
  const eighths = random.below(2001) - 1000;
  const bits = new BigUint64Array(Float64Array.of(eighths / 8 + 0.0).buffer)[0];
  return toHex(narrow(bits, dtype), dtype);
}

/** The bits in a store: of the float64 that a float, bool or small integer is, or the integer's own. */
export function cellOf(text: string, dtype: string, fieldDtype: string): bigint {
  if (fieldDtype !== "float64") return BigInt.asIntN(64, BigInt(text));
  if (dtype in floats) return BigInt.asIntN(64, widen(BigInt(`0x${text}`), dtype));
  return new BigInt64Array(Float64Array.of(Number(text)).buffer)[0];
}

function widthOf(dtype: string): number {
  const [exponentBits, mantissaBits] = floats[dtype];
  return 1 + exponentBits + mantissaBits;
}

function toHex(bits: bigint, dtype: string): string {
  return bits.toString(16).padStart(widthOf(dtype) / 4, "0");
}

/** A float as float64, by its bits: arithmetic would make a NaN quiet. */
function widen(bits: bigint, dtype: string): bigint {
  const [exponentBits, mantissaBits] = floats[dtype];
  const width = BigInt(mantissaBits);
  const mantissa = bits & (2n ** width - 1n);
  const exponent = Number(bits >> width) & (2 ** exponentBits - 1);
  const sign = (bits >> BigInt(exponentBits + mantissaBits)) << 63n;
  const [exponentMax, bias] = [2 ** exponentBits - 1, 2 ** (exponentBits - 1) - 1];
  const shifted = mantissa << BigInt(52 - mantissaBits);
  if (exponent === exponentMax) return sign | 0x7ffn << 52n | shifted;
  if (exponent > 0) return sign | BigInt(exponent - bias + 1023) << 52n | shifted;
  // float64 holds those of the smaller formats as normal ones.
  if (dtype === "float64") return bits;
  const value = Number(mantissa) * 2 ** (1 - bias - mantissaBits);
  return sign | new BigUint64Array(Float64Array.of(value).buffer)[0];
}

/** The other way, of numbers that fit exactly and are normal or zero. */
function narrow(bits: bigint, dtype: string): bigint {
  const [exponentBits, mantissaBits] = floats[dtype];
  const sign = (bits >> 63n) << BigInt(exponentBits + mantissaBits);
  const exponent = (bits >> 52n) & 0x7ffn;
  if (exponent === 0n) return sign;
  const rebased = exponent - 1023n + BigInt(2 ** (exponentBits - 1) - 1);
  const mantissa = (bits & (2n ** 52n - 1n)) >> BigInt(52 - mantissaBits);
  return sign | rebased << BigInt(mantissaBits) | mantissa;
}
