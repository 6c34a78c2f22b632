import type { Native } from "./symbols.ts";

/** The three columns of one store, as typed arrays over the store's own memory. */
export interface ColumnViews {
  steps(start: number, length: number): BigInt64Array;
  types(start: number, length: number): Int32Array;
  values(start: number, length: number): Float64Array;
  bits(start: number, length: number): BigInt64Array;
}

/** Where a column lies: its address, and how many bytes are reserved there. */
export interface ColumnRange {
  readonly address: bigint;
  readonly byteLength: bigint;
}

/**
 * Counts the views handed out over a store's columns. The columns stay mapped after `close` until the native library
 * has been told as often that a view was collected.
 */
export interface ViewCounter {
  readonly store: number;
  count: number;
}

/** What differs between Deno and Bun. */
export interface Runtime {
  readonly native: Native;
  /** Whether this process may look at native memory. In Deno that needs `--allow-ffi` without a path. */
  readonly canView: boolean;
  /** A writable view that must not be used after the store is closed. */
  borrow(address: bigint, byteLength: number): ArrayBuffer;
  columnViews(steps: ColumnRange, types: ColumnRange, data: ColumnRange, counter: ViewCounter): ColumnViews;
}
