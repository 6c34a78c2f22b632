/**
 * Finds the native library and opens it, once a process: the one that STREAMSTORE_LIBRARY names; else in a checkout what
 * `./run build` made there; else the one in the package.
 */
import { StreamStoreError } from "../error.ts";
import { cachedLibrary, permissionRemedy, remedy } from "./cache.ts";
import { type Adapter, adapter } from "./library.ts";
import { packagedHash, type Platform, platformOf, suffixOf } from "./packaged.ts";
import type { LaterTables, Opened, Runtime, SymbolTable } from "./runtime.ts";
import { abiVersion, laterSymbols, symbols } from "./abi.ts";

const variable = "STREAMSTORE_LIBRARY";

/** The native library. */
export const runtime: Runtime = await load(await adapter());

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
    const advice = isVerified ? remedy : permissionRemedy(folder);
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
  let opened: Opened;
  try {
    opened = adapter.open(path);
  } catch (cause) {
    checkVersion(versionOf(adapter, path), path, origin);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot load the native library ${path}, ${origin}: ${reason}${advice}`;
    throw new StreamStoreError("library-not-loaded", message, { cause });
  }
  checkVersion(opened.native.ss_abi_version(), path, origin);
  return { ...opened, tables: openLater((table) => adapter.openLibrary(path, table)) };
}

/** The tables of a library, each of which `open` opens when it is first looked at. */
export function openLater(open: (table: SymbolTable) => object): LaterTables {
  const tables = {};
  for (const [name, table] of Object.entries(laterSymbols)) {
    const get = () => {
      const value = open(table);
      Object.defineProperty(tables, name, { value });
      return value;
    };
    Object.defineProperty(tables, name, { get, configurable: true });
  }
  return tables as LaterTables;
}

/** That of a library which may lack other functions; the wanted one if there is none to be had. */
function versionOf(adapter: Adapter, path: string): number {
  try {
    return adapter.openLibrary(path, { ss_abi_version: symbols.ss_abi_version }).ss_abi_version();
  } catch {
    return abiVersion;
  }
}

function checkVersion(found: number, path: string, origin: string): void {
  if (found === abiVersion) return;
  const message =
    `Cannot load ${path}, ${origin}: the library must have ABI version ${abiVersion}, got ${found}`;
  throw new StreamStoreError("abi-mismatch", message);
}
