/** Values of extras are laid out in the tail, beside their steps' records. */
import type { Connection } from "../store/connection.ts";
import type { ExtraInfo } from "../extras.ts";
import { extraState, tailExtraBytesMax } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { attachedLength, lengthOf, privateView } from "../typed_array.ts";
import { checkWellFormed, type ExtraRow } from "./extra_values.ts";
import type { Tail } from "./tail.ts";
import type { TailExtras } from "./tail_extras.ts";

/** Where the records of a row's values go. Returns false where there is no room. */
export interface ExtraRecords {
  writeExtraRecord(place: number): boolean;
}

/** Lays values out in the tail. What it has laid out is nobody's until it is kept. */
export class ExtraWriter {
  #tail!: Tail;
  /** The next word of the tail. */
  #word = 0;
  #valuesLeft = 0;
  /** The first row that can get a value, by the places of the extras: as published, and with what is laid out. */
  readonly #nextRows: Float64Array;
  readonly #rows: Float64Array;
  /** Bytes of each that are laid out and not published. */
  readonly #aheadBytes: Float64Array;
  #isKnown = false;
  readonly #place = new Float64Array(1);

  /** @param placedMax So many bytes of values that are too long for the tail go on with it; then it is flushed. */
  constructor(
    private readonly connection: Connection,
    readonly extras: readonly ExtraInfo[],
    private readonly placedMax = Infinity,
  ) {
    this.#nextRows = new Float64Array(extras.length);
    this.#rows = new Float64Array(extras.length);
    this.#aheadBytes = new Float64Array(extras.length);
  }

  /** Rows were appended, or the store opened, past this writer. */
  reload(): void {
    this.#isKnown = false;
  }

  /** Goes to the end of what the tail holds. */
  begin(tail: Tail): void {
    if (!this.#isKnown) this.#learn();
    this.#tail = tail;
    this.#word = tail.extras!.end;
    this.#valuesLeft = tail.extras!.valuesMax;
    // A call of the engine's for few numbers takes longer than a loop.
    for (let place = 0; place < this.#rows.length; place++) {
      this.#rows[place] = this.#nextRows[place];
      this.#aheadBytes[place] = 0;
    }
  }

  #learn(): void {
    const { tables, store } = this.connection;
    const state = new Float64Array(extraState.length);
    for (const place of this.extras.keys()) {
      check(tables.extras.ss_extra_state(store, place, 0, state), "Cannot append");
      this.#nextRows[place] = state[extraState.nextRow];
    }
    this.#isKnown = true;
  }

  /** What was laid out is about to be published. */
  hold(): void {
    this.#tail.extras!.end = this.#word;
  }

  /** It is not published after all. */
  drop(end: number): void {
    this.#tail.extras!.end = end;
  }

  /** It is published. */
  keep(): void {
    this.#tail.extras!.valuesMax = this.#valuesLeft;
    for (let place = 0; place < this.#rows.length; place++) this.#nextRows[place] = this.#rows[place];
  }

  /** Lays out the values of a row, each with a record. Returns false where there is no room. */
  write(row: number, values: ExtraRow, step: number | bigint, records: ExtraRecords): boolean {
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      if (value === null) continue;
      if (row < this.#rows[place]) throw this.#isThere(place, step);
      if (--this.#valuesLeft < 0 || !records.writeExtraRecord(place) || !this.#put(place, value)) {
        return false;
      }
      this.#rows[place] = row + 1;
    }
    return true;
  }

  #isThere(place: number, step: number | bigint): RangeError {
    return new RangeError(
      `Cannot append: extra "${
        this.extras[place].name
      }" of step ${step} must be null to get a value, got a step that has one`,
    );
  }

  #put(place: number, value: string | Uint8Array): boolean {
    const area = this.#tail.extras!;
    const length = typeof value === "string"
      ? this.#putText(area, place, value)
      : this.#putBytes(area, place, value);
    if (length < 0) return false;
    this.#aheadBytes[place] += length;
    return true;
  }

  /** Returns how many bytes it has, or -1 where there is no room. */
  #putText(area: TailExtras, place: number, text: string): number {
    const length = area.encode(this.#word, text);
    if (length < 0) return -1;
    // ASCII has as many bytes as units, and no surrogate.
    if (length !== text.length) checkWellFormed(`Cannot append: extra "${this.extras[place].name}"`, text);
    this.#word = area.note(this.#word, length);
    return length;
  }

  #putBytes(area: TailExtras, place: number, bytes: Uint8Array): number {
    const length = lengthOf(bytes);
    // Its buffer may be gone since it was looked at.
    attachedLength(`Cannot append: extra "${this.extras[place].name}"`, bytes);
    if (length > tailExtraBytesMax) return this.#putPlaced(area, place, privateView(bytes));
    const at = area.placeFor(this.#word, length);
    if (at < 0) return -1;
    area.bytes.set(bytes, at);
    this.#word = area.note(this.#word, length);
    return length;
  }

  #putPlaced(area: TailExtras, place: number, bytes: Uint8Array): number {
    if (this.#word + 2 > area.wordsMax) return -1;
    // Of an empty tail nothing can be flushed.
    if (area.end > 0 && area.placedBytes + bytes.length > this.placedMax) return -1;
    const { connection, extras } = this;
    const ahead = this.#aheadBytes[place];
    connection.checkGrowth(
      connection.tables.extras.ss_extra_place(
        connection.store,
        place,
        ahead,
        bytes,
        bytes.length,
        this.#place,
      ),
      `Cannot append: extra "${extras[place].name}"`,
    );
    area.placedBytes += bytes.length;
    this.#word = area.notePlaced(this.#word, bytes.length, this.#place[0]);
    return bytes.length;
  }
}
