import { allowedValues } from "../dtypes.ts";
import { cellText, type Field } from "../fields.ts";
import { fieldKind, fillLayout, scaledField } from "../native/abi.ts";
import type { Connection } from "../store/connection.ts";
import { nothing, pack } from "../native/arguments.ts";
import { check, status } from "../native/status.ts";
import type { AnyBatch, OffsetValues } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { ValueDtype } from "./options.ts";
import { type DenseField, isIntegerOutput, type Scale, type WindowPlan } from "./plan.ts";
import type { Places } from "./windows.ts";

/** A dense field as the library takes it. */
interface PackedField extends DenseField {
  readonly layout: number;
  readonly packed: Float64Array;
}

/** Windows to fill a batch with: where they lie, and which row of the batch each goes to. */
export interface Filling {
  readonly count: number;
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  readonly slots: Int32Array;
  /** Where offsets say which rows are taken: the rows of each anchor's episode that they reach. Starts are anchors then. */
  readonly around?: { readonly starts: Float64Array; readonly lengths: Int32Array };
  /** The row that errors count from: of the newest rows the first that was put together; else left out. */
  readonly firstRow?: number;
}

/** Windows as they are filled: each in its place, or where there are offsets its anchor, a window of one row. */
export function fillingOf(
  { reach }: WindowPlan,
  { anchors, starts, lengths }: Places,
  slots: Int32Array,
  count: number,
): Filling {
  if (reach === null) return { count, starts, lengths, slots };
  if (ones.length < lengths.length) ones = new Int32Array(lengths.length).fill(1);
  return { count, starts: anchors, lengths: ones, slots, around: { starts, lengths } };
}

let ones = new Int32Array(0);

/** Copies windows of one store into batches. */
export class Filler {
  readonly #connection: Connection;
  readonly #width: number;
  readonly #action: string;
  /** Of windows as their tokens: their layout, and the fields whose cells are not just copied. */
  readonly #layout: number;
  readonly #converted: Float64Array;
  readonly #convertedCount: number;
  readonly #values: ValueDtype | null;
  readonly #fields: readonly Field[];
  readonly #dense: readonly PackedField[] | null;
  readonly #stepsLayout: number;
  #firstRow = 0;

