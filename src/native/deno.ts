/** Deno's side of the boundary. */
import type {
  BytesViews,
  ColumnRange,
  ColumnViews,
  DataRange,
  Functions,
  MemoryRange,
  Opened,
  SymbolTable,
  TypesRange,
  ViewState,
} from "./runtime.ts";
import { system } from "./deno_system.ts";
import { symbols } from "./abi.ts";
import { arrayOver, type BitsArray, bitsOver, bytesOf, type DtypeArray } from "../dtypes.ts";

/**
 * One ArrayBuffer covers a whole column, and windows are subarrays of it: making a buffer costs ten times as much as
 * a subarray here, and two buffers over one address are not safe in every V8. A reservation is larger than 4 GiB, so
 * that an attempt to clone such a buffer (`structuredClone`, `postMessage`) is an error and not a copy.
 *
 * A buffer can be transferred, though, and then lives on where nobody can count it. The columns may be unmapped only
 * when every buffer was still ours to detach.
 */
class LargeViews implements ColumnViews {
  #types: Uint8Array | Int32Array = new Int32Array(0);
  #values: DtypeArray;
  #bits: BitsArray;
  readonly #buffers: ArrayBuffer[] = [];

  constructor(
    private readonly typesRange: TypesRange,
    private readonly dataRange: DataRange,
    private readonly state: ViewState,
    private readonly owner: object,
  ) {
    const none = new ArrayBuffer(0);
    this.#values = arrayOver(dataRange.kind, none, 0, 0);
    this.#bits = bitsOver(dataRange.kind, none, 0, 0);
  }

  // Length 0: not made yet, or transferred away by somebody.

  types(start: number, length: number): Uint8Array | Int32Array {
    if (this.#types.length === 0) {
      const buffer = this.#map(this.typesRange);
      this.#types = this.typesRange.elementBytes === 1 ? new Uint8Array(buffer) : new Int32Array(buffer);
    }
    const at = start - this.typesRange.first;
    return this.#types.subarray(at, at + length);
  }

  values(start: number, length: number): DtypeArray {
    if (this.#values.length === 0) this.#mapData();
    const at = start - this.dataRange.first;
    return this.#values.subarray(at, at + length);
  }

  bits(start: number, length: number): BitsArray {
    if (this.#bits.length === 0) this.#mapData();
    const at = start - this.dataRange.first;
    return this.#bits.subarray(at, at + length);
  }

  detach(): boolean {
    return detachAll(this.#buffers);
  }

  #mapData(): void {
    const buffer = this.#map(this.dataRange);
    const { kind } = this.dataRange;
    const length = buffer.byteLength / bytesOf(kind);
    this.#values = arrayOver(kind, buffer, 0, length);
    this.#bits = bitsOver(kind, buffer, 0, length);
  }

  #map(range: ColumnRange): ArrayBuffer {
    const buffer = borrow(range.address, Number(range.byteLength));
    owners.set(buffer, this.owner);
    this.#buffers.push(buffer);
    this.state.mustBlank = true;
    return buffer;
  }
}

/** The same for the bytes of an extra. */
class LargeBytesViews implements BytesViews {
  #bytes = new Uint8Array(0);
  readonly #buffers: ArrayBuffer[] = [];

  constructor(
    private readonly range: MemoryRange,
    private readonly state: ViewState,
    private readonly owner: object,
  ) {}

  bytes(start: number, length: number): Uint8Array {
    // Not made yet, or transferred away by somebody.
    if (this.#bytes.length === 0) {
      const buffer = borrow(this.range.address, Number(this.range.byteLength));
      owners.set(buffer, this.owner);
      this.#buffers.push(buffer);
      this.state.mustBlank = true;
      this.#bytes = new Uint8Array(buffer);
    }
    return this.#bytes.subarray(start, start + length);
  }

  detach(): boolean {
    return detachAll(this.#buffers);
  }
}

/** Returns whether all were still there to be detached. */
function detachAll(buffers: readonly ArrayBuffer[]): boolean {
  const areOurs = buffers.every((buffer) => !buffer.detached);
  for (const buffer of buffers) if (!buffer.detached) buffer.transfer();
  return areOurs;
}

/** Keeps a store alive while an array over its columns is, also where nothing else refers to it. */
const owners = new WeakMap<ArrayBuffer, object>();

function borrow(address: bigint, byteLength: number): ArrayBuffer {
  return Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(address)!, byteLength);
}

/** Arrays of few words share a buffer: to make one of 128 takes V8 0.3 to 1 µs, and a part of another 60 ns. */
let pool = new BigInt64Array(0);
let pooled = 0;
const poolLength = 8192;

function makeWords(length: number): BigInt64Array {
  if (length > poolLength / 8) return new BigInt64Array(length);
  // Its length is 0 where somebody has transferred the buffer away.
  if (pooled + length > pool.length) {
    pool = new BigInt64Array(poolLength);
    pooled = 0;
  }
  pooled += length;
  return pool.subarray(pooled - length, pooled);
}

/** Opens a library. It is never closed again: a call through a closed library kills the process. */
export function openLibrary<Table extends SymbolTable>(path: string, table: Table): Functions<Table> {
  const functions: Record<string, Deno.ForeignFunction> = {};
  for (const [name, { args, result }] of Object.entries(table)) {
    functions[name] = { parameters: [...args], result };
  }
  return Deno.dlopen(path, functions).symbols as unknown as Functions<Table>;
}

/** Opens the store's library. */
export function open(path: string): Opened {
  const native = openLibrary(path, symbols);
  return {
    native,
    system,
    canView: Deno.permissions.querySync({ name: "ffi" }).state === "granted",
    borrow,
    makeWords,
    columnViews: (types, data, state, owner) => new LargeViews(types, data, state, owner),
    bytesViews: (range, state, owner) => new LargeBytesViews(range, state, owner),
  };
}

export { system };
