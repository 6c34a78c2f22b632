import type { Source } from "../../../append/batch.ts";
import type { Field } from "../../../fields.ts";
import { clearBits, setBits } from "../../table/bitmaps.ts";
import { featureOf, type Layout } from "../../features.ts";
import type { LoadedColumn } from "../../known_features.ts";
import type { KeyPiece } from "../../sort/keys.ts";
import { parseValueType } from "../../value_types.ts";
import { type Cell, unmark } from "./cells.ts";

/** What a column of text has been seen to hold so far, in all of its file. */
export interface Seen {
  /** Whether its rows are lists; null while all are null. */
  isList: boolean | null;
  /** How many entries the lists within the outermost one have, from there inwards; null while no list tells. */
  inner: number[] | null;
  /** Whether all values are true and false; null while there is none. */
  isBool: boolean | null;
  /** Whether its numbers were dates: microseconds since 1970. */
  readonly isDate: boolean;
}

export function newSeen(isDate: boolean): Seen {
  return { isList: null, inner: null, isBool: null, isDate };
}

/** A cell cannot be what its field holds. To be put into words by who knows where its row is. */
export class CellError extends Error {
  constructor(readonly row: number, readonly allowed: string, readonly cell: Cell) {
    super(`row ${row} must be ${allowed}`);
  }
}

/** A field's column out of the text's values, as a batch takes it. */
export function cellSource(
  cells: readonly Cell[],
  field: Field,
  seen: Seen,
  nanForNull: boolean,
): Source {
  const reader = new CellReader(seen);
  const offsets = new Int32Array(cells.length + 1);
  const rows = setBits(cells.length);
  let hasNull = false;
  for (let row = 0; row < cells.length; row++) {
    const cell = unmark(cells[row]);
    if (cell === null || cell === undefined) {
      hasNull = true;
      clearBits(rows, row, 1);
    } else {
      reader.readRow(cell, row);
    }
    offsets[row + 1] = reader.values.length;
  }
  const { values, nulls } = reader;
  const valueValidity = nulls.length === 0 ? null : { bytes: setBits(values.length), firstBit: 0 };
  for (const at of nulls) clearBits(valueValidity!.bytes, at, 1);
  return {
    field,
    ...numbersOf(values, reader, offsets),
    firstValue: 0,
    width: null,
    offsets,
    validity: hasNull ? { bytes: rows, firstBit: 0 } : null,
    valueValidity,
    nanForNull,
    isList: seen.isList === true,
  };
}

/** What the column is loaded as: the field's own dtype, or bool where all is true and false. */
export function seenColumn(field: Field, { isList, inner, isBool, isDate }: Seen): LoadedColumn {
  const value = parseValueType(isDate ? "timestamp[us]" : isBool === true ? "bool" : field.dtype)!;
  const layout: Layout = { value, levels: isList === true ? ["list", ...(inner ?? [])] : [], isArray: false };
  return { name: field.name, layout, feature: isList === null ? null : featureOf(layout) };
}

class CellReader {
  readonly values: (number | bigint)[] = [];
  /** Places in `values` of nulls within lists. */
  readonly nulls: number[] = [];
  hasBigint = false;
  /** The row that is read. */
  #row = 0;
  #cell: Cell;

  constructor(private readonly seen: Seen) {}

  readRow(cell: Cell, row: number): void {
    this.#row = row;
    this.#cell = cell;
    const isList = Array.isArray(cell);
    if (!isList) checkNumber(cell, (allowed) => this.refuse(allowed));
    this.seen.isList ??= isList;
    if (this.seen.isList !== isList) {
      throw this.refuse(isList ? "a number, as in the rows before" : "a list, as in the rows before");
    }
    if (isList) this.#readList(cell as readonly Cell[], 0);
    else this.#readNumber(cell);
  }

