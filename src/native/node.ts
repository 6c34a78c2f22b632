/**
 * Node's side of the boundary: `node:ffi`, which came with Node 26.1. Until 26.8 it takes `--experimental-ffi`.
 *
 * What was found with 26.10:
 *
 * - Nothing holds an array that only the call itself refers to until the function has run, see `hold`.
 * - An ArrayBuffer over foreign memory counts as memory that it brings: after each 64 MiB or so of new ones there is a
 *   garbage collection, and to make one of 16 GiB takes 27 ms in a heap of 300,000 objects, see large_views.ts.
 * - `transfer()` detaches one at once and copies nothing.
 * - Two of them over one address do no harm, though one was detached.
 * - A library is closed when its object is collected or `close()` is called; so it is kept for ever.
 */
import { StreamStoreError } from "../error.ts";
import { builtin } from "./builtin.ts";
import type { Functions, Opened, SymbolTable } from "./runtime.ts";
import { largeViews } from "./large_views.ts";
import { system } from "./node_system.ts";
import { makeArray } from "./array_pool.ts";

/** What is used of it; its types are not among Node's own yet. */
interface Ffi {
  dlopen(
    path: string,
    definitions: Record<string, Definition>,
  ): { lib: object; functions: Record<string, Call> };
  toArrayBuffer(pointer: bigint, length: number, copy: boolean): ArrayBuffer;
}

interface Definition {
  readonly arguments: readonly string[];
  readonly return: string;
}

type Call = (...args: unknown[]) => unknown;

const types = { u32: "uint32", i32: "int32", f64: "float64", buffer: "buffer", void: "void" } as const;

const libraries: object[] = [];

/** Found before anything is unpacked. A static import would say no more than that there is no such module. */
const ffi = findFfi();

function findFfi(): Ffi {
  const { process } = builtin;
  const found = process.getBuiltinModule?.("node:ffi") as Ffi | undefined;
  if (found !== undefined) return found;
  const { node } = process.versions;
  const [major, minor] = node.split(".").map(Number);
  const isOld = major < 26 || (major === 26 && minor < 1);
  const reason = isOld
    ? `Node must be 26.1 or later, which has node:ffi, got ${node}`
    : `node:ffi is switched off in Node ${node}: start it as node --experimental-ffi, set ` +
      `NODE_OPTIONS=--experimental-ffi, or take Node 26.9 or later, where it is on`;
  throw new StreamStoreError("library-not-loaded", `Cannot load the native library: ${reason}`);
}

/** Opens a library. It is never closed again. */
export function openLibrary<Table extends SymbolTable>(path: string, table: Table): Functions<Table> {
  const definitions: Record<string, Definition> = {};
  for (const [name, { args, result }] of Object.entries(table)) {
    definitions[name] = { arguments: args.map((kind) => types[kind]), return: types[result] };
  }
  const { lib, functions } = ffi.dlopen(path, definitions);
  libraries.push(lib);
  const held: Record<string, Call> = {};
  for (const [name, { args }] of Object.entries(table)) {
    held[name] = args.includes("buffer") ? hold(functions[name]) : functions[name];
  }
  return held as unknown as Functions<Table>;
}

/** The call that goes on. */
const current: { args: unknown[] | null } = { args: null };

/**
 * Node replaces each array among the arguments by its address, one after another, before it calls the function, and holds
 * none of them. Where the caller has no further use for one, nothing but luck keeps a garbage collection from freeing
 * meanwhile what the address stands for; it was not seen to happen in 20 million calls.
 */
function hold(call: Call): Call {
  return (...args) => {
    current.args = args;
    const result = call(...args);
    current.args = null;
    return result;
  };
}

function borrow(address: bigint, byteLength: number): ArrayBuffer {
  return ffi.toArrayBuffer(address, byteLength, false);
}

/** What the library's own functions need besides. */
export function open(_path: string): Opened {
  return { system, canView: true, borrow, makeArray, ...largeViews(borrow) };
}

export { system };
