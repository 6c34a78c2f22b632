/** The library as TypeScript sees it: the functions of the tables of `abi.ts`, and what differs between the runtimes. */
import type { laterSymbols, symbols } from "./abi.ts";
import type { ArrayOfDtype, BitsArray, Dtype, DtypeArray } from "../dtypes.ts";
import type { CellKind } from "../store/cells.ts";
import type { System } from "./system.ts";

type Argument = { u32: number; i32: number; f64: number; buffer: ArrayBufferView };
type Result = { u32: number; i32: number; f64: number; void: void };

/** Functions of a native library: for each, the kinds of its arguments and of its result. */
export type SymbolTable = Readonly<
  Record<string, { readonly args: readonly (keyof Argument)[]; readonly result: keyof Result }>
>;

type Arguments<Kinds extends readonly (keyof Argument)[]> = {
  -readonly [Position in keyof Kinds]: Argument[Kinds[Position]];
};

/** A table as callable functions. */
export type Functions<Table extends SymbolTable> = {
  readonly [Name in keyof Table]: (...args: Arguments<Table[Name]["args"]>) => Result[Table[Name]["result"]];
};

/** The core. */
export type Native = Functions<typeof symbols>;

/** The tables of what not every program uses. */
export type LaterTables = {
  readonly [Name in keyof typeof laterSymbols]: Functions<(typeof laterSymbols)[Name]>;
};

/** The memory of a tail: the number of published records, the records, and their values. */
export interface TailMemory {
  readonly state: Int32Array;
  readonly records: Int32Array;
  readonly values: ArrayBuffer;
  /** What stands for extras; empty where the store has none. */
  readonly extras: ArrayBuffer;
}

/** The columns of a store's tokens, as typed arrays over the store's own memory. */
export interface ColumnViews {
  types(start: number, length: number): Uint8Array | Int32Array;
  values(start: number, length: number): DtypeArray;
  bits(start: number, length: number): BitsArray;
  /** Takes back what can be taken back, just before the store is closed. Returns whether nobody else has any of it. */
  detach(): boolean;
}

/** The bytes of an extra, as arrays over the store's own memory. */
export interface BytesViews {
  bytes(start: number, length: number): Uint8Array;
  /** As of columns. */
  detach(): boolean;
}

/** Where memory of the library lies. */
export interface MemoryRange {
  readonly address: bigint;
  readonly byteLength: bigint;
}

/** Where a column lies: the addresses reserved for it, and which element has the first of them. */
export interface ColumnRange extends MemoryRange {
  readonly first: number;
}

/** Where the types lie, and how many bytes each has: 1 or 4. */
export interface TypesRange extends ColumnRange {
  readonly elementBytes: number;
}

/** Where the cells lie, and what they are. */
export interface DataRange extends ColumnRange {
  readonly kind: CellKind;
}

/** What the native library must know of a store's views when it closes the store. */
export interface ViewState {
  readonly store: number;
  /** Views that will each be released when they are collected; the columns stay mapped until then. */
  count: number;
  /** Whether views are out that nobody will release: zero pages must stay under them. */
  mustBlank: boolean;
}

/** What differs between Deno, Bun and Node. */
export interface Opened {
  readonly system: System;
  /** Whether this process may look at native memory. In Deno that needs `--allow-ffi` without a path. */
  readonly canView: boolean;
  /** A writable view that must not be used after the store is closed. */
  borrow(address: bigint, byteLength: number): ArrayBuffer;
  /** Memory for a copy of so many values, by the quickest way to some. */
  makeArray<Name extends Dtype>(dtype: Name, length: number): ArrayOfDtype[Name];
  /** `owner` lives at least as long as any view. */
  columnViews(
    types: TypesRange,
    data: DataRange,
    state: ViewState,
    owner: object,
  ): ColumnViews;
  bytesViews(range: MemoryRange, state: ViewState, owner: object): BytesViews;
}

/** The library. */
export interface Runtime extends Opened {
  readonly native: Native;
  readonly tables: LaterTables;
}
