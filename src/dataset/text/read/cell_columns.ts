import type { Source } from "../../../append/batch.ts";
import type { Field } from "../../../fields.ts";
import { featureOf, type Layout } from "../../features.ts";
import type { LoadedColumn } from "../../known_features.ts";
import type { KeyPiece } from "../../sort/keys.ts";
import { clearBits, setBits } from "../../table/bitmaps.ts";
import { parseValueType } from "../../value_types.ts";
import { type Cell, unmark } from "./cells.ts";

/** A cell cannot be what its field holds. To be put into words by who knows where its row is. */
export class CellError extends Error {
  constructor(readonly row: number, readonly allowed: string, readonly cell: Cell) {
    super(`row ${row} must be ${allowed}`);
  }
}

/** A field's column in a file of text: what its cells have been seen to be so far, and their numbers block by block. */
export class CellColumn {
  /** Whether rows are lists; null while all are null. */
  #isList: boolean | null = null;
  /** How many entries the lists within the outermost one have, from there inwards. */
  readonly #inner: number[] = [];
  /** Whether a number, or a null in a list, has told how deep lists go. */
  #isTold = false;
  /** Whether all values are true and false; null while there is none. */
  #isBool: boolean | null = null;
  #values: (number | bigint)[] = [];
  /** Places in the values of nulls within lists. */
  #nulls: number[] = [];
  /** What is read. */
  #row = 0;
  #cell: Cell;

  constructor(
    private readonly field: Field,
    /** Whether its numbers are microseconds since 1970. */
    private readonly isDate: boolean,
  ) {}

