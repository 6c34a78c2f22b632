import type { Connection } from "../store/connection.ts";
import { nothing, pack } from "../native/arguments.ts";
import { StreamStoreError } from "../error.ts";
import { type Field, wideDtype } from "../fields.ts";
import { batchPhase, batchSource, dtype, fieldKind } from "../native/abi.ts";
import { errorOf, status } from "../native/status.ts";
import { type ExtraRows, writeExtraRows } from "./extra_rows.ts";
import { type Bitmap, narrowSource, plainSource, type Source } from "./source.ts";

export type { Bitmap, Source };

/** What a batch refuses, to be put into words by the caller. */
export class BatchError extends Error {
  constructor(
    readonly kind: "inexact" | "null-in-list" | "step",
    readonly field: Field | null,
    /** The row among those given, and the index of the value among the source's. */
    readonly row: number,
    readonly valueIndex: number,
  ) {
    super(`row ${row} cannot be appended`);
  }
}

const rowsPerBlock = 2048;
const noNumbers = new Float64Array(batchSource.length);

/** Stores in which a batch is under way: a second one would run into its rows. */
const busy = new WeakSet<Connection>();

/**
 * Many steps at once, from columns. Nothing of a batch is in the store before `commit`, and then all of it.
 */
export class Batch {
  #rowsBefore = 0;
  #isEnded = false;
  readonly #newLists = new Set<Field>();

  constructor(private readonly connection: Connection) {
    if (busy.has(connection)) {
      throw new StreamStoreError(
        "busy",
        "Cannot append: the store must be idle, got rows that are still being loaded",
      );
    }
    busy.add(connection);
  }

  /** Adds rows. Steps must rise, and the sources be in field order. */
  add(steps: BigInt64Array, given: readonly Source[]): void {
    const sources = given.map(plainSource).map((source) =>
      narrowSource(source, steps.length, (row, valueIndex) => {
        return new BatchError("inexact", source.field, this.#rowsBefore + row, valueIndex);
      })
    );
    for (let from = 0; from < steps.length; from += rowsPerBlock) {
      this.#addBlock(steps.subarray(from, Math.min(steps.length, from + rowsPerBlock)), sources, from);
    }
    this.#rowsBefore += steps.length;
  }

  /** Gives rows that were added, from one on, what they have of an extra. Rows of an extra must rise from call to call. */
  addExtra(place: number, firstRow: number, rows: ExtraRows): void {
    const { connection } = this;
    writeExtraRows(connection, place, connection.rowCount + firstRow, rows);
  }

  commit(): void {
    this.#end("commit");
    for (const field of this.#newLists) field.isList = true;
  }

  /** Abandons what was not committed: `using` a batch, all of it is kept or nothing. What went wrong is told by others. */
  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    if (this.connection.isClosed) busy.delete(this.connection);
    else this.#end("abandon");
  }

  #end(phase: "commit" | "abandon"): void {
    busy.delete(this.connection);
    if (this.connection.isClosed) return this.connection.checkOpen("append");
    this.connection.checkGrowth(this.#advance(phase), "Cannot append columns");
    this.connection.reload();
    this.#isEnded = true;
  }

  #addBlock(steps: BigInt64Array, sources: readonly Source[], firstRow: number): void {
    this.#check(this.#advance("begin", steps.length, { values: steps }), null, firstRow);
    const fields = sources.map((source) => ({
      numbers: this.#numbersOf(source, firstRow),
      values: source.values.byteLength > 0 ? source.values : nothing,
      offsets: source.offsets ?? nothing,
      validity: bytesOf(source.validity),
      valueValidity: bytesOf(source.valueValidity),
    }));
    for (const phase of ["measure", "scatter"] as const) {
      sources.forEach((source, i) => this.#check(this.#advance(phase, 0, fields[i]), source, firstRow));
    }
    this.#check(this.#advance("write"), null, firstRow);
  }

  #advance(
    phase: keyof typeof batchPhase,
    rowCount = 0,
    {
      numbers = noNumbers,
      values = nothing,
      offsets = nothing,
      validity = nothing,
      valueValidity = nothing,
    }: {
      readonly [name in "numbers" | "values" | "offsets" | "validity" | "valueValidity"]?: ArrayBufferView;
    } = {},
  ): number {
    return this.connection.tables.batch.ss_batch_advance(
      this.connection.store,
      batchPhase[phase],
      rowCount,
      numbers,
      values,
      offsets,
      validity,
      valueValidity,
    );
  }

  #numbersOf(source: Source, firstRow: number): Float64Array {
    const { field, offsets, validity, valueValidity } = source;
    const isNewList = source.isList && !field.isList && !this.#newLists.has(field);
    if (isNewList) this.#newLists.add(field);
    return pack(batchSource, {
      type: field.type,
      wide: fieldKind[wideDtype(field)],
      dtype: dtype[source.dtype],
      width: source.width ?? -1,
      firstRow,
      firstValue: source.firstValue,
      valuesBytes: source.values.byteLength,
      offsetBytes: offsets?.BYTES_PER_ELEMENT ?? 0,
      offsetCount: offsets?.length ?? 0,
      validityFirstBit: validity?.firstBit ?? -1,
      validityBytes: validity?.bytes.length ?? 0,
      valueValidityFirstBit: valueValidity?.firstBit ?? -1,
      valueValidityBytes: valueValidity?.bytes.length ?? 0,
      nanForNull: source.nanForNull ? 1 : 0,
      marksList: isNewList ? 1 : 0,
    });
  }

  #check(code: number, source: Source | null, firstRow: number): void {
    if (code === status.ok) return;
    if (code === status.storageFull) this.connection.checkGrowth(code, "Cannot append columns");
    const kind = code === status.inexact
      ? "inexact"
      : code === status.nullInList
      ? "null-in-list"
      : code === status.outOfOrder
      ? "step"
      : null;
    if (kind === null) throw errorOf(code, "Cannot append columns");
    const row = this.#rowsBefore + firstRow + this.connection.detail("index");
    throw new BatchError(kind, source?.field ?? null, row, this.connection.detail("valueIndex"));
  }
}

function bytesOf(bitmap: Bitmap | null): Uint8Array {
  return bitmap === null || bitmap.bytes.length === 0 ? nothing : bitmap.bytes;
}
