import type { Dtype } from "../../dtypes.ts";
import type { FieldEntry } from "../../fields.ts";
import { arePaths, commonDtype, type FoundColumn, pathsAlone } from "../columns.ts";
import { type ExtraForm, kindOfForm } from "../extras/wanted.ts";
import { parseFeature } from "../features.ts";
import type { LoadedFeature } from "../known_features.ts";
import { numberTypes } from "../value_types.ts";
import { chooseExtras, extraForms, reasonOf } from "./choose_extras.ts";
import type { Info } from "./info.ts";
import { loading } from "./refusals.ts";
import type { LeftOutFeature, LeRobotFeature, LoadLeRobotOptions } from "./types.ts";

/** The widest first. */
const floatTypes = ["float64", "float32", "float16"];

/** Which features become fields of the store, and which extras. */
export interface Choice {
  readonly fields: readonly FieldEntry[];
  /** Each with what it is kept as. */
  readonly extras: ReadonlyMap<string, ExtraForm>;
  readonly leftOut: readonly LeftOutFeature[];
}

/** @param found The columns of the first data file. */
export function chooseFeatures(
  info: Info,
  { columns, extra }: Pick<LoadLeRobotOptions, "columns" | "extra">,
  found: readonly FoundColumn[],
): Choice {
  const forms = extraForms(info, found);
  const reasons = new Map(
    Array.from(info.features, ([name, feature]) => [name, reasonAgainst(name, feature, forms.get(name))]),
  );
  checkColumns(columns, reasons);
  const extras = chooseExtras(info, extra, forms);
  const leftOut: LeftOutFeature[] = [];
  const fields: FieldEntry[] = [];
  for (const [name, against] of reasons) {
    const reason = against ?? (columns?.includes(name) === false ? "it is not among columns" : null);
    if (extras.has(name)) {
      const column = found.find((column) => column.name === name);
      const isLeft = extras.get(name) === "string" && column !== undefined && arePaths(column);
      if (isLeft) leftOut.push({ name, reason: pathsAlone });
      continue;
    }
    if (reason !== null) leftOut.push({ name, reason });
    else fields.push([name, fieldDtype(info.features.get(name)!.dtype, name, found)]);
  }
  if (fields.length > 0) return { fields, extras, leftOut };
  throw new RangeError(
    `Cannot ${loading}: ${info.path} must have a feature of numbers, got ${listed(reasons)}`,
  );
}

/** Why a feature cannot be a field; null where it can. */
function reasonAgainst(name: string, feature: LeRobotFeature, form: ExtraForm | undefined): string | null {
  const { dtype, shape } = feature;
  if (!numberTypes.includes(dtype)) return reasonOf(feature, form);
  if (name === "step") return 'no field of a store can be named "step"';
  if (shape.length > 5 || shape.some((length) => !(length > 0))) {
    return `it has the shape [${shape.join(", ")}]`;
  }
  return null;
}

/**
 * Some writers say float32 and write float64: such a field holds both. An integer that is none of what is said is refused
 * by its value, whatever it is written as.
 */
function fieldDtype(said: string, name: string, found: readonly FoundColumn[]): Dtype {
  const written = found.find((column) => column.name === name)?.dtypes ?? [];
  const isWidened = said.startsWith("float") && typeof written !== "string";
  return commonDtype([said as Dtype, ...(isWidened ? written : [])]);
}

function checkColumns(
  columns: readonly string[] | undefined,
  reasons: ReadonlyMap<string, string | null>,
): void {
  if (columns === undefined) return;
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new TypeError(`Cannot ${loading}: columns must be a list with at least one feature`);
  }
  for (const name of columns) {
    const reason = reasons.get(name);
    if (reason === null) continue;
    const why = reason === undefined ? "" : `: ${reason}`;
    throw new TypeError(
      `Cannot ${loading}: columns must be features of numbers (${listed(reasons)}), got ${
        JSON.stringify(name)
      }${why}`,
    );
  }
}

function listed(reasons: ReadonlyMap<string, string | null>): string {
  const names = [...reasons].filter(([, reason]) => reason === null).map(([name]) => name);
  return names.join(", ") || "none";
}

/**
 * The features of the fields and extras as `saveLeRobot` takes them. Some writers say float32 and write float64: then it is
 * what was written that goes out again.
 */
export function loadedFeatures(
  info: Info,
  { fields, extras }: Choice,
  loaded: readonly LoadedFeature[],
): Record<string, LeRobotFeature> {
  const numbers = fields.map(([name]) => [name, loadedNumbers(info.features.get(name)!, name, loaded)]);
  const others = [...extras].flatMap(([name, form]) => {
    const said = info.features.get(name);
    if (said === undefined) return [];
    // Of an image that is kept as text there are paths.
    const isText = kindOfForm(form) === "string" && said.dtype !== "string";
    return [[name, isText ? { ...said, dtype: "string", shape: [1], names: null } : said]];
  });
  return Object.fromEntries([...numbers, ...others]);
}

function loadedNumbers(
  said: LeRobotFeature,
  name: string,
  loaded: readonly LoadedFeature[],
): LeRobotFeature {
  const written = loaded.flatMap(({ name: column, feature }) =>
    column === name && feature !== null ? [parseFeature(name, feature, loading).value.name] : []
  );
  const isFloat = said.dtype.startsWith("float") && written.every((dtype) => dtype.startsWith("float"));
  const widest = floatTypes.find((dtype) => written.includes(dtype));
  return isFloat && widest !== undefined ? { ...said, dtype: widest } : said;
}