  #readList(list: readonly Cell[], depth: number): void {
    for (const entry of list) {
      const cell = unmark(entry);
      if (Array.isArray(cell)) {
        this.#checkLength(depth, cell.length);
        this.#readList(cell, depth + 1);
      } else {
        if (this.seen.inner === null) this.seen.inner = [];
        if (depth < this.seen.inner.length) throw this.refuse("a list of lists, as those before");
        if (cell === null) this.nulls.push(this.values.push(0) - 1);
        else this.#readNumber(cell);
      }
    }
  }

  /** All lists at one depth but the outermost must be as long, or what the stream holds of them could not be told apart. */
  #checkLength(depth: number, length: number): void {
    const inner = this.seen.inner ??= shapeFrom;
    if (inner === shapeFrom) this.seen.inner = [];
    const known = this.seen.inner!;
    if (depth === known.length && this.values.length === 0) known.push(length);
    if (known[depth] !== length || length === 0) {
      const expected = known[depth] ?? "no";
      throw this.refuse(
        length === 0
          ? "a list without empty lists within it"
          : `a list of lists of ${expected} entries, as those before`,
      );
    }
  }

  #readNumber(cell: Cell): void {
    if (typeof cell === "boolean") {
      this.seen.isBool ??= true;
      this.values.push(cell ? 1 : 0);
      return;
    }
    checkNumber(cell, (allowed) => this.refuse(allowed));
    this.seen.isBool = false;
    if (typeof cell === "bigint") this.hasBigint = true;
    this.values.push(cell);
  }

  refuse(allowed: string): CellError {
    return new CellError(this.#row, allowed, this.#cell);
  }
}

function checkNumber(
  cell: Cell,
  refuse: (allowed: string) => Error,
): asserts cell is number | bigint | boolean {
  if (!["number", "bigint", "boolean"].includes(typeof cell)) {
    throw refuse("a number, true, false, or a list of them");
  }
}

const shapeFrom: number[] = [];

function numbersOf(
  values: readonly (number | bigint)[],
  { hasBigint }: CellReader,
  offsets: Int32Array,
): Pick<Source, "values" | "dtype"> {
  if (!hasBigint) return { values: Float64Array.from(values as number[]), dtype: "float64" };
  const isWhole = values.every((value) => typeof value === "bigint" || Number.isSafeInteger(value));
  const isNegative = values.some((value) => value < 0);
  const fits = (value: number | bigint) => {
    const integer = BigInt(value);
    return isNegative ? BigInt.asIntN(64, integer) === integer : BigInt.asUintN(64, integer) === integer;
  };
  if (isWhole && values.every(fits)) {
    const integers = values.map(BigInt);
    return isNegative
      ? { values: BigInt64Array.from(integers), dtype: "int64" }
      : { values: BigUint64Array.from(integers), dtype: "uint64" };
  }
  return {
    values: Float64Array.from(values, (value, index) => {
      const number = Number(value);
      if (typeof value === "number" || Number.isFinite(number) && BigInt(number) === value) return number;
      const row = offsets.findIndex((offset) => offset > index) - 1;
      throw new CellError(row, "exact in float64 beside fractions, or fit 64 bits", value);
    }),
    dtype: "float64",
  };
}

/** Integers of a column, for the steps. */
export function cellInteger(cell: Cell): number | bigint | null {
  const value = unmark(cell);
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

/** The keys of a column of text's values, or the type that has no order. */
export function cellKeys(cells: readonly Cell[]): KeyPiece | string {
  const values = cells.map((cell) => unmark(cell) ?? null);
  const present = values.filter((value) => value !== null);
  if (present.length > 0 && present.every((value) => typeof value === "string")) {
    const encoder = new TextEncoder();
    return {
      kind: "text",
      length: cells.length,
      at: (row) => values[row] === null ? null : encoder.encode(values[row] as string),
    };
  }
  const odd = present.find((value) => !["number", "bigint", "boolean"].includes(typeof value));
  if (odd !== undefined) {
    return Array.isArray(odd) ? "lists" : typeof odd === "object" ? "objects" : "strings and numbers";
  }
  const bytes = setBits(cells.length);
  values.forEach((value, row) => {
    if (value === null) clearBits(bytes, row, 1);
  });
  const shared = {
    kind: "numbers",
    length: cells.length,
    first: 0,
    validity: { bytes, firstBit: 0 },
  } as const;
  const isWhole = present.every((value) =>
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
  );
  if (isWhole) {
    const integers = BigInt64Array.from(values, (value) => BigInt(value as number ?? 0));
    return { ...shared, values: integers, dtype: "int64" };
  }
  return { ...shared, values: Float64Array.from(values, (value) => Number(value ?? 0)), dtype: "float64" };
}
