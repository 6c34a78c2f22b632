import { tailRecord, tailState } from "../native/abi.ts";
import type { TailMemory } from "../native/runtime.ts";
import { nothing } from "../native/arguments.ts";
import { type Connection, updates } from "../store/connection.ts";
import { type Cells, cellsOver } from "./narrow.ts";
import { TailExtras } from "./tail_extras.ts";

// A name of the module's own costs nothing, while an object that is imported is looked up for every record.
const { step: stepAt, type: typeAt, count: countAt, length: recordWords } = tailRecord;
const { publishedCount: publishedCountAt } = tailState;

/** Values that a buffer in the engine's own memory holds before it has to be made larger. */
const copiedValues = 4096;

/** A tail that were larger is not filled further by code for which places are small numbers. */
export const placeMax = 2 ** 26;

/** Lays out one record: its step in two halves, its field's type ID, and the number of its values or a kind of mark. */
export function writeRecord(
  records: Int32Array,
  at: number,
  stepLow: number,
  stepHigh: number,
  type: number,
  count: number,
): void {
  records[at + stepAt] = stepLow;
  records[at + stepAt + 1] = stepHigh;
  records[at + typeAt] = type;
  records[at + countAt] = count;
}

/**
 * The memory that steps are laid out in, and how far it is filled. It is mapped, and then what is in it is published by
 * one store; or it is the engine's own, which a call copies.
 */
export class Tail {
  /** As long as what the tail may take: disk space for all of it is reserved, so that it can be flushed on a full disk. */
  records!: Int32Array;
  cells!: Cells;
  /** The cells as numbers, once more: a look-up less for loops that append. */
  values!: Float64Array;
  /** How many records may still say what tokens cannot. */
  marksLeft = Infinity;
  /** Published records (in words) and values; always 0 where they are copied. */
  recordsEnd = 0;
  valuesEnd = 0;
  isCopied: boolean;
  /** All of the memory that is there from the start, in arrays that stay the same: `records` and `values` are parts of them. */
  readonly whole: { readonly records: Int32Array; readonly values: Float64Array };
  /** How much of `whole` may be taken, no place beyond `placeMax`: nothing where other memory has taken its place or it is gone. */
  recordsMax = 0;
  valuesMax = 0;
  /** What stands for extras, or null where the store has none. */
  extras: TailExtras | null = null;
  /** Where the number of published records stands. */
  readonly state: Int32Array;

  constructor(private readonly connection: Connection) {
    const mapped = connection.mapTail();
    const memory = mapped ?? copiedTail(copiedValues);
    this.isCopied = mapped === null;
    this.state = memory.state;
    const extras = connection.extraCount > 0 ? new TailExtras(memory.extras) : null;
    this.whole = { records: memory.records, values: new Float64Array(memory.values) };
    this.#use(memory.records, cellsOver(memory.values, memory.values.byteLength / 8), extras);
  }

  /** Takes other memory, or other parts of it. */
  #use(records: Int32Array, cells: Cells, extras: TailExtras | null): void {
    this.records = records;
    this.cells = cells;
    this.values = cells.values;
    const isWhole = records.buffer === this.whole.records.buffer;
    this.recordsMax = isWhole ? Math.min(records.length, placeMax) : 0;
    this.valuesMax = isWhole ? Math.min(cells.values.length, placeMax) : 0;
    this.extras = extras;
  }

  /** Goes to the start, after a flush, and to what may be taken from there. */
  restart(): void {
    this.recordsEnd = 0;
    this.valuesEnd = 0;
    if (this.isCopied || this.connection.isClosed) return;
    const { room } = this.connection;
    this.marksLeft = room.marks;
    this.extras?.restart(room.extraValues, room.extraWords);
    const words = recordWords * room.records;
    if (this.records.length === words && this.values.length === room.values) return;
    const [{ buffer: records }, { buffer: values }] = [this.records, this.values];
    this.#use(new Int32Array(records, 0, words), cellsOver(values as ArrayBuffer, room.values), this.extras);
  }

  /** Makes everything up to here part of the stream, and returns how many values of it are new. */
  publish(recordsEnd: number, valuesEnd: number): number {
    if (this.isCopied) {
      this.#copy(recordsEnd, valuesEnd);
      return valuesEnd;
    }
    // A plain store, which no engine and no processor moves before those of what was laid out, as far as can be seen from
    // where it counts: in this thread, and where the writer has died. Nobody else reads the tail of a writer that lives.
    this.state[publishedCountAt] = recordsEnd / recordWords;
    if (this.recordsEnd === 0) updates.count++;
    const count = valuesEnd - this.valuesEnd;
    this.recordsEnd = recordsEnd;
    this.valuesEnd = valuesEnd;
    return count;
  }

  /** Hands it to the native library, which has a tail of its own and copies. */
  #copy(recordsEnd: number, valuesEnd: number): void {
    const records = recordsEnd / recordWords;
    if (records === 0) return;
    updates.count++;
    const { native, store } = this.connection;
    const words = this.extras?.bytes ?? nothing;
    const wordCount = this.extras?.end ?? 0;
    // What is copied stands at the start every time.
    this.extras?.restart();
    this.connection.checkGrowth(
      native.ss_store_write(store, this.records, records, this.values, valuesEnd, words, wordCount),
      "Cannot append",
    );
  }

  /** For what is larger than the tail: goes past it, by way of a buffer that grows until `write` returns true. */
  writePast(write: () => boolean): void {
    const { isCopied, records, cells, extras } = this;
    try {
      this.isCopied = true;
      this.marksLeft = Infinity;
      let valuesMax = Math.max(copiedValues, this.values.length);
      do {
        valuesMax *= 2;
        const larger = copiedTail(valuesMax);
        this.#use(
          larger.records,
          cellsOver(larger.values, valuesMax),
          extras && new TailExtras(larger.extras),
        );
      } while (!write());
      // Values that a getter gives may have become fewer meanwhile, and gone into the tail after all.
      if (!isCopied) this.connection.flush();
    } finally {
      this.isCopied = isCopied;
      this.#use(records, cells, extras);
      this.restart();
    }
  }

  /** Lets go of the memory, which ends with the store. */
  release(): void {
    this.recordsMax = 0;
    this.valuesMax = 0;
    // Detached arrays are empty: whatever still holds one reaches no unmapped memory, and no step fits.
    for (
      const { buffer } of [this.state, this.records, this.values, ...(this.extras ? [this.extras] : [])]
    ) {
      (buffer as ArrayBuffer).transfer();
    }
  }
}

/** A tail in memory of the engine's own. */
function copiedTail(valuesMax: number): TailMemory {
  return {
    state: new Int32Array(tailState.length),
    records: new Int32Array(valuesMax * recordWords),
    values: new ArrayBuffer(valuesMax * 8),
    extras: new ArrayBuffer(valuesMax * 8),
  };
}
