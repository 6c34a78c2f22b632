import { allowedValues } from "../dtypes.ts";
import { cellText, type Field } from "../fields.ts";
import {
  batchOutput,
  denseFieldsMax,
  type errorDetail,
  fieldKind,
  fillLayout,
  scaledField,
  windowGroup,
} from "../native/abi.ts";
import type { Connection } from "../store/connection.ts";
import { nothing, pack } from "../native/arguments.ts";
import { errorOf, status } from "../native/status.ts";
import type { AnyBatch, OffsetValues } from "./batch.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import type { ValueDtype } from "./options.ts";
import { type DenseField, isIntegerOutput, type Scale, type WindowPlan } from "./plan.ts";
import type { Places } from "./space.ts";

/** Dense fields that a call fills, and as the library takes them. */
interface DenseGroup {
  readonly fields: readonly DenseField[];
  readonly packed: ArrayBufferView;
}

/** A dense field of rows at offsets, which has a call of its own. */
interface OffsetField extends DenseField {
  readonly layout: number;
  readonly packed: Float64Array;
}

/**
 * Windows to fill a batch with: where they lie, and which row of the batch each goes to. Of several stores, those of one
 * stand after those of another.
 */
export interface Filling {
  readonly count: number;
  /** The first of them, where what stands before is of others. */
  readonly first?: number;
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  readonly slots: Int32Array;
  /** Where offsets say which rows are taken: the rows of each anchor's episode that they reach. Starts are anchors then. */
  readonly around?: { readonly starts: Float64Array; readonly lengths: Int32Array };
  /** By field, where anchors have rows anywhere: the anchors, and behind them, as many as the batch has windows, the row of each offset. */
  readonly atOffsets?: ReadonlyMap<string, Float64Array>;
  /** The row that errors count from: of the newest rows the first that was put together; else left out. */
  readonly firstRow?: number;
  /** Whether behind the starts, as many as the batch has windows, stand the rows of all places. */
  readonly isListed?: boolean;
  /** The stores, where they are several. */
  readonly groups?: FillGroups;
}

