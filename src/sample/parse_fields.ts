/** Checks which fields a batch is to have, and how each comes. */
import { describe, type Field } from "../fields.ts";
import { optionNames } from "../options.ts";
import { isList, readNumbers } from "../typed_array.ts";
import type { Checks } from "./checks.ts";
import type { FieldOutput, ValueDtype } from "./options.ts";
import type { DenseField, Reach } from "./plan.ts";

export const valueDtypes = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "uint8",
  "uint16",
  "int32",
  "int64",
] as const;

const fieldKeys = optionNames<FieldOutput>({ width: true, dtype: true, offsets: true });

/** A row can be so far from its anchor. */
const offsetMax = 2 ** 29;

/** The fields of dense output. Where one has offsets, the others are taken of the anchor. */
export function parseDense(
  given: object,
  values: ValueDtype | null,
  fields: readonly Field[],
  check: Checks,
): DenseField[] {
  check.object("fields", given);
  const dense = Object.entries(given).map(([name, wanted]: [string, number | FieldOutput]) => {
    const field = check.field("fields", name, fields);
    if (typeof wanted !== "object" || wanted === null) {
      const width = check.count(`fields.${name}`, wanted);
      return { field, width, dtype: values ?? "float32", offsets: null };
    }
    const output = { ...wanted };
    check.names(output, fieldKeys, `fields.${name}.`);
    const width = check.count(`fields.${name}.width`, output.width);
    const dtype = check.choice(`fields.${name}.dtype`, output.dtype ?? values ?? "float32", valueDtypes);
    const offsets = output.offsets === undefined ? null : parseOffsets(name, output.offsets, check);
    return { field, width, dtype, offsets };
  });
  if (dense.length === 0) {
    throw new RangeError(`${check.action}: fields must name at least one field, got {}`);
  }
  if (dense.every(({ offsets }) => offsets === null)) return dense;
  return dense.map((field) => ({ ...field, offsets: field.offsets ?? Int32Array.of(0) }));
}

function parseOffsets(name: string, given: NonNullable<FieldOutput["offsets"]>, check: Checks): Int32Array {
  const what = `fields.${name}.offsets`;
  if (!isList(given)) {
    throw new TypeError(`${check.action}: ${what} must be a list of whole numbers, got ${describe(given)}`);
  }
  const refuse = (place: number, value: unknown) =>
    check.refuse(`${what}[${place}]`, `a whole number from -${offsetMax} to ${offsetMax}`, value);
  const numbers = readNumbers(`${check.action}: ${what}`, given as never, (value, place) => {
    throw refuse(place, value);
  });
  const wrong = numbers.findIndex((offset) => !Number.isInteger(offset) || Math.abs(offset) > offsetMax);
  if (wrong !== -1) throw refuse(wrong, numbers[wrong]);
  if (numbers.length === 0) throw check.refuse(what, "one number at least", given);
  return Int32Array.from(numbers);
}

/** How far all offsets together reach; null where there are none. */
export function reachOf(dense: readonly DenseField[]): Reach | null {
  if (dense[0].offsets === null) return null;
  const all = dense.flatMap(({ offsets }) => [...offsets!]);
  const [least, most] = all.reduce(([low, high], offset) => [Math.min(low, offset), Math.max(high, offset)], [
    0,
    0,
  ]);
  return { before: -least, after: most };
}
