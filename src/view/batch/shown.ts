/** A batch as the page shows it: values, what is there of them, and where each place lies in the stream. */
import type { AnyBatch, BatchValues, OffsetValues } from "../../sample/batch.ts";
import type { PrefetchOptions } from "../../sample/options.ts";
import type { StreamStore } from "../../store.ts";
import type { BatchField, BatchWindow, Shown } from "../protocol.ts";
import { shownNumber } from "../table_values.ts";
import { type Places, placesOf, rowsAround } from "./places.ts";

type Options = Partial<PrefetchOptions>;

export function fieldsOf(store: StreamStore, batch: AnyBatch, options: Options): BatchField[] {
  const places = placesOf(store, batch, options);
  return batch.fields === undefined
    ? [tokensOf(store, batch, places, options)]
    : Object.entries(batch.fields).map(([name, field]) => {
      const { width, values, mask, offsets, offsetMask } = field as OffsetValues;
      const rowCount = values.length / batch.size / width;
      const around = offsets === undefined
        ? { ...places, present: batch.mask }
        : { ...rowsAround(store, places, offsets, offsetMask, options), present: offsetMask };
      return {
        name,
        dtype: dtypeOf(values, fieldDtype(options, name)),
        shape: [batch.size, rowCount, width],
        values: shownValues(values, fieldDtype(options, name) === "bfloat16"),
        mask: Array.from(mask),
        present: Array.from(around.present),
        rows: around.rows,
        steps: around.steps,
        offsets: offsets === undefined ? null : [...offsets],
        types: null,
      };
    });
}

/** Where each window lies: from the first to the last of the rows that it holds. */
export function windowsOf(fields: readonly BatchField[], size: number): BatchWindow[] {
  return Array.from({ length: size }, (_, window) => {
    let [firstRow, endRow] = [Infinity, 0];
    for (const { rows } of fields) {
      const perWindow = rows.length / size;
      for (const row of rows.slice(window * perWindow, (window + 1) * perWindow)) {
        if (row === null) continue;
        [firstRow, endRow] = [Math.min(firstRow, row), Math.max(endRow, row + 1)];
      }
    }
    return endRow === 0 ? { firstRow: 0, endRow: 0 } : { firstRow, endRow };
  });
}

/** Windows as tokens: one value a place, and the field that each is of. */
function tokensOf(
  store: StreamStore,
  { size, mask, values, types }: AnyBatch,
  { rows, steps }: Places,
  { output }: Options,
): BatchField {
  const names = new Map(store.fields.map(({ name, type }) => [type, name]));
  const given = values ?? types ?? mask;
  const present = Array.from(mask);
  return {
    name: "tokens",
    dtype: dtypeOf(given, values && output?.values),
    shape: [size, mask.length / size, 1],
    values: shownValues(given, values !== null && output?.values === "bfloat16"),
    mask: present,
    present,
    rows,
    steps,
    offsets: null,
    types: types ? Array.from(types, (type, i) => mask[i] === 1 ? names.get(type) ?? null : null) : null,
  };
}

/** What is no number of JSON is text. */
function shownValues(values: BatchValues, isBfloat16: boolean): Shown[] {
  const numbers = isBfloat16 ? fromBfloat16(values as Uint16Array) : values;
  return Array.from(numbers as ArrayLike<number | bigint>, shownNumber);
}

/** The upper half of a float32. */
function fromBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}

function fieldDtype({ fields, output }: Options, name: string): string | null | undefined {
  const wanted = fields?.[name];
  return (typeof wanted === "object" ? wanted.dtype : undefined) ?? output?.values;
}

function dtypeOf(values: BatchValues, asked: string | null | undefined): string {
  return asked ?? Object.prototype.toString.call(values).slice(8, -6).toLowerCase().replace("big", "");
}