/** Stores that windows are of, in the order in which those stand. */
export interface FillGroups {
  /** As the library takes them: handle and number of windows of each. */
  readonly packed: Float64Array;
  readonly count: number;
  /** What errors about windows of a group begin with. */
  actionOf(group: number): string;
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

/** Copies windows into batches, of one store or of several with the same fields. */
export class Filler {
  readonly #connection: Connection;
  readonly #width: number;
  /** Of windows as their tokens: their layout, and the fields whose cells are not just copied. */
  readonly #layout: number;
  readonly #converted: Float64Array;
  readonly #convertedCount: number;
  readonly #values: ValueDtype | null;
  readonly #fields: readonly Field[];
  readonly #dense: readonly DenseGroup[] | null;
  readonly #fieldsLayout: number;
  readonly #atOffsets: readonly OffsetField[];
  /** The store's own, where windows are of no other. */
  readonly #own: FillGroups;

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
    const packed = pack(windowGroup, { store: connection.store, count: 0 });
    this.#own = { packed, count: 1, actionOf: () => action };
    const { part, side } = fillLayout;
    const shared = fillLayout.source[source] + side[alignsRight ? "right" : "left"] +
      (plan.truncate ? fillLayout.truncate : 0);
    const values = fillLayout.values[plan.values ?? "none"];
    const steps = fillLayout.steps[plan.steps ?? "none"];
    const types = plan.hasTypes ? fillLayout.types : 0;
    this.#layout = shared + part[plan.unit === "steps" ? "rows" : "tokens"] + values + types + steps;
    this.#fieldsLayout = shared + part.fields + steps;
    const converted = fields.filter(({ name, element }) => element !== connection.kind || scales.has(name));
    this.#convertedCount = converted.length;
    this.#converted = Float64Array.from(converted.flatMap((field) => [...packField(field, scales)]));
    const inWindows = plan.fields?.filter(({ offsets }) => offsets === null);
    this.#dense = inWindows === undefined ? null : groupsOf(inWindows, scales);
    this.#atOffsets = (plan.fields ?? []).filter(({ offsets }) => offsets !== null).map((dense) => ({
      ...dense,
      layout: shared + part.fields + fillLayout.values[dense.dtype] + (repeats ? fillLayout.repeats : 0),
      packed: packDense(dense, scales),
    }));
  }

  fill(batch: AnyBatch, batchSize: number, filling: Filling): void {
    if (filling.count === 0) return;
    this.#own.packed[windowGroup.count] = filling.count;
    if (this.#dense === null) this.#fillTokens(batch, batchSize, filling);
    else {
      for (const group of this.#dense) this.#fillFields(batch, batchSize, filling, group);
      for (const dense of this.#atOffsets) this.#fillOffsets(dense, batch, batchSize, filling);
    }
  }

  #fillTokens(batch: AnyBatch, batchSize: number, filling: Filling): void {
    const { starts, lengths, slots, groups = this.#own } = filling;
    const code = this.#connection.tables.sampler.ss_windows_fill(
      groups.packed,
      groups.count,
      this.#layout,
      starts,
      lengths,
      slots,
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
    if (code === status.ok) return;
    const failure = this.#failure(filling);
    if (code !== status.widthMismatch) throw this.#misfit(code, failure, this.#values!);
    const { action, detail } = failure;
    throw new RangeError(
      `${action}: the rows of a window must have <= ${this.#width} tokens, got ${detail("count")} from row ${
        (filling.firstRow ?? 0) + starts[detail("index")]
      } on; tokens sets the width, truncate cuts`,
    );
  }

  #fillFields(
    batch: AnyBatch,
    batchSize: number,
    filling: Filling,
    { fields, packed }: DenseGroup,
  ): void {
    const { count, starts, lengths, slots, isListed = false, groups = this.#own } = filling;
    const [first, second, third, fourth] = fields.map(({ field }) => batch.fields![field.name]);
    const code = this.#connection.tables.sampler.ss_fields_fill(
      groups.packed,
      groups.count,
      this.#fieldsLayout + (isListed ? fillLayout.listed : 0),
      starts,
      lengths,
      slots,
      batchSize,
      this.#width,
      packed,
      fields.length,
      batch.steps ?? nothing,
      batch.mask,
      first?.values ?? nothing,
      first?.mask ?? nothing,
      second?.values ?? nothing,
      second?.mask ?? nothing,
      third?.values ?? nothing,
      third?.mask ?? nothing,
      fourth?.values ?? nothing,
      fourth?.mask ?? nothing,
    );
    this.#check(code, fields, filling);
    for (let i = 0; i < count; i++) batch.lengths[slots[i]] = lengths[i];
  }

  #fillOffsets(
    dense: OffsetField,
    batch: AnyBatch,
    batchSize: number,
    filling: Filling,
  ): void {
    const { starts, lengths, slots, atOffsets, groups = this.#own } = filling;
    const { packed, offsets } = dense;
    const around = filling.around ?? { starts, lengths };
    const listed = atOffsets?.get(dense.field.name);
    const { values, mask, offsetMask } = batch.fields![dense.field.name] as OffsetValues;
    const code = this.#connection.tables.offsets.ss_offsets_fill(
      groups.packed,
      groups.count,
      dense.layout + (listed === undefined ? 0 : fillLayout.listed),
      listed ?? starts,
      around.starts,
      around.lengths,
      slots,
      batchSize,
      offsets!,
      offsets!.length,
      packed,
      values,
      mask,
      offsetMask,
    );
    this.#check(code, [dense], filling);
  }

  /** Throws where dense fields could not be filled. */
  #check(code: number, fields: readonly DenseField[], filling: Filling): void {
    if (code === status.ok) return;
    const failure = this.#failure(filling);
    const { action, row, detail } = failure;
    const found = fields.find(({ field }) => field.type === detail("type"));
    if (code !== status.widthMismatch) throw this.#misfit(code, failure, found?.dtype ?? "float32");
    const { field, width } = found!;
    throw new RangeError(
      `${action}: "${field.name}" must have <= ${width} values a row, got ${
        detail("count")
      } in row ${row()}; fields sets the width, truncate cuts`,
    );
  }

  /** What is said of a value that the output does not hold, or of anything else. */
  #misfit(code: number, { action, row, detail }: Failure, dtype: ValueDtype): Error {
    if (code !== status.inexact) return errorOf(code, action);
    const field = this.#fields.find((known) => known.type === detail("type"))!;
    const cell = BigInt(detail("cellHigh")) << 32n | BigInt(detail("cellLow"));
    return new RangeError(
      `${action}: "${field.name}" must be ${allowedValues(dtype as "uint8")} to come as ${dtype}, got ${
        cellText(field, cell)
      } in row ${row()}`,
    );
  }

  /** What an error is about: the first store has it noted, whichever it is about. */
  #failure({ groups = this.#own, firstRow = 0 }: Filling): Failure {
    const { packed, count, actionOf } = groups;
    const detail: Failure["detail"] = (name) => this.#connection.detail(name, packed[windowGroup.store]);
    const action = actionOf(Math.min(count - 1, detail("valueIndex")));
    return { action, detail, row: () => firstRow + detail("index") };
  }
}

interface Failure {
  readonly action: string;
  detail(name: Exclude<keyof typeof errorDetail, "length">): number;
  /** The row, where it is about one. */
  row(): number;
}

/** Groups of fields; one of none, too, has the mask of a batch and the steps filled. */
function groupsOf(fields: readonly DenseField[], scales: ReadonlyMap<string, Scale>): DenseGroup[] {
  if (fields.length === 0) return [{ fields, packed: nothing }];
  const groups: DenseGroup[] = [];
  for (let at = 0; at < fields.length; at += denseFieldsMax) {
    const group = fields.slice(at, at + denseFieldsMax);
    const packed = group.flatMap((dense) => [...packDense(dense, scales)]);
    groups.push({ fields: group, packed: Float64Array.from(packed) });
  }
  return groups;
}

/** A dense field as the library takes it: integers are not scaled. */
function packDense({ field, width, dtype }: DenseField, scales: ReadonlyMap<string, Scale>): Float64Array {
  const packed = packField(field, isIntegerOutput(dtype) ? new Map() : scales);
  packed[scaledField.width] = width;
  packed[scaledField.output] = batchOutput[dtype];
  return packed;
}

/** A field as the library takes it. */
function packField({ name, type, element }: Field, scales: ReadonlyMap<string, Scale>): Float64Array {
  const { shift, factor } = scales.get(name) ?? { shift: 0, factor: 1 };
  return pack(scaledField, { type, kind: fieldKind[element], shift, factor, width: 1, output: 0 });
}