  /** What it is loaded as: the field's own dtype, or bool where all is true and false. */
  get loaded(): LoadedColumn {
    const { name, dtype } = this.field;
    const value = parseValueType(this.isDate ? "timestamp[us]" : this.#isBool === true ? "bool" : dtype)!;
    const layout: Layout = {
      value,
      levels: this.#isList === true ? ["list", ...this.#inner] : [],
      isArray: false,
    };
    return { name, layout, feature: this.#isList === null ? null : featureOf(layout) };
  }

  /** The next cells, as a batch takes them. */
  source(cells: readonly Cell[], nanForNull: boolean): Source {
    this.#values = [];
    this.#nulls = [];
    const offsets = new Int32Array(cells.length + 1);
    const rows = setBits(cells.length);
    let hasNull = false;
    for (let row = 0; row < cells.length; row++) {
      const cell = unmark(cells[row]);
      if (cell === null || cell === undefined) {
        hasNull = true;
        clearBits(rows, row, 1);
      } else {
        this.#row = row;
        this.#cell = cell;
        this.#readRow(cell);
      }
      offsets[row + 1] = this.#values.length;
    }
    const valueValidity = this.#nulls.length === 0 ? null : setBits(this.#values.length);
    for (const at of this.#nulls) clearBits(valueValidity!, at, 1);
    return {
      field: this.field,
      ...numbersOf(this.#values, offsets),
      firstValue: 0,
      width: null,
      offsets,
      validity: hasNull ? { bytes: rows, firstBit: 0 } : null,
      valueValidity: valueValidity && { bytes: valueValidity, firstBit: 0 },
      nanForNull,
      isList: this.#isList === true,
    };
  }

  #readRow(cell: Cell): void {
    const isList = Array.isArray(cell);
    if (!isList && !isNumber(cell)) throw this.#refuse(allowedCell);
    this.#isList ??= isList;
    if (this.#isList !== isList) {
      throw this.#refuse(isList ? "a number, as in the rows before" : "a list, as in the rows before");
    }
    if (isList) this.#readList(cell, 0);
    else this.#readNumber(cell);
  }

  #readList(list: readonly Cell[], depth: number): void {
    for (const entry of list) {
      const cell = unmark(entry);
      if (Array.isArray(cell)) {
        this.#checkLength(depth, cell.length);
        this.#readList(cell, depth + 1);
        continue;
      }
      this.#isTold = true;
      if (depth < this.#inner.length) throw this.#refuse("a list of lists, as those before");
      if (cell === null) this.#nulls.push(this.#values.push(0) - 1);
      else this.#readNumber(cell);
    }
  }

  /** All lists at one depth but the outermost must be as long, or what the stream holds of them could not be told apart. */
  #checkLength(depth: number, length: number): void {
    if (length === 0) throw this.#refuse("a list without empty lists within it");
    if (depth === this.#inner.length && !this.#isTold) this.#inner.push(length);
    if (this.#inner[depth] === length) return;
    throw this.#refuse(`a list of lists of ${this.#inner[depth] ?? "no"} entries, as those before`);
  }

  #readNumber(cell: Cell): void {
    if (!isNumber(cell)) throw this.#refuse(allowedCell);
    if (typeof cell === "boolean") this.#isBool ??= true;
    else this.#isBool = false;
    this.#values.push(typeof cell === "boolean" ? Number(cell) : cell);
  }

  #refuse(allowed: string): CellError {
    return new CellError(this.#row, allowed, this.#cell);
  }
}

const allowedCell = "a number, true, false, or a list of them";

function isNumber(cell: Cell): cell is number | bigint | boolean {
  return typeof cell === "number" || typeof cell === "bigint" || typeof cell === "boolean";
}

function numbersOf(
  values: readonly (number | bigint)[],
  offsets: Int32Array,
): Pick<Source, "values" | "dtype"> {
  if (!values.some((value) => typeof value === "bigint")) {
    return { values: Float64Array.from(values as number[]), dtype: "float64" };
  }
  const isWhole = values.every((value) => typeof value === "bigint" || Number.isSafeInteger(value));
  const integers = isWhole ? values.map(BigInt) : [];
  if (isWhole && integers.every((value) => BigInt.asUintN(64, value) === value)) {
    return { values: BigUint64Array.from(integers), dtype: "uint64" };
  }
  if (isWhole && integers.every((value) => BigInt.asIntN(64, value) === value)) {
    return { values: BigInt64Array.from(integers), dtype: "int64" };
  }
  const floats = Float64Array.from(values, Number);
  const odd = values.findIndex((value, i) =>
    typeof value === "bigint" && !(isFinite(floats[i]) && BigInt(floats[i]) === value)
  );
  if (odd < 0) return { values: floats, dtype: "float64" };
  const row = offsets.findIndex((offset) => offset > odd) - 1;
  throw new CellError(row, "exact in float64 beside fractions, or fit 64 bits", values[odd]);
}

/** Integers of a column, for the steps. */
export function cellInteger(cell: Cell): number | bigint | null {
  const value = unmark(cell);
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

/** The keys of a column of text's values, or the type that has no order. */
export function cellKeys(cells: readonly Cell[], given: readonly Cell[] = cells): KeyPiece | string {
  const { length } = cells;
  const values = cells.map((cell) => unmark(cell) ?? null);
  const present = values.filter((value) => value !== null);
  if (present.length > 0 && present.every((value) => typeof value === "string")) {
    const encoder = new TextEncoder();
    const texts = given.map((cell) => cell ?? null) as (string | null)[];
    return { kind: "text", length, at: (row) => texts[row] === null ? null : encoder.encode(texts[row]) };
  }
  const odd = present.find((value) => !isNumber(value));
  if (odd !== undefined) {
    return Array.isArray(odd) ? "lists" : typeof odd === "object" ? "objects" : "strings and numbers";
  }
  const bytes = setBits(length);
  values.forEach((value, row) => value === null && clearBits(bytes, row, 1));
  const numbers = values.map((value) => (value ?? 0) as number | bigint | boolean);
  const isWhole = numbers.every((value) =>
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(Number(value))
  );
  const shared = { kind: "numbers", length, first: 0, validity: { bytes, firstBit: 0 } } as const;
  return isWhole && present.every((value) => typeof value !== "boolean")
    ? { ...shared, values: BigInt64Array.from(numbers, BigInt), dtype: "int64" }
    : { ...shared, values: Float64Array.from(numbers, Number), dtype: "float64" };
}
