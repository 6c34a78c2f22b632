/**
 * Finds the native library and opens it, once a process: the one that STREAMSTORE_LIBRARY names; else in a checkout what
 * `./run build` made there; else the one in the package.
 */
import { StreamStoreError } from "../error.ts";
import { cachedLibrary, permissionRemedy, remedy } from "./cache.ts";
import { type Adapter, adapter } from "./library.ts";
import { packagedHash, type Platform, platformOf, suffixOf } from "./packaged.ts";
import type { Functions, LaterTables, Opened, Runtime, SymbolTable } from "./runtime.ts";
import { abiVersion, laterSymbols, symbols } from "./abi.ts";

const variable = "STREAMSTORE_LIBRARY";

/** The native library. */
export const runtime: Runtime = await load(await adapter());

/** The system's directory for temporary files, also where the process may not read the variable that names it. */
export function temporaryDirectory(): string {
  const { system } = runtime;
  const named = system.permits("env", "TMPDIR") ? system.variable("TMPDIR") ?? "" : "";
  return named === "" ? "/tmp" : named;
}

async function load(adapter: Adapter): Promise<Runtime> {
  const { system } = adapter;
  const named = system.permits("env", variable) ? system.variable(variable) ?? "" : "";
  if (named !== "") return open(adapter, named, `which ${variable} names`);
  const platform = platformOf(system.platform);
  const built = builtPath(platform);
  if (built !== null && system.permits("ffi", built)) {
    try {
      return open(adapter, built, "which ./run build made");
    } catch (error) {
      if (system.permits("read", built) && system.find(built) !== null) throw error;
    }
  }
  return await loadPackaged(adapter, platform, built);
}

async function loadPackaged(adapter: Adapter, platform: Platform, built: string | null): Promise<Runtime> {
  const hash = await packagedHash(platform);
  if (hash !== null) {
    const { folder, path, isVerified } = await cachedLibrary(hash, platform, adapter.system);
    const advice = isVerified ? remedy : permissionRemedy(folder, adapter.system);
    return open(adapter, path, "unpacked from the package", `. ${advice}`);
  }
  if (built !== null) return open(adapter, built, "which ./run build makes in a checkout");
  const message = "Cannot load the native library: the package holds none; install it again";
  throw new StreamStoreError("library-not-loaded", message);
}

/** Where a checkout has its build. Modules that came from a registry or a bundler lie in none. */
function builtPath(platform: Platform): string | null {
  const { protocol, pathname } = new URL(import.meta.url);
  if (protocol !== "file:" || !pathname.endsWith("/src/native/load.ts")) return null;
  const root = decodeURIComponent(pathname.slice(0, -"/src/native/load.ts".length));
  return `${root}/build/lib/libstreamstore.${suffixOf(platform)}`;
}

function open(adapter: Adapter, path: string, origin: string, advice = ""): Runtime {
  const openTable = <Table extends SymbolTable>(table: Table) => adapter.openLibrary(path, table);
  let opened: Opened;
  try {
    checkVersion(openTable({ ss_abi_version: symbols.ss_abi_version }).ss_abi_version(), path, origin);
    opened = adapter.open(path);
  } catch (cause) {
    if (cause instanceof StreamStoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot load the native library ${path}, ${origin}: ${reason}${advice}`;
    throw new StreamStoreError("library-not-loaded", message, { cause });
  }
  const later = Object.entries(laterSymbols).map(([name, table]) => [name, openLater(table, openTable)]);
  return {
    ...opened,
    native: openLater(symbols, openTable),
    tables: Object.fromEntries(later) as LaterTables,
  };
}

/**
 * The functions of a table, each opened by `open` when it is first looked at: to open one takes Deno 0.3 to 0.4 ms, and
 * few programs use all. What is opened stands in the object itself, before the getter that it came from.
 */
export function openLater<Table extends SymbolTable>(
  table: Table,
  open: (table: SymbolTable) => Readonly<Record<string, unknown>>,
): Functions<Table> {
  const getters = {};
  for (const name of Object.keys(table)) {
    const get = () => {
      const value = open({ [name]: table[name] })[name];
      Object.defineProperty(functions, name, { value });
      return value;
    };
    Object.defineProperty(getters, name, { get });
  }
  const functions = Object.create(getters);
  return functions;
}

function checkVersion(found: number, path: string, origin: string): void {
  if (found === abiVersion) return;
  const message =
    `Cannot load ${path}, ${origin}: the library must have ABI version ${abiVersion}, got ${found}`;
  throw new StreamStoreError("abi-mismatch", message);
}
