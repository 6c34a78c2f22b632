import process from "node:process";
import { fileURLToPath } from "node:url";
import { StreamStoreError } from "../error.ts";
import { adapter } from "./library.ts";
import type { Runtime } from "./runtime.ts";
import { abiVersion } from "./symbols.ts";

const suffixes: Readonly<Record<string, string>> = { linux: "so", darwin: "dylib" };

/** The native library, opened once a process. */
export const runtime: Runtime = await load();

async function load(): Promise<Runtime> {
  const path = libraryPath();
  const opened = open(await adapter(), path);
  const found = opened.native.ss_abi_version();
  if (found !== abiVersion) {
    const message = `Cannot load ${path}: the library must have ABI version ${abiVersion}, got ${found}`;
    throw new StreamStoreError("abi-mismatch", message);
  }
  return opened;
}

function open(adapter: { open(path: string): Runtime }, path: string): Runtime {
  try {
    return adapter.open(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message =
      `Cannot load the native library ${path}, which ./run build makes in a checkout: ${reason}`;
    throw new StreamStoreError("library-not-loaded", message, { cause });
  }
}

function libraryPath(): string {
  const suffix = suffixes[process.platform];
  if (suffix === undefined) {
    const supported = "Linux and macOS on x64 and arm64";
    const message =
      `Cannot load the native library: ${supported} are supported, this is ${process.platform} ${process.arch}`;
    throw new StreamStoreError("unsupported-platform", message);
  }
  return fileURLToPath(new URL(`../../build/lib/libstreamstore.${suffix}`, import.meta.url));
}
