/**
 * A property that an object has itself. Names that users choose are looked up by this: every object inherits
 * `constructor`, `toString` and others, which nobody has put there.
 */
export function ownValue<Value>(
  object: { readonly [name: string]: Value } | undefined,
  name: string,
): Value | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}
