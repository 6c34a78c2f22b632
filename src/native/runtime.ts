import type { LaterTables, Native } from "./symbols.ts";
import type { System } from "./system.ts";

/** The three columns of one store, as typed arrays over the store's own memory. */
export interface ColumnViews {
  steps(start: number, length: number): BigInt64Array;
  types(start: number, length: number): Int32Array;
  values(start: number, length: number): Float64Array;
  bits(start: number, length: number): BigInt64Array;
  /** Takes back what can be taken back, just before the store is closed. */
  detach(): void;
}

/** Where a column lies: its address, and how many bytes are reserved there. */
export interface ColumnRange {
  readonly address: bigint;
  readonly byteLength: bigint;
}

/** What the native library must know of a store's views when it closes the store. */
export interface ViewState {
  readonly store: number;
  /** Views that will each be released when they are collected; the columns stay mapped until then. */
  count: number;
  /** Whether views are out that nobody will release: zero pages must stay under them. */
  mustBlank: boolean;
}

/** What differs between Deno and Bun. */
export interface Opened {
  readonly native: Native;
  readonly system: System;
  /** Whether this process may look at native memory. In Deno that needs `--allow-ffi` without a path. */
  readonly canView: boolean;
  /** A writable view that must not be used after the store is closed. */
  borrow(address: bigint, byteLength: number): ArrayBuffer;
  /** `owner` lives at least as long as any view. */
  columnViews(
    steps: ColumnRange,
    types: ColumnRange,
    data: ColumnRange,
    state: ViewState,
    owner: object,
  ): ColumnViews;
}

/** The library. */
export interface Runtime extends Opened {
  /** Functions that are opened when they are first used. */
  readonly tables: LaterTables;
}
