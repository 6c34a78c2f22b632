/** Whether a value of JSON or YAML is an object, which neither null nor a list is. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
