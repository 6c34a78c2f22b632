/** Fields named like what every object inherits, a model of rows of them, and how a store is compared with it. */
import assert from "node:assert/strict";
import { type FieldEntry, StreamStore } from "../../mod.ts";

/** `__proto__` is not among them in every runtime, and functions have `prototype`. */
export const names: readonly string[] = [
  ...new Set([...Object.getOwnPropertyNames(Object.prototype), "__proto__", "prototype", "length"]),
];
export const fields: readonly FieldEntry[] = names.map((name, type): FieldEntry => [name, type]);

/** An object with own properties of these names. */
export const objectOf = <Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> =>
  Object.fromEntries(entries);

/** A row holds just these: what it has itself, and nothing for the other names. */
export function assertRow(row: object, expected: ReadonlyMap<string, unknown>, known = names): void {
  const found = Reflect.ownKeys(row).filter((key) => key !== "step");
  assert.deepEqual(new Set(found), new Set(expected.keys()));
  for (const name of known) assert.deepEqual(Reflect.get(row, name), expected.get(name), name);
}

export type Model = ReadonlyMap<string, number>[];

/** No field, each field alone, all fields but one, all fields. */
export const rows: Model = [
  new Map<string, number>(),
  ...names.map((name, i) => new Map([[name, i + 1]])),
  ...names.map((left) => new Map(names.filter((name) => name !== left).map((name, i) => [name, i + 0.5]))),
  new Map(names.map((name, i) => [name, -i])),
];

export function fill(store: StreamStore<typeof fields>, model: Model = rows): void {
  for (const [step, row] of model.entries()) store.append(step, objectOf(row));
}

export function assertRows(store: StreamStore<typeof fields>, model: Model = rows): void {
  assert.equal(store.rowCount, model.length);
  for (const [i, row] of store.rows().entries()) assertRow(row, model[i]);
}
