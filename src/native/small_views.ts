/** Views of a store's memory where the engine counts what lies under them as its own, as in Bun. */
import type {
  BytesViews,
  ColumnRange,
  ColumnViews,
  DataRange,
  MemoryRange,
  Opened,
  TypesRange,
  ViewState,
} from "./runtime.ts";
import {
  type ArrayClass,
  arrayClass,
  type BitsArray,
  bitsClass,
  bytesOf,
  type DtypeArray,
} from "../dtypes.ts";

/** Makes a buffer over memory of a store. The native library is told when it is collected. */
type MapMemory = (address: number, byteLength: number, state: ViewState) => ArrayBuffer;

/**
 * Bytes of live buffers count as heap here and drive garbage collection, so none may be over a whole column: a window has
 * one of its own, or shares that of a part of the column.
 */
export function smallViews(map: MapMemory): Pick<Opened, "columnViews" | "bytesViews"> {
  return {
    columnViews: (types, data, state) => new SmallViews(types, data, state, map),
    bytesViews: (range, state) => new SmallBytesViews(range, state, map),
  };
}

/** To make a buffer takes five times as long as an array over one. */
const partBytes = 65_536;

/** Part of a column in which windows are looked at. */
interface Part {
  column: Column | null;
  index: number;
  /** How many there were, less those of other parts that would have had its place. */
  looks: number;
  buffer: ArrayBuffer | null;
}

/** At so many there is a buffer; and so many others in a row end it at last. */
const looksMin = 3;
const looksMax = 16;

/** 16 MiB in all, whatever is open. Windows that are all over a large store hardly ever meet in one. */
const partsMask = 255;
const parts: readonly Part[] = Array.from(
  { length: partsMask + 1 },
  () => ({ column: null, index: 0, looks: 0, buffer: null }),
);

/** Parts of a column have places side by side. Those of another begin elsewhere. */
let lastPlace = 0;
const placesBetween = 37;

function forgetParts(columns: readonly Column[]): void {
  for (const part of parts) {
    if (part.column === null || !columns.includes(part.column)) continue;
    part.column = part.buffer = null;
    part.looks = 0;
  }
}

/** Where a store is not closed, parts of it are given up as well: a buffer keeps the store's memory. */
const dropped = new FinalizationRegistry<readonly Column[]>(forgetParts);

/** The memory of a column. Parts know it, so it knows nothing that keeps its store from being collected. */
class Column {
  readonly #address: number;
  readonly #byteLength: number;
  readonly #first: number;
  readonly #place = lastPlace += placesBetween;

  constructor(
    { address, byteLength, first }: ColumnRange,
    private readonly elementBytes: number,
    private readonly state: ViewState,
    private readonly map: MapMemory,
  ) {
    this.#address = Number(address);
    this.#byteLength = Number(byteLength);
    this.#first = first;
  }

  /** An array over some elements. */
  view<Elements>(kind: ArrayClass<Elements>, start: number, length: number): Elements {
    if (length === 0) return new kind(0);
    const offset = (start - this.#first) * this.elementBytes;
    const byteLength = length * this.elementBytes;
    const index = Math.floor(offset / partBytes);
    const within = offset - index * partBytes;
    const buffer = within + byteLength <= partBytes ? this.#look(index) : null;
    if (buffer !== null) return new kind(buffer, within, length);
    return new kind(this.#map(offset, byteLength), 0, length);
  }

  /** The buffer of a part, where it has one by now. */
  #look(index: number): ArrayBuffer | null {
    const part = parts[(this.#place + index) & partsMask];
    if (part.column !== this || part.index !== index) return this.#miss(part, index);
    if (part.looks < looksMax) part.looks++;
    if (part.looks < looksMin) return part.buffer;
    // One that somebody has transferred has no bytes.
    if (part.buffer === null || part.buffer.byteLength === 0) {
      const offset = index * partBytes;
      part.buffer = this.#map(offset, Math.min(partBytes, this.#byteLength - offset));
    }
    return part.buffer;
  }

  #miss(part: Part, index: number): null {
    if (part.looks > 0) part.looks--;
    else {
      part.column = this;
      part.index = index;
      part.looks = 1;
      part.buffer = null;
    }
    return null;
  }

  #map(offset: number, byteLength: number): ArrayBuffer {
    return this.map(this.#address + offset, byteLength, this.state);
  }
}

class SmallViews implements ColumnViews {
  readonly #types: Column;
  readonly #data: Column;
  readonly #typesClass: ArrayClass<Uint8Array | Int32Array>;
  readonly #valuesClass: ArrayClass<DtypeArray>;
  readonly #bitsClass: ArrayClass<BitsArray>;

  constructor(types: TypesRange, data: DataRange, state: ViewState, map: MapMemory) {
    this.#types = new Column(types, types.elementBytes, state, map);
    this.#data = new Column(data, bytesOf(data.kind), state, map);
    this.#typesClass = types.elementBytes === 1 ? Uint8Array : Int32Array;
    this.#valuesClass = arrayClass(data.kind);
    this.#bitsClass = bitsClass(data.kind);
    dropped.register(this, [this.#types, this.#data]);
  }

  types(start: number, length: number): Uint8Array | Int32Array {
    return this.#types.view(this.#typesClass, start, length);
  }

  values(start: number, length: number): DtypeArray {
    return this.#data.view(this.#valuesClass, start, length);
  }

  bits(start: number, length: number): BitsArray {
    return this.#data.view(this.#bitsClass, start, length);
  }

  /** Each buffer that somebody has releases its own view. */
  detach(): boolean {
    forgetParts([this.#types, this.#data]);
    return true;
  }
}

/** The same for the bytes of an extra, each value a buffer. */
class SmallBytesViews implements BytesViews {
  readonly #address: number;

  constructor(range: MemoryRange, private readonly state: ViewState, private readonly map: MapMemory) {
    this.#address = Number(range.address);
  }

  bytes(start: number, length: number): Uint8Array {
    return new Uint8Array(this.map(this.#address + start, length, this.state));
  }

  detach(): boolean {
    return true;
  }
}
