/** The names of series: a field, `reward`, or an element of its lists, `observation[2]`. */
import { describe, type Field, packCells } from "../../fields.ts";
import { viewSeries } from "../../native/abi.ts";

/** An element of the lists of a field. One that has a value a row has element 0 alone. */
export interface SeriesElement {
  readonly name: string;
  readonly field: Field;
  readonly element: number;
}

/** A row has no more values of a field. */
const elementMax = 2 ** 31 - 1;

/** A name that is a field's own stands for the field, whatever is in it. */
export function parseSeries(name: string, fields: readonly Field[]): SeriesElement {
  const own = fields.find((field) => field.name === name);
  if (own !== undefined) return { name, field: own, element: 0 };
  const [, listed, digits] = /^(.*)\[(0|[1-9]\d{0,9})\]$/s.exec(name) ?? [];
  const field = fields.find((candidate) => candidate.name === listed);
  if (field !== undefined && Number(digits) <= elementMax) return { name, field, element: Number(digits) };
  const known = fields.map((candidate) => candidate.name).join(", ");
  throw new TypeError(
    `Cannot read a series: its name must be a field's, among ${known}, or that of an element of its lists, as ${
      fields[0].name
    }[0], got ${describe(name)}`,
  );
}

/** Series as the native library takes them. */
export function packSeries(series: readonly SeriesElement[]): Int32Array {
  const packed = new Int32Array(viewSeries.length * series.length);
  for (const [i, { field, element }] of series.entries()) {
    packed.set(packCells([field]), viewSeries.length * i + viewSeries.field);
    packed[viewSeries.length * i + viewSeries.element] = element;
  }
  return packed;
}

/** Whether a float32 holds every value. */
export function isNarrow({ field }: SeriesElement): boolean {
  return !["float64", "int64", "uint64", "int32", "uint32"].includes(field.dtype);
}
