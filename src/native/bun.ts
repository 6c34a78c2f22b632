/** Bun's side of the boundary. */
import type * as ffi from "bun:ffi";
import type {
  BytesViews,
  ColumnViews,
  DataRange,
  Functions,
  MemoryRange,
  Opened,
  SymbolTable,
  TypesRange,
  ViewState,
} from "./runtime.ts";
import { system } from "./node_system.ts";
import { callbacks } from "./abi.ts";
import { arrayOver, type BitsArray, bitsOver, bytesOf, type DtypeArray, newArray } from "../dtypes.ts";
import type { CellKind } from "../store/cells.ts";
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

/**
 * One ArrayBuffer a window and column: bytes of live buffers count as heap here and drive garbage collection, so no
 * buffer may be larger than what is looked at. The native library is told when each is collected.
 */
class SmallViews implements ColumnViews {
  /** Where the first element of each column would be. */
  readonly #types: number;
  readonly #typeBytes: number;
  readonly #data: number;
  readonly #kind: CellKind;
  readonly #bytes: number;

  constructor(
    types: TypesRange,
    data: DataRange,
    private readonly state: ViewState,
    private readonly deallocate: Pointer,
  ) {
    this.#types = Number(types.address) - types.first * types.elementBytes;
    this.#typeBytes = types.elementBytes;
    this.#data = Number(data.address) - data.first * bytesOf(data.kind);
    this.#kind = data.kind;
    this.#bytes = bytesOf(data.kind);
  }

  types(start: number, length: number): Uint8Array | Int32Array {
    if (this.#typeBytes === 1) {
      return length === 0 ? new Uint8Array(0) : new Uint8Array(this.#map(this.#types, start, length));
    }
    return length === 0 ? new Int32Array(0) : new Int32Array(this.#map(this.#types, start * 4, length * 4));
  }

  values(start: number, length: number): DtypeArray {
    return arrayOver(this.#kind, this.#mapData(start, length), 0, length);
  }

  bits(start: number, length: number): BitsArray {
    return bitsOver(this.#kind, this.#mapData(start, length), 0, length);
  }

  #mapData(start: number, length: number): ArrayBuffer {
    if (length === 0) return new ArrayBuffer(0);
    return this.#map(this.#data, start * this.#bytes, length * this.#bytes);
  }

  /** Nothing: each buffer releases its own view. */
  detach(): boolean {
    return true;
  }

  #map(address: number, byteOffset: number, byteLength: number): ArrayBuffer {
    const context = this.state.store as Pointer;
    const buffer = toArrayBuffer((address + byteOffset) as Pointer, 0, byteLength, context, this.deallocate);
    this.state.count++;
    return buffer;
  }
}

/** The same for the bytes of an extra. */
class SmallBytesViews implements BytesViews {
  readonly #address: number;

  constructor(
    range: MemoryRange,
    private readonly state: ViewState,
    private readonly deallocate: Pointer,
  ) {
    this.#address = Number(range.address);
  }

  bytes(start: number, length: number): Uint8Array {
    const context = this.state.store as Pointer;
    const pointer = (this.#address + start) as Pointer;
    const buffer = toArrayBuffer(pointer, 0, length, context, this.deallocate);
    this.state.count++;
    return new Uint8Array(buffer);
  }

  detach(): boolean {
    return true;
  }
}

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
  return {
    system,
    canView: true,
    borrow: (address, byteLength) => toArrayBuffer(Number(address) as Pointer, 0, byteLength),
    makeArray: newArray,
    columnViews: (types, data, state) => new SmallViews(types, data, state, deallocate),
    bytesViews: (range, state) => new SmallBytesViews(range, state, deallocate),
  };
}

export { system };
