/** The matrix: columns of every feature, with edge values and nulls, drawn from a seed. */
import type { Feature } from "../../mod.ts";
import type { Bits } from "../support/dataset.ts";
import { list, value } from "../support/saved.ts";
import { Random } from "../support/support.ts";
import { drawPlain, drawValue, edgesOf } from "./bits.ts";

/** A column and all of its values; strings are written as an extra column, as what they are. */
export interface CaseColumn {
  readonly name: string;
  readonly feature: Feature;
  readonly isExtra: boolean;
  readonly rows: readonly Bits[];
}

export interface Case {
  readonly name: string;
  readonly seed: number;
  readonly rowCount: number;
  readonly columns: readonly CaseColumn[];
}

const large = (feature: Feature): Feature => ({ feature, _type: "LargeList" });
const array = (dtype: string, ...shape: (number | null)[]): Feature => ({
  shape,
  dtype,
  _type: `Array${shape.length}D` as "Array2D",
});
const label: Feature = { names: ["left", "right", "none"], _type: "ClassLabel" };

const numbers = ["float64", "float32", "float16", "bool"].concat(
  [8, 16, 32, 64].flatMap((bits) => [`int${bits}`, `uint${bits}`]),
);
const times = ["s", "ms", "us", "ns"].flatMap((unit) => [`timestamp[${unit}]`, `duration[${unit}]`]);
const otherTimes = [
  "timestamp[us, tz=UTC]",
  "timestamp[ns, tz=Europe/Berlin]",
  "date32",
  "time32[s]",
  "time32[ms]",
  "time64[us]",
  "time64[ns]",
];
const shapes = {
  large_f32: large(value("float32")),
  large_i64: large(value("int64")),
  large_pairs: large(list(value("int64"), 2)),
  three_f32: list(value("float32"), 3),
  one_f64: list(value("float64"), 1),
  two_i64: list(value("int64"), 2),
  nine_bool: list(value("bool"), 9),
  four_f16: list(value("float16"), 4),
  triples: list(list(value("float32"), 3)),
  grid: list(list(value("int16"), 2), 2),
  deep: list(list(list(value("float64"), 2), 3)),
  labels: list(label),
  array2d: array("float32", 2, 3),
  array2d_open: array("int32", null, 2),
  array2d_bool: array("bool", 3, 3),
  array3d: array("float64", 2, 1, 2),
  array4d_open: array("uint8", null, 1, 2, 2),
  array5d: array("int64", 1, 2, 1, 2, 1),
};

/** Every feature that a store holds, by column name; `strings` is beside them as extra. */
export const everyFeature: Readonly<Record<string, Feature>> = Object.fromEntries([
  ...[...numbers, ...times, ...otherTimes].map((dtype) => [dtype.replace(/\W+/g, "_"), value(dtype)]),
  ["label", label],
  ...[...numbers, "timestamp[us]", "duration[ns]"].map((
    dtype,
  ) => [`list_${dtype.replace(/\W+/g, "_")}`, list(value(dtype))]),
  ...Object.entries(shapes),
]);

/** How many of 8 rows are null. */
type NullRate = 0 | 2 | 6 | 8;

interface Plan {
  readonly name: string;
  readonly rowCount: number;
  readonly nulls: NullRate;
  readonly features: Readonly<Record<string, Feature>>;
  readonly isPlain?: boolean;
}

/** All cases that have their values in JSON. The same seed draws the same cases. */
export function makeCases(seed: number): Case[] {
  const random = new Random(seed);
  const plans: Plan[] = [
    { name: "one row", rowCount: 1, nulls: 0, features: everyFeature },
    { name: "one row of nulls", rowCount: 1, nulls: 8, features: everyFeature },
    { name: "no null", rowCount: 40, nulls: 0, features: everyFeature },
    { name: "some nulls", rowCount: 67, nulls: 2, features: everyFeature },
    { name: "mostly nulls", rowCount: 300, nulls: 6, features: everyFeature },
    ...[0, 1, 2].map((i) => ({
      name: `random features ${i}`,
      rowCount: 1 + random.below(200),
      nulls: ([0, 2, 6] as const)[random.below(3)],
      features: Object.fromEntries(Array.from({ length: 12 }, (_, k) => [`c${k}`, drawFeature(random)])),
    })),
  ];
  return plans.map((plan) => makeCase(plan, seed, random));
}

