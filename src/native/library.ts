import type { Functions, SymbolTable } from "./runtime.ts";

/** What a runtime's module exports. */
export type Adapter = typeof import("./deno.ts") | typeof import("./bun.ts");

/** The module of the runtime that this process is. */
export function adapter(): Promise<Adapter> {
  return "Deno" in globalThis ? import("./deno.ts") : import("./bun.ts");
}

/** Opens another native library than the store's own, as the benchmarks do. It is never closed. */
export async function openLibrary<Table extends SymbolTable>(
  path: string,
  table: Table,
): Promise<Functions<Table>> {
  return (await adapter()).openLibrary(path, table);
}
