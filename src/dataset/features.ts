import { describe } from "../fields.ts";
import { allowedValueTypes, isNullType, parseValueType, type ValueType } from "./value_types.ts";

/**
 * A column of one value a row; `dtype` as HuggingFace names it: `float32`, `int64`, `bool`, `timestamp[us]`; of an extra
 * `string`, `binary` and their `large_` forms. A kind of {@linkcode Feature}.
 */
export interface ValueFeature {
  /** The type of each value. */
  readonly dtype: string;
  /** The kind of feature. */
  readonly _type: "Value";
}

/** A column of int64 that number `names`. A kind of {@linkcode Feature}. */
export interface ClassLabelFeature {
  /** What the numbers 0, 1, … stand for. */
  readonly names: readonly string[];
  /** The kind of feature. */
  readonly _type: "ClassLabel";
}

/**
 * A column of lists, all of `length` where it is given. `Sequence` is the older name of `List`. A kind of
 * {@linkcode Feature}.
 */
export interface ListFeature {
  /** What the entries are. */
  readonly feature: Feature;
  /** Values in each list; -1 or nothing where they vary. */
  readonly length?: number;
  /** The kind of feature. */
  readonly _type: "List" | "Sequence";
}

/**
 * A column of lists with 64-bit offsets: for more than 2 ** 31 values in one piece of a column. A kind of
 * {@linkcode Feature}.
 */
export interface LargeListFeature {
  /** What the entries are. */
  readonly feature: Feature;
  /** The kind of feature. */
  readonly _type: "LargeList";
}

/**
 * A column of arrays of one shape; its first dimension may vary, and is null then. A row has the values in C order:
 * the last dimension fastest. A kind of {@linkcode Feature}.
 */
export interface ArrayFeature {
  /** The length of each dimension, 2 to 5 of them, for instance `[null, 3]`. */
  readonly shape: readonly (number | null)[];
  /** The type of each number. */
  readonly dtype: string;
  /** The kind of feature, with the number of dimensions. */
  readonly _type: "Array2D" | "Array3D" | "Array4D" | "Array5D";
}

/**
 * A column of encoded pictures, sounds or films: what HuggingFace reads as such. Only an extra of bytes can have it. A kind
 * of {@linkcode Feature}.
 */
export interface MediaFeature {
  /** The kind of feature. */
  readonly _type: "Image" | "Audio" | "Video";
  /** Whether Python decodes them where it reads them; it does by default. */
  readonly decode?: boolean;
  /** Of an Image: as what it is decoded, for instance `RGB`. */
  readonly mode?: string | null;
  /** Of an Audio: as what it is decoded, in Hz. */
  readonly sampling_rate?: number | null;
}

/** What HuggingFace datasets knows of a column, as its JSON has it. Part of {@linkcode ToDatasetOptions}. */
export type Feature =
  | ValueFeature
  | ClassLabelFeature
  | ListFeature
  | LargeListFeature
  | ArrayFeature
  | MediaFeature;

/** Features by column name. Part of {@linkcode ToDatasetOptions}. */
export type Features = Readonly<Record<string, Feature>>;

/** One level of nesting: lists of any length, with 32-bit or 64-bit offsets, or lists of so many entries. */
export type Level = "list" | "large_list" | number;

/** How a column is laid out: what a feature says, without what only people need. */
export interface Layout {
  readonly value: ValueType;
  /** From the outermost level to the innermost. Only the outermost may vary in length. */
  readonly levels: readonly Level[];
  /** Whether it is an ArrayND, which Arrow holds as an extension type over lists of lists. */
  readonly isArray: boolean;
}

/** The fixed number of values that one entry of the outermost level has. */
export function innerCount(layout: Layout): number {
  return layout.levels.slice(1).reduce<number>((count, level) => count * (level as number), 1);
}