/** For JSON and CSV: no NaN, no infinities, and floats that all readers agree on. */
export function makeTextCase(seed: number): Case {
  const features = Object.fromEntries(
    Object.entries(everyFeature).filter(([, feature]) =>
      !/timestamp|duration|date|time/.test(JSON.stringify(feature))
    ),
  );
  return makeCase({ name: "text", rowCount: 60, nulls: 2, features, isPlain: true }, seed, new Random(seed));
}

function makeCase(
  { name, rowCount, nulls, features, isPlain = false }: Plan,
  seed: number,
  random: Random,
): Case {
  const columns = Object.entries(features).map(([name, feature]): CaseColumn => ({
    name,
    feature,
    isExtra: false,
    rows: Array.from(
      { length: rowCount },
      (_, row) => random.below(8) < nulls ? null : drawRow(feature, random, isPlain, row),
    ),
  }));
  const words = ["", "a", "ü ✓ 🙂", 'b,"c"', "d\ne", "NaN", "null", "longer than what fits inline"];
  columns.push({
    name: "strings",
    feature: value("string"),
    isExtra: true,
    // The first is there, or there would be no telling that they are strings.
    rows: Array.from(
      { length: rowCount },
      (_, row) => row > 0 && random.below(8) < nulls ? null : words[(row + 1) % words.length],
    ),
  });
  return { name, seed, rowCount, columns };
}

function drawFeature(random: Random): Feature {
  const dtypes = [...numbers, ...times, ...otherTimes];
  const leaf = value(dtypes[random.below(dtypes.length)]);
  const length = () => 1 + random.below(5);
  switch (random.below(6)) {
    case 0:
      return leaf;
    case 1:
      return list(leaf);
    case 2:
      return list(leaf, length());
    case 3:
      return large(random.below(2) === 0 ? leaf : list(leaf, length()));
    case 4:
      return list(list(list(leaf, length()), length()), random.below(2) === 0 ? undefined : length());
    default: {
      const inner = Array.from({ length: 1 + random.below(4) }, length);
      // Datasets has no ArrayND of times.
      return array(numbers[random.below(numbers.length)], random.below(2) === 0 ? null : length(), ...inner);
    }
  }
}

/** Edges come in turn first, so that every one is there. */
function drawRow(feature: Feature, random: Random, isPlain: boolean, row: number): Bits {
  const { dtype, lengths } = describeFeature(feature);
  const edges = dtype === "label" ? ["0", "1", "2"] : edgesOf(dtype);
  let turn = row;
  const leaf = (): string => {
    if (isPlain) return dtype === "label" ? edges[random.below(3)] : drawPlain(dtype, random);
    const next = turn++ % (2 * edges.length);
    if (next < edges.length) return edges[next];
    return dtype === "label" ? edges[random.below(3)] : drawValue(dtype, random);
  };
  const draw = (depth: number): Bits => {
    if (depth === lengths.length) return leaf();
    return Array.from({ length: lengths[depth] ?? random.below(5) }, () => draw(depth + 1));
  };
  return draw(0);
}

/** The dtype of the numbers within, `label` for a ClassLabel, and the lengths of the lists from outside in. */
export function describeFeature(feature: Feature): { dtype: string; lengths: readonly (number | null)[] } {
  if (feature._type === "Value") return { dtype: feature.dtype, lengths: [] };
  if (feature._type === "ClassLabel") return { dtype: "label", lengths: [] };
  if ("shape" in feature) return { dtype: feature.dtype, lengths: feature.shape };
  if (!("feature" in feature)) return { dtype: feature._type, lengths: [] };
  const { dtype, lengths } = describeFeature(feature.feature);
  const length = "length" in feature ? feature.length ?? null : null;
  return { dtype, lengths: [length, ...lengths] };
}
