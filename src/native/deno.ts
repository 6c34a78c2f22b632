/** Deno's side of the boundary. */
import type { Functions, Opened, SymbolTable } from "./runtime.ts";
import { system } from "./deno_system.ts";
import { largeViews } from "./large_views.ts";
import { makeArray } from "./array_pool.ts";

function borrow(address: bigint, byteLength: number): ArrayBuffer {
  return Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(address)!, byteLength);
}

/** Opens a library. It is never closed again: a call through a closed library kills the process. */
export function openLibrary<Table extends SymbolTable>(path: string, table: Table): Functions<Table> {
  const functions: Record<string, Deno.ForeignFunction> = {};
  for (const [name, { args, result }] of Object.entries(table)) {
    functions[name] = { parameters: [...args], result };
  }
  return Deno.dlopen(path, functions).symbols as unknown as Functions<Table>;
}

/** What the library's own functions need besides. */
export function open(_path: string): Opened {
  return {
    system,
    canView: Deno.permissions.querySync({ name: "ffi" }).state === "granted",
    borrow,
    makeArray,
    ...largeViews(borrow),
  };
}

export { system };
