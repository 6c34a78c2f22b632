import { type Connection, nothing } from "../store/connection.ts";
import { check, status } from "../native/status.ts";
import type { AnyBatch } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { ValueDtype } from "./options.ts";
import type { DenseField, Scale, WindowPlan } from "./plan.ts";
import type { Field } from "../fields.ts";

const valueCodes: Readonly<Record<ValueDtype, number>> = { float64: 1, float32: 2, float16: 4, bfloat16: 5 };

/** Windows to fill a batch with: where they lie, and which row of the batch each goes to. */
export interface Filling {
  readonly count: number;
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  readonly slots: Int32Array;
}

/** Copies windows of one store into batches. */
export class Filler {
  readonly #connection: Connection;
  readonly #fields: readonly DenseField[] | null;
  readonly #width: number;
  readonly #action: string;
  readonly #request: Float64Array;
  readonly #layout: number;
  /** Type, kind, shift and factor of the fields whose cells are not just copied. */
  readonly #converted: Float64Array;
  readonly #dense: readonly { readonly name: string; readonly request: Float64Array }[];
  readonly #stepsRequest: Float64Array;

  /**
   * @param options `isRecent`: whether windows are copied out of the newest rows, as `ss_recent_load` has put them
   * together. `action`: what errors begin with.
   */
  constructor(
    { connection, fields }: DrawSource,
    { window: plan, width, alignsRight, scales }: BatchPlan,
    { isRecent = false, action = "Cannot sample" } = {},
  ) {
    this.#connection = connection;
    this.#fields = plan.fields;
    this.#width = width;
    this.#action = action;
    const source = isRecent ? 1 : 0;
    const align = alignsRight ? 1 : 0;
    const truncate = plan.truncate ? 1 : 0;
    this.#request = Float64Array.of(plan.unit === "steps" ? 1 : 0, width, align, truncate, source);
    this.#layout = (plan.values === null ? 0 : valueCodes[plan.values]) + (plan.hasTypes ? 8 : 0) +
      stepsCode(plan) * 16;
    this.#converted = convertedFields(fields, scales);
    this.#stepsRequest = Float64Array.of(width, align, stepsCode(plan), source);
    this.#dense = (plan.fields ?? []).map(({ field, width: perRow }) => {
      const { shift, factor } = scales.get(field.name) ?? { shift: 0, factor: 1 };
      const dtype = valueCodes[plan.values!];
      const request = Float64Array.of(
        width,
        align,
        truncate,
        dtype,
        field.type,
        field.kind,
        perRow,
        shift,
        factor,
        source,
      );
      return { name: field.name, request };
    });
  }

  fill(batch: AnyBatch, batchSize: number, filling: Filling): void {
    if (filling.count === 0) return;
    if (this.#fields === null) this.#fillTokens(batch, batchSize, filling);
    else this.#fillFields(batch, batchSize, filling, this.#fields);
  }

  #fillTokens(batch: AnyBatch, batchSize: number, { count, starts, lengths, slots }: Filling): void {
    const code = this.#connection.tables.sampler.ss_windows_fill(
      this.#connection.store,
      this.#request,
      starts,
      lengths,
      slots,
      count,
      batchSize,
      this.#layout,
      this.#converted.length > 0 ? this.#converted : nothing,
      this.#converted.length / 4,
      batch.values ?? nothing,
      batch.types ?? nothing,
      batch.steps ?? nothing,
      batch.mask,
      batch.lengths,
    );
    if (code === status.widthMismatch) {
      const [window, tokens] = this.#connection.detail();
      throw new RangeError(
        `${this.#action}: the rows of a window must have <= ${this.#width} tokens, got ${tokens} from row ${
          starts[window]
        } on; tokens sets the width, truncate cuts`,
      );
    }
    check(code, this.#action);
  }

  #fillFields(batch: AnyBatch, batchSize: number, filling: Filling, fields: readonly DenseField[]): void {
    const { tables: { sampler }, store } = this.#connection;
    const { count, starts, lengths, slots } = filling;
    for (const [i, { name, request }] of this.#dense.entries()) {
      const { values, mask } = batch.fields![name];
      const code = sampler.ss_fields_fill(
        store,
        request,
        starts,
        lengths,
        slots,
        count,
        batchSize,
        values,
        mask,
      );
      if (code === status.widthMismatch) {
        const [row, width] = this.#connection.detail();
        throw new RangeError(
          `${this.#action}: "${name}" must have <= ${
            fields[i].width
          } values a row, got ${width} in row ${row}; fields sets the width, truncate cuts`,
        );
      }
      check(code, this.#action);
    }
    const steps = batch.steps ?? nothing;
    const code = sampler.ss_steps_fill(
      store,
      this.#stepsRequest,
      starts,
      lengths,
      slots,
      count,
      batchSize,
      steps,
      batch.mask,
    );
    check(code, this.#action);
    for (let i = 0; i < count; i++) batch.lengths[slots[i]] = lengths[i];
  }
}

function stepsCode({ steps }: WindowPlan): number {
  return steps === null ? 0 : steps === "int64" ? 1 : 2;
}

function convertedFields(fields: readonly Field[], scales: ReadonlyMap<string, Scale>): Float64Array {
  const converted = fields.filter(({ name, kind }) => kind !== 0 || scales.has(name));
  return Float64Array.from(converted.flatMap(({ name, type, kind }) => {
    const { shift, factor } = scales.get(name) ?? { shift: 0, factor: 1 };
    return [type, kind, shift, factor];
  }));
}