  /**
   * @param options `source`: whether windows are copied out of the columns, or out of the newest rows as
   * `ss_newest_load` has put them together. `action`: what errors begin with.
   */
  constructor(
    { connection, fields }: DrawSource,
    { window: plan, width, alignsRight, repeats, scales }: BatchPlan,
    { source = "columns", action = "Cannot sample" }: {
      readonly source?: keyof typeof fillLayout.source;
      readonly action?: string;
    } = {},
  ) {
    this.#connection = connection;
    this.#fields = fields;
    this.#values = plan.values;
    this.#width = width;
    this.#action = action;
    const { part, side } = fillLayout;
    const shared = fillLayout.source[source] + side[alignsRight ? "right" : "left"] +
      (plan.truncate ? fillLayout.truncate : 0);
    const values = fillLayout.values[plan.values ?? "none"];
    const steps = fillLayout.steps[plan.steps ?? "none"];
    const types = plan.hasTypes ? fillLayout.types : 0;
    this.#layout = shared + part[plan.unit === "steps" ? "rows" : "tokens"] + values + types + steps;
    this.#stepsLayout = shared + part.steps + steps;
    const converted = fields.filter(({ name, element }) => element !== connection.kind || scales.has(name));
    this.#convertedCount = converted.length;
    this.#converted = Float64Array.from(converted.flatMap((field) => [...packField(field, scales)]));
    this.#dense = plan.fields?.map((dense) => ({
      ...dense,
      layout: shared + part.field + fillLayout.values[dense.dtype] + (repeats ? fillLayout.repeats : 0),
      packed: packField(dense.field, isIntegerOutput(dense.dtype) ? new Map() : scales, dense.width),
    })) ?? null;
  }

  fill(batch: AnyBatch, batchSize: number, filling: Filling): void {
    this.#firstRow = filling.firstRow ?? 0;
    if (filling.count === 0) return;
    if (this.#dense === null) this.#fillTokens(batch, batchSize, filling);
    else this.#fillFields(batch, batchSize, filling, this.#dense);
  }

  #fillTokens(batch: AnyBatch, batchSize: number, { count, starts, lengths, slots }: Filling): void {
    const code = this.#connection.tables.sampler.ss_windows_fill(
      this.#connection.store,
      this.#layout,
      starts,
      lengths,
      slots,
      count,
      batchSize,
      this.#width,
      this.#convertedCount > 0 ? this.#converted : nothing,
      this.#convertedCount,
      batch.values ?? nothing,
      batch.types ?? nothing,
      batch.steps ?? nothing,
      batch.mask,
      batch.lengths,
    );
    if (code === status.widthMismatch) {
      throw new RangeError(
        `${this.#action}: the rows of a window must have <= ${this.#width} tokens, got ${
          this.#connection.detail("count")
        } from row ${
          this.#firstRow + starts[this.#connection.detail("index")]
        } on; tokens sets the width, truncate cuts`,
      );
    }
    if (code === status.inexact) throw this.#misfit(this.#values!);
    check(code, this.#action);
  }

  #fillFields(
    batch: AnyBatch,
    batchSize: number,
    filling: Filling,
    fields: readonly PackedField[],
  ): void {
    for (const dense of fields) {
      const { field: { name }, width, dtype, layout, packed } = dense;
      const out = batch.fields![name];
      const code = dense.offsets !== null
        ? this.#fillOffsets(dense, batchSize, filling, out as OffsetValues)
        : this.#fillRows(layout, packed, batchSize, filling, out.values, out.mask);
      if (code === status.widthMismatch) {
        const [row, found] = [this.#row(), this.#connection.detail("count")];
        throw new RangeError(
          `${this.#action}: "${name}" must have <= ${width} values a row, got ${found} in row ${row}; fields sets the width, truncate cuts`,
        );
      }
      if (code === status.inexact) throw this.#misfit(dtype);
      check(code, this.#action);
    }
    const steps = batch.steps ?? nothing;
    check(this.#fillRows(this.#stepsLayout, nothing, batchSize, filling, steps, batch.mask), this.#action);
    const { count, lengths, slots } = filling;
    for (let i = 0; i < count; i++) batch.lengths[slots[i]] = lengths[i];
  }

  #fillOffsets(
    { layout, packed, offsets }: PackedField,
    batchSize: number,
    { count, starts, slots, around }: Filling,
    { values, mask, offsetMask }: OffsetValues,
  ): number {
    return this.#connection.tables.offsets.ss_offsets_fill(
      this.#connection.store,
      layout,
      starts,
      around!.starts,
      around!.lengths,
      slots,
      count,
      batchSize,
      offsets!,
      offsets!.length,
      packed,
      values,
      mask,
      offsetMask,
    );
  }

  /** The row that an error is about. */
  #row(): number {
    return this.#firstRow + this.#connection.detail("index");
  }

  /** What is said of a value that the output does not hold. */
  #misfit(dtype: ValueDtype): RangeError {
    const type = this.#connection.detail("type");
    const field = this.#fields.find((known) => known.type === type)!;
    const cell = BigInt(this.#connection.detail("cellHigh")) << 32n |
      BigInt(this.#connection.detail("cellLow"));
    return new RangeError(
      `${this.#action}: "${field.name}" must be ${allowedValues(dtype as "uint8")} to come as ${dtype}, got ${
        cellText(field, cell)
      } in row ${this.#row()}`,
    );
  }

  #fillRows(
    layout: number,
    field: ArrayBufferView,
    batchSize: number,
    { count, starts, lengths, slots }: Filling,
    out: ArrayBufferView,
    mask: Uint8Array,
  ): number {
    return this.#connection.tables.sampler.ss_fields_fill(
      this.#connection.store,
      layout,
      starts,
      lengths,
      slots,
      count,
      batchSize,
      this.#width,
      field,
      out,
      mask,
    );
  }
}

/** A field as the library takes it, with its values a row where it is dense. */
function packField(
  { name, type, element }: Field,
  scales: ReadonlyMap<string, Scale>,
  width = 1,
): Float64Array {
  const { shift, factor } = scales.get(name) ?? { shift: 0, factor: 1 };
  return pack(scaledField, { type, kind: fieldKind[element], shift, factor, width });
}
