/** Bun's side of the boundary. */
import type * as ffi from "bun:ffi";
import type { Functions, Opened, SymbolTable, ViewState } from "./runtime.ts";
import { system } from "./node_system.ts";
import { callbacks } from "./abi.ts";
import { newArray } from "../dtypes.ts";
import { smallViews } from "./small_views.ts";
import { builtin } from "./builtin.ts";

type Pointer = ffi.Pointer;

/** Not by an import: bundlers for other runtimes look for what is imported, and find no such module. */
const { dlopen, toArrayBuffer: toArrayBufferTyped } = builtin.process.getBuiltinModule(
  "bun:ffi",
) as typeof ffi;

/** The types lack the last two parameters: a function to call when the buffer is collected, and what to pass to it. */
const toArrayBuffer = toArrayBufferTyped as (
  pointer: Pointer,
  byteOffset: number,
  byteLength: number,
  deallocatorContext?: Pointer,
  deallocator?: Pointer,
) => ArrayBuffer;

type CallTable = Readonly<Record<string, { readonly args: readonly Kind[]; readonly result: Kind }>>;
type Kind = keyof typeof types;

const types = { u32: "u32", i32: "i32", f64: "f64", buffer: "ptr", pointer: "ptr", void: "void" } as const;

/** Opens a library. It is never closed again: a call through a closed library kills the process. */
export function openLibrary<Table extends SymbolTable>(path: string, table: Table): Functions<Table> {
  return bind(path, table) as Functions<Table>;
}

function bind(path: string, table: CallTable): object {
  // deno-lint-ignore no-explicit-any -- the functions are built from the tables that all runtimes share
  const functions: Record<string, any> = {};
  for (const [name, { args, result }] of Object.entries(table)) {
    functions[name] = { args: args.map((kind) => types[kind]), returns: types[result] };
  }
  return dlopen(path, functions).symbols;
}

/** What the library's own functions need besides. */
export function open(path: string): Opened {
  // `ptr` is the address of the C function.
  const { ss_view_deallocate } = bind(path, callbacks) as { ss_view_deallocate: { readonly ptr: Pointer } };
  const deallocate = ss_view_deallocate.ptr;
  const map = (address: number, byteLength: number, state: ViewState): ArrayBuffer => {
    const buffer = toArrayBuffer(address as Pointer, 0, byteLength, state.store as Pointer, deallocate);
    state.count++;
    return buffer;
  };
  return {
    system,
    canView: true,
    borrow: (address, byteLength) => toArrayBuffer(Number(address) as Pointer, 0, byteLength),
    makeArray: newArray,
    ...smallViews(map),
  };
}

export { system };
