import type { BatchError, Source } from "../append/batch.ts";
import { allowedValues } from "../dtypes.ts";
import type { Field } from "../fields.ts";
import type { ShapeError } from "./table/sources.ts";
import { isSet } from "./table/bitmaps.ts";
import { numberAt } from "./value_types.ts";

/** Says which row, column and value a batch was refused for. */
export function inWords(
  action: string,
  error: BatchError,
  sources: readonly Source[],
  steps: BigInt64Array,
  { row, place }: { readonly row: number; readonly place: string },
  lastStep: bigint,
): RangeError {
  if (error.kind === "step") {
    const before = row > 0 ? steps[row - 1] : lastStep;
    return new RangeError(
      `Cannot ${action}: the step of ${place} must be > ${before}, the step before it, got ${steps[row]}`,
    );
  }
  const { name, dtype } = error.field!;
  if (error.kind === "null-in-list") {
    return new RangeError(
      `Cannot ${action}: the list of "${name}" at ${place} must hold numbers only, got a null inside it; nullInList: "nan" makes it NaN`,
    );
  }
  const source = sources.find(({ field }) => field === error.field)!;
  const { valueValidity: present } = source;
  const value = present === null || isSet(present, error.valueIndex)
    ? numberAt(source.values, source.dtype, error.valueIndex)
    : "NaN for a null inside a list";
  const isLarge = dtype === "float64" && typeof value === "bigint";
  const advice = isLarge ? `; declare the field as ${source.dtype}` : "";
  return new RangeError(
    `Cannot ${action}: "${name}" at ${place} must be ${allowedValues(dtype)}, got ${value}${advice}`,
  );
}

export function wrongShape(action: string, name: string, firstRow: number, error: ShapeError): RangeError {
  return new RangeError(
    `Cannot ${action}: "${name}" at row ${
      firstRow + error.row
    } must have the shape that its feature says, lists of ${error.expected}, got a list of ${error.found}`,
  );
}

export function noColumns(
  action: string,
  fields: readonly Field[],
  names: readonly string[],
  advice = "",
): RangeError {
  const fieldNames = fields.map(({ name }) => name).join(", ");
  return new RangeError(
    `Cannot ${action}: at least one column must be a field (${fieldNames}), got columns ${
      names.join(", ") || "(none)"
    }${advice}`,
  );
}

export function wrongColumn(action: string, name: string, type: string): TypeError {
  return new TypeError(
    `Cannot ${action}: the column of field "${name}" must be numbers or lists of them, got ${type}; drop it, or pass it as extra to toDataset`,
  );
}

export function wrongExtra(action: string, name: string, type: string): TypeError {
  return new TypeError(
    `Cannot ${action}: the column of extra "${name}" must be text or bytes, got ${type}; extra: { ${
      JSON.stringify(name)
    }: "json" } keeps it as JSON`,
  );
}

export function noJson(action: string, name: string, type: string): TypeError {
  return new TypeError(
    `Cannot ${action}: extra "${name}" must be of numbers, text, or lists or structs of them to be kept as JSON, got ${type}`,
  );
}

export function wrongStep(action: string, name: string, place: string, got: unknown): RangeError {
  return new RangeError(
    `Cannot ${action}: the step column "${name}" at ${place} must be an int64, got ${got}`,
  );
}

export function noKey(action: string, name: string, names: readonly string[]): RangeError {
  return new RangeError(
    `Cannot ${action}: sortBy must name columns (${names.join(", ")}), got ${JSON.stringify(name)}`,
  );
}

export function noOrder(action: string, name: string, type: string): TypeError {
  return new TypeError(
    `Cannot ${action}: the column "${name}" to sort by must be of numbers, strings or bytes, got ${type}`,
  );
}
