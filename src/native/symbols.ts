/** The tables of `abi.ts` as functions. */
import type { laterSymbols, symbols } from "./abi.ts";

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

/** The tables that are opened when they are first used. */
export type LaterTables = {
  readonly [Name in keyof typeof laterSymbols]: Functions<(typeof laterSymbols)[Name]>;
};
