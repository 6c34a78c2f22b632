/**
 * The tables of Arrow's metadata, as they lie in its bytes. Nothing is taken for true: what does not lie within the bytes
 * is an error. The flatbuffers library has no verifier for JavaScript, and reads zeros behind the end.
 *
 * @see https://flatbuffers.dev/internals/
 */
export class Flatbuffer {
  readonly view: DataView;
  #tables = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The table that all others hang on. */
  get root(): FlatTable {
    return this.table(this.follow(0));
  }

  /** Where an offset leads. A place that is not there is a RangeError of the view. */
  follow(at: number): number {
    return at + this.view.getUint32(at, true);
  }

  table(at: number): FlatTable {
    // Tables that share children could be more than the bytes have room for.
    if (++this.#tables > this.view.byteLength / 4) throw new Error("metadata must not repeat itself");
    return new FlatTable(this, at);
  }
}

/** Entries that lie one behind the other. */
export interface FlatVector {
  readonly start: number;
  readonly count: number;
}

export class FlatTable {
  /** Where it lists the places of its fields, and where that ends. */
  readonly #slots: number;
  readonly #slotsEnd: number;

  constructor(private readonly buffer: Flatbuffer, private readonly at: number) {
    this.#slots = at - buffer.view.getInt32(at, true);
    this.#slotsEnd = this.#slots + buffer.view.getUint16(this.#slots, true);
  }

  byte(slot: number): number {
    const at = this.#place(slot);
    return at === null ? 0 : this.buffer.view.getUint8(at);
  }

  integer(slot: number): number {
    const at = this.#place(slot);
    return at === null ? 0 : Number(this.buffer.view.getBigInt64(at, true));
  }

  child(slot: number): FlatTable | null {
    const at = this.#place(slot);
    return at === null ? null : this.buffer.table(this.buffer.follow(at));
  }

  children(slot: number): FlatTable[] {
    const { start, count } = this.vector(slot, 4);
    return Array.from({ length: count }, (_, i) => this.buffer.table(this.buffer.follow(start + 4 * i)));
  }

  text(slot: number): string {
    const { start, count } = this.vector(slot, 1);
    return new TextDecoder().decode(this.buffer.bytes.subarray(start, start + count));
  }

  /** Entries of 64 bits. */
  integers(slot: number): number[] {
    const { start, count } = this.vector(slot, 8);
    return Array.from({ length: count }, (_, i) => Number(this.buffer.view.getBigInt64(start + 8 * i, true)));
  }

  /** Leaves tables out of a vector of them. They stay where they are, and the places that lead to them move. */
  keepChildren(slot: number, isKept: (index: number) => boolean): void {
    const { start, count } = this.vector(slot, 4);
    const { view } = this.buffer;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (!isKept(i)) continue;
      const [from, to] = [start + 4 * i, start + 4 * kept++];
      view.setUint32(to, view.getUint32(from, true) + from - to, true);
    }
    if (count > 0) view.setUint32(start - 4, kept, true);
  }

  /** Entries of so many bytes each, all of which must be there. */
  vector(slot: number, entryBytes: number): FlatVector {
    const at = this.#place(slot);
    if (at === null) return { start: 0, count: 0 };
    const start = this.buffer.follow(at);
    const count = this.buffer.view.getUint32(start, true);
    const room = this.buffer.view.byteLength - start - 4;
    if (count * entryBytes > room) {
      throw new Error(`a list in the metadata must have at most ${room} bytes, got ${count} × ${entryBytes}`);
    }
    return { start: start + 4, count };
  }

  /** Where a field stands, or null where it is left out. */
  #place(slot: number): number | null {
    const at = this.#slots + 4 + 2 * slot;
    const offset = at < this.#slotsEnd ? this.buffer.view.getUint16(at, true) : 0;
    return offset === 0 ? null : this.at + offset;
  }
}
