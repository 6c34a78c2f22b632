/** Views of a store's memory where the engine is V8, as in Deno and in Node. */
import type {
  BytesViews,
  ColumnViews,
  DataRange,
  MemoryRange,
  Opened,
  TypesRange,
  ViewState,
} from "./runtime.ts";
import { arrayOver, type BitsArray, bitsOver, bytesOf, type DtypeArray } from "../dtypes.ts";

type Borrow = Opened["borrow"];

/** The views of a runtime that can have an ArrayBuffer over foreign memory. */
export function largeViews(borrow: Borrow): Pick<Opened, "columnViews" | "bytesViews"> {
  return {
    columnViews: (types, data, state, owner) =>
      new LargeViews(types, data, new Buffers(borrow, state, owner)),
    bytesViews: (range, state, owner) => new LargeBytesViews(range, new Buffers(borrow, state, owner)),
  };
}

/**
 * How large a buffer is made that must have so many bytes, of so many that there may be: not much more than what is looked
 * at, and twice as much each time, so that of a column that grows there are few. V8 counts all of it as memory that the
 * buffer brings. Where that is more than it allows its heap, as a whole reservation of 16 GiB is, it takes the heap for
 * full ever after, and collects all of it each time that some 8 MB have grown old.
 */
function sizeOf(neededBytes: number, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(2 ** 16, 2 ** Math.ceil(Math.log2(neededBytes))));
}

/**
 * The buffers over a store's memory. One can be transferred by a user, and then lives on where nobody can count it. The
 * memory may be unmapped only when every buffer was still ours to detach.
 */
class Buffers {
  readonly #buffers: ArrayBuffer[] = [];

  constructor(
    private readonly borrow: Borrow,
    private readonly state: ViewState,
    private readonly owner: object,
  ) {}

  /** A buffer from the start of a range on, which has at least so many bytes. */
  make({ address, byteLength }: MemoryRange, neededBytes: number): ArrayBuffer {
    const buffer = this.borrow(address, sizeOf(neededBytes, Number(byteLength)));
    owners.set(buffer, this.owner);
    this.#buffers.push(buffer);
    this.state.mustBlank = true;
    return buffer;
  }

  /** Returns whether all were still there to be detached. */
  detach(): boolean {
    const areOurs = this.#buffers.every((buffer) => !buffer.detached);
    for (const buffer of this.#buffers) if (!buffer.detached) buffer.transfer();
    return areOurs;
  }
}

/**
 * One ArrayBuffer covers a whole column, or what there is of it, and windows are subarrays of it: making a buffer costs
 * ten times as much as a subarray here. An array that is too short is not made yet, transferred away by somebody (its
 * length is 0 then), or of a time when the column was shorter.
 */
class LargeViews implements ColumnViews {
  #types: Uint8Array | Int32Array = new Int32Array(0);
  #values: DtypeArray;
  #bits: BitsArray;

  constructor(
    private readonly typesRange: TypesRange,
    private readonly dataRange: DataRange,
    private readonly buffers: Buffers,
  ) {
    const none = new ArrayBuffer(0);
    this.#values = arrayOver(dataRange.kind, none, 0, 0);
    this.#bits = bitsOver(dataRange.kind, none, 0, 0);
  }

  types(start: number, length: number): Uint8Array | Int32Array {
    const at = start - this.typesRange.first;
    if (at + length > this.#types.length) {
      const { elementBytes } = this.typesRange;
      const buffer = this.buffers.make(this.typesRange, (at + length) * elementBytes);
      this.#types = elementBytes === 1 ? new Uint8Array(buffer) : new Int32Array(buffer);
    }
    return this.#types.subarray(at, at + length);
  }

  values(start: number, length: number): DtypeArray {
    const at = start - this.dataRange.first;
    if (at + length > this.#values.length) this.#mapData(at + length);
    return this.#values.subarray(at, at + length);
  }

  bits(start: number, length: number): BitsArray {
    const at = start - this.dataRange.first;
    if (at + length > this.#bits.length) this.#mapData(at + length);
    return this.#bits.subarray(at, at + length);
  }

  detach(): boolean {
    return this.buffers.detach();
  }

  #mapData(needed: number): void {
    const { kind } = this.dataRange;
    const buffer = this.buffers.make(this.dataRange, needed * bytesOf(kind));
    const length = buffer.byteLength / bytesOf(kind);
    this.#values = arrayOver(kind, buffer, 0, length);
    this.#bits = bitsOver(kind, buffer, 0, length);
  }
}

/** The same for the bytes of an extra. */
class LargeBytesViews implements BytesViews {
  #bytes = new Uint8Array(0);

  constructor(private readonly range: MemoryRange, private readonly buffers: Buffers) {}

  bytes(start: number, length: number): Uint8Array {
    if (start + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(this.buffers.make(this.range, start + length));
    }
    return this.#bytes.subarray(start, start + length);
  }

  detach(): boolean {
    return this.buffers.detach();
  }
}

/** Keeps a store alive while an array over its columns is, also where nothing else refers to it. */
const owners = new WeakMap<ArrayBuffer, object>();
