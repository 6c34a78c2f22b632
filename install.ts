/**
 * Unpacks the native library before it is needed, and prints the folder that it is in:
 *
 * ```sh
 * deno run -A jsr:@streamstore/streamstore/install
 * ```
 *
 * Then a service below the home folder runs with `--allow-ffi=<that folder>` and no other permission, as long as it does
 * no more than copy from temporary stores. One that lies elsewhere needs `--allow-env=HOME` too.
 *
 * @module
 */
import { unpackLibrary } from "./src/native/cache.ts";

/**
 * Unpacks the native library of this package, if it is not there yet, and returns the folder that it is in.
 * `XDG_CACHE_HOME` chooses another one. Run as a program, this module does so and prints the folder.
 *
 * In Deno this needs `--allow-env=HOME`, `--allow-sys=uid`, and reading and writing the folder.
 *
 * @returns The absolute path of the folder.
 * @throws {StreamStoreError} If the folder cannot be written or is not safe, or the package holds no library, as a
 * checkout does (`library-not-loaded`); or if none is made for this system (`unsupported-platform`).
 *
 * @example
 * ```ts
 * import { install } from "@streamstore/streamstore/install";
 * import assert from "node:assert/strict";
 *
 * async function prepare(): Promise<void> {
 *   const folder = await install();
 *   assert.ok(folder.startsWith("/"));
 *   console.log(`Start the service with --allow-ffi=${folder}`);
 * }
 * ```
 */
export function install(): Promise<string> {
  return unpackLibrary();
}

if (import.meta.main) console.log(await install());
