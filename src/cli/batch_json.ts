/** Batches as lines of JSON, in nested lists of their shapes. */
import type { AnyBatch, OffsetValues } from "../sample/batch.ts";
import { jsonOf, type Shown } from "./json.ts";
import { line } from "./output.ts";
import { type BatchWriter, lengthOf, perWindow } from "./batch_parts.ts";

export function jsonWriter(): BatchWriter {
  return {
    write: (batch) => line(jsonOf(shown(batch))),
    end: () => {},
  };
}

function shown(batch: AnyBatch): Shown {
  const { size, mask, steps, types, values, fields, extra } = batch;
  const length = lengthOf(batch);
  const along = (given: ArrayLike<number | bigint> | null | undefined) =>
    given ? nested(given, [size, length]) : undefined;
  const ofFields = Object.entries(fields ?? {}).map(([name, field]): [string, Shown] => {
    const rows = field.values.length / size / field.width;
    const shape = [size, rows, field.width];
    const { offsets, offsetMask } = field as Partial<OffsetValues>;
    return [name, {
      width: field.width,
      values: nested(field.values, shape),
      mask: nested(field.mask, shape),
      offsets,
      offsetMask: offsetMask ? nested(offsetMask, [size, rows]) : undefined,
    }];
  });
  return {
    size,
    ...Object.fromEntries(perWindow(batch).map(({ name, values }) => [name, values as Shown])),
    mask: along(mask),
    steps: along(steps),
    types: along(types),
    values: along(values),
    fields: fields === undefined ? undefined : Object.fromEntries(ofFields),
    extra: extra === undefined ? undefined : extrasOf(extra),
  };
}

function extrasOf(extra: NonNullable<AnyBatch["extra"]>): Shown {
  const text = (value: string | Uint8Array | null) => value instanceof Uint8Array ? value.toBase64() : value;
  return Object.fromEntries(
    Object.entries(extra).map(([name, windows]) => [name, windows.map((window) => window.map(text))]),
  );
}

/** A flat array as lists in lists. */
function nested(values: ArrayLike<number | bigint>, [count, ...shape]: readonly number[]): Shown[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i): Shown => {
    const part = Array.from({ length: size }, (_, k) => values[i * size + k]);
    return shape.length <= 1 ? part : nested(part, shape);
  });
}
