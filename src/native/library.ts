import type { Functions, SymbolTable } from "./runtime.ts";

/** What a runtime's module exports. */
export type Adapter = typeof import("./deno.ts") | typeof import("./bun.ts") | typeof import("./node.ts");

/** The module of the runtime that this process is. */
export function adapter(): Promise<Adapter> {
  if ("Deno" in globalThis) return import("./deno.ts");
  return "Bun" in globalThis ? import("./bun.ts") : import("./node.ts");
}

/** Opens another native library than the store's own, as the benchmarks do. It is never closed. */
export async function openLibrary<Table extends SymbolTable>(
  path: string,
  table: Table,
): Promise<Functions<Table>> {
  return (await adapter()).openLibrary(path, table);
}
