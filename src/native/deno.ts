/** Deno's side of the boundary. */
import type { ColumnRange, ColumnViews, Runtime, ViewCounter } from "./runtime.ts";
import { type Functions, symbols, type SymbolTable } from "./symbols.ts";

/**
 * One ArrayBuffer covers a whole column, and windows are subarrays of it: making a buffer costs ten times as much as
 * a subarray here, and two buffers over one address are not safe in every V8. A reservation is larger than 4 GiB, so
 * that an attempt to clone such a buffer (`structuredClone`, `postMessage`) is an error and not a copy.
 */
class LargeViews implements ColumnViews {
  #steps?: BigInt64Array;
  #types?: Int32Array;
  #values?: Float64Array;
  #bits?: BigInt64Array;

  constructor(
    private readonly stepsRange: ColumnRange,
    private readonly typesRange: ColumnRange,
    private readonly dataRange: ColumnRange,
    private readonly counter: ViewCounter,
    private readonly collected: FinalizationRegistry<number>,
  ) {}

  steps(start: number, length: number): BigInt64Array {
    this.#steps ??= new BigInt64Array(this.#map(this.stepsRange));
    return this.#steps.subarray(start, start + length);
  }

  types(start: number, length: number): Int32Array {
    this.#types ??= new Int32Array(this.#map(this.typesRange));
    return this.#types.subarray(start, start + length);
  }

  values(start: number, length: number): Float64Array {
    this.#values ??= this.#mapData();
    return this.#values.subarray(start, start + length);
  }

  bits(start: number, length: number): BigInt64Array {
    this.#values ??= this.#mapData();
    return this.#bits!.subarray(start, start + length);
  }

  #mapData(): Float64Array {
    const buffer = this.#map(this.dataRange);
    this.#bits = new BigInt64Array(buffer);
    return new Float64Array(buffer);
  }

  #map(range: ColumnRange): ArrayBuffer {
    const buffer = borrow(range.address, Number(range.byteLength));
    this.collected.register(buffer, this.counter.store);
    this.counter.count++;
    return buffer;
  }
}

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

/** Opens the store's library. */
export function open(path: string): Runtime {
  const native = openLibrary(path, symbols);
  const collected = new FinalizationRegistry<number>((store) => native.ss_view_release(store));
  return {
    native,
    canView: Deno.permissions.querySync({ name: "ffi" }).state === "granted",
    borrow,
    columnViews: (steps, types, data, counter) => new LargeViews(steps, types, data, counter, collected),
  };
}