/** Reads a feature; the error names the column and what is allowed. */
export function parseFeature(column: string, feature: unknown, action: string): Layout {
  const refuse = (what: string, got: unknown): never => {
    throw new TypeError(
      `Cannot ${action}: the feature of "${column}" must be ${what}, got ${describeFeature(got)}`,
    );
  };
  const levels: Level[] = [];
  let inner: unknown = feature;
  while (true) {
    // A list of one feature is how features were once written in Python.
    if (Array.isArray(inner) && inner.length === 1) inner = { feature: inner[0], _type: "List" };
    if (typeof inner !== "object" || inner === null) return refuse("an object with _type", inner);
    const given = inner as Record<string, unknown>;
    const kind = given._type;
    if (kind === "Value" || kind === "ClassLabel") {
      const value = parseValueType(kind === "ClassLabel" ? "int64" : given.dtype);
      return value === null
        ? refuse(`of dtype ${allowedValueTypes}`, given.dtype)
        : { value, levels: checkLevels(levels, refuse, feature), isArray: false };
    }
    if (kind === "List" || kind === "Sequence" || kind === "LargeList") {
      levels.push(parseLevel(kind, given.length, refuse));
      inner = given.feature;
    } else if (levels.length === 0 && typeof kind === "string" && /^Array[2-5]D$/.test(kind)) {
      return parseArray(Number(kind[5]), given, refuse);
    } else {
      return refuse("Value, ClassLabel, List, LargeList, Sequence or Array2D to Array5D", kind ?? inner);
    }
  }
}

type Refuse = (what: string, got: unknown) => never;

function parseLevel(kind: string, length: unknown, refuse: Refuse): Level {
  if (kind === "LargeList") return "large_list";
  if (length === undefined || length === null || length === -1) return "list";
  return isLength(length) ? length : refuse("a List whose length is an integer above 0, or -1", length);
}

function checkLevels(levels: readonly Level[], refuse: Refuse, feature: unknown): readonly Level[] {
  if (levels.slice(1).every((level) => typeof level === "number")) return levels;
  return refuse("a list of numbers, of lists with a length, or Array2D to Array5D", feature);
}

function parseArray(dimensions: number, given: Record<string, unknown>, refuse: Refuse): Layout {
  const value = parseValueType(given.dtype);
  if (value === null || isNullType(value)) return refuse(`of dtype ${allowedValueTypes}`, given.dtype);
  const shape: unknown = given.shape;
  const isShape = Array.isArray(shape) && shape.length === dimensions &&
    shape.every((length, i) => isLength(length) || (i === 0 && length === null));
  if (!isShape) return refuse(`an array of ${dimensions} lengths above 0, the first one or null`, shape);
  return { value, levels: shape.map((length) => length ?? "list"), isArray: true };
}

function isLength(length: unknown): length is number {
  return typeof length === "number" && Number.isSafeInteger(length) && length > 0;
}

function describeFeature(feature: unknown): string {
  if (typeof feature !== "object" || feature === null) return describe(feature);
  const text = JSON.stringify(feature) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The feature of a layout that nobody has named. */
export function featureOf(layout: Layout): Feature {
  const { value, levels, isArray } = layout;
  if (isArray) {
    const shape = levels.map((level) => typeof level === "number" ? level : null);
    return { shape, dtype: value.name, _type: `Array${levels.length}D` as ArrayFeature["_type"] };
  }
  return listFeature(levels, { dtype: value.name, _type: "Value" });
}

/** Lists around a feature. */
export function listFeature(levels: readonly Level[], entry: Feature): Feature {
  return levels.reduceRight<Feature>(
    (feature, level) =>
      level === "large_list"
        ? { feature, _type: "LargeList" }
        : level === "list"
        ? { feature, _type: "List" }
        : { feature, length: level, _type: "List" },
    entry,
  );
}

/** The key of Arrow schema metadata under which HuggingFace keeps features. */
export const metadataKey = "huggingface";

/** Features as that metadata has them. */
export function metadataOf(features: ReadonlyMap<string, Feature>): string {
  return `{"info":{"features":${featuresToJson(features)}}}`;
}

/** Features as JSON, in their order: an object would put names that are whole numbers first. */
export function featuresToJson(features: ReadonlyMap<string, Feature>): string {
  return `{${
    Array.from(features, ([name, feature]) => `${JSON.stringify(name)}:${JSON.stringify(feature)}`).join()
  }}`;
}

/** Features out of that metadata, unchecked; none where the text is not what HuggingFace writes. */
export function featuresFromJson(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const features = JSON.parse(text ?? "null")?.info?.features;
    return typeof features === "object" && features !== null ? features : {};
  } catch {
    return {};
  }
}
