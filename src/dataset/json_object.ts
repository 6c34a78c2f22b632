/** An object of JSON or YAML. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value of JSON or YAML is an object, which neither null nor a list is. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
