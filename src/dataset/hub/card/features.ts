import { isObject, type JsonObject } from "../../json_object.ts";

/**
 * Features as a README's front matter has them. HuggingFace's JSON names the type of each feature in `_type`; its YAML
 * has a list of columns with shorter forms, which people can write. Both ways are those of Python's `Features`.
 */

const listKeys = ["large_list", "list", "sequence"];

/** The YAML's list of columns. */
export function featuresToYaml(features: JsonObject): unknown[] {
  return Object.entries(features).map(([name, feature]) => ({ name, ...featureToYaml(feature) }));
}

function featureToYaml(feature: unknown): JsonObject {
  if (Array.isArray(feature)) return simplify({ list: featureToYaml(feature[0]) });
  const { _type, ...rest } = feature as JsonObject;
  if (typeof _type !== "string") return { struct: featuresToYaml(rest) };
  if (_type === "Value") return rest;
  if (_type === "List" || _type === "Sequence" || _type === "LargeList") {
    const { feature: inner, ...others } = rest;
    return simplify({ [_type === "LargeList" ? "large_list" : "list"]: featureToYaml(inner), ...others });
  }
  const kind = snakeCase(_type);
  if (Object.keys(rest).length === 0) return { dtype: kind };
  return { dtype: simplify({ [kind]: rest }) };
}

function simplify(feature: Record<string, unknown>): JsonObject {
  for (const key of listKeys) {
    const inner = feature[key];
    if (!isObject(inner)) continue;
    const keys = Object.keys(inner);
    if (keys.length === 1 && (keys[0] === "dtype" || keys[0] === "struct")) feature[key] = inner[keys[0]];
  }
  const label = feature.class_label;
  if (isObject(label) && Array.isArray(label.names)) {
    // The Hub wants an object, with keys that are strings.
    feature.class_label = {
      ...label,
      names: Object.fromEntries(label.names.map((name, i) => [String(i), name])),
    };
  }
  return feature;
}

/** Features of the YAML's list of columns; null where it is none that is understood. */
export function featuresFromYaml(columns: unknown): JsonObject | null {
  try {
    return columnsFromYaml(columns);
  } catch (error) {
    if (error instanceof Misfit) return null;
    throw error;
  }
}

class Misfit extends Error {}

function columnsFromYaml(columns: unknown): JsonObject {
  if (!Array.isArray(columns)) throw new Misfit();
  return Object.fromEntries(columns.map((column) => {
    if (!isObject(column) || column.name === undefined) throw new Misfit();
    const { name, ...feature } = column;
    return [String(name), featureFromYaml(feature)];
  }));
}

function featureFromYaml(feature: unknown): unknown {
  if (Array.isArray(feature)) return columnsFromYaml(feature);
  if (!isObject(feature)) throw new Misfit();
  const [kind] = Object.keys(feature);
  const { [kind]: inner, ...rest } = feature;
  if (listKeys.includes(kind)) {
    const of = featureFromYaml(typeof inner === "string" ? { dtype: inner } : inner);
    // Lists of a struct were once structs of lists.
    if (kind === "sequence" && Array.isArray(inner)) {
      return Object.fromEntries(
        Object.entries(of as JsonObject).map((
          [name, one],
        ) => [name, { feature: one, ...rest, _type: "List" }]),
      );
    }
    return { feature: of, ...rest, _type: kind === "large_list" ? "LargeList" : "List" };
  }
  if (kind === "struct") return columnsFromYaml(inner);
  if (kind === "dtype") {
    if (typeof inner !== "string") return featureFromYaml(inner);
    // What is no type of values is a feature's name: `image`, `audio`.
    return isValueType(inner) ? { ...feature, _type: "Value" } : { _type: camelCase(inner) };
  }
  if (kind === undefined || !isObject(inner)) throw new Misfit();
  return { ...withNameList(inner), _type: camelCase(kind) };
}

function withNameList(label: JsonObject): JsonObject {
  const { names } = label;
  if (!isObject(names)) return label;
  const numbers = Object.keys(names).map(Number).sort((a, b) => a - b);
  if (!numbers.every((number, i) => number === i)) throw new Misfit();
  return { ...label, names: numbers.map((number) => names[number]) };
}

const valueTypes =
  /^(null|bool|u?int(8|16|32|64)|float(16|32|64)?|double|(large_)?(string|binary)(_view)?|(date|time)(32|64)(\[.*\])?|timestamp\[.*\]|duration\[.*\]|decimal(128|256)\(.*\))$/;

function isValueType(dtype: string): boolean {
  return valueTypes.test(dtype);
}

/** `ClassLabel` to `class_label`, `Array2D` to `array2_d`, which is how Python has it. */
function snakeCase(name: string): string {
  return name.replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2").replace(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase();
}

function camelCase(name: string): string {
  return name.split("_").filter((part) => part !== "")
    .map((part) => part[0].toUpperCase() + part.slice(1).toLowerCase()).join("");
}
