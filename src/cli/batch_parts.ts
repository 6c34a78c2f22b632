/** What a batch has, whatever its form: columns of shape [B, …] by name. */
import type { AnyBatch, BatchValues, OffsetValues } from "../sample/batch.ts";

/** Takes batch after batch, and then hears that there are no more. */
export interface BatchWriter {
  write(batch: AnyBatch, index: number): void;
  end(): void;
}

/** A column of a batch. */
export interface BatchColumn {
  readonly name: string;
  readonly values: BatchValues | Int32Array | Uint8Array | BigInt64Array | Float64Array;
  /** Of one window. */
  readonly shape: readonly number[];
}

/** T, tokens a window, or S, rows of one; 0 where there are only fields with offsets. */
export function lengthOf({ size, mask }: AnyBatch): number {
  return mask.length / size;
}

/** All columns but those of one number a window. */
export function columnsOf(batch: AnyBatch): BatchColumn[] {
  const { size, steps, mask, types, values, fields = {} } = batch;
  const length = lengthOf(batch);
  const along: [string, BatchColumn["values"] | null | undefined][] = [
    ["steps", steps],
    ["mask", mask],
    ["types", types],
    ["values", values],
  ];
  return [
    ...along.flatMap(([name, values]) => values ? [{ name, values, shape: [length] }] : []),
    ...Object.entries(fields).flatMap(([name, field]): BatchColumn[] => {
      const { width, values, mask } = field;
      const { offsetMask } = field as Partial<OffsetValues>;
      const shape = [values.length / size / width, width];
      return [
        { name: `fields.${name}`, values, shape },
        { name: `masks.${name}`, values: mask, shape },
        ...(offsetMask ? [{ name: `offsetMasks.${name}`, values: offsetMask, shape: [shape[0]] }] : []),
      ];
    }),
  ];
}

/** Columns of one number a window. */
export function perWindow({ starts, lengths, ids, probabilities, weights, sources }: AnyBatch) {
  const all = { starts, lengths, ids, probabilities, weights, sources };
  return Object.entries(all).flatMap(([name, values]) => values ? [{ name, values }] : []);
}
