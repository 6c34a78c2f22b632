import type { ByteSource } from "../../files/byte_source.ts";
import type { Reader } from "../thrift.ts";

/** How much is read at a time: many pages, and little beside a row group of 100 MB. */
const windowBytes = 4_000_000;
/** Most headers have less than a hundred bytes; more has one with long statistics. */
const headerBytes = 8_192;
/** More than any has. */
const headerBytesMax = 16_000_000;

/** The bytes of a column chunk, from its first on, of which a part at a time is held. */
export class ChunkBytes {
  #window = new Uint8Array(0);
  /** Where the window lies in the source, and where in it is read on. */
  #start: number;
  #offset = 0;

  constructor(private readonly source: ByteSource, start: number, private readonly end: number) {
    this.#start = start;
  }

  /** What a parser makes of the next bytes. */
  async parse<Result>(parser: (reader: Reader) => Result): Promise<Result> {
    const wanted = Math.min(headerBytesMax, this.end - this.#start - this.#offset);
    await this.#fill(headerBytes);
    try {
      return this.#parseWindow(parser);
    } catch (error) {
      // It may be one that the bytes end in, or one that is damaged: more of them tell.
      if (this.#window.length - this.#offset >= wanted) throw error;
    }
    await this.#fill(wanted);
    return this.#parseWindow(parser);
  }

  /** The next so many bytes. They are valid until more are taken. */
  async take(count: number): Promise<Uint8Array> {
    const left = this.end - this.#start - this.#offset;
    if (!(count >= 0 && count <= left)) {
      throw new Error(`a page must lie within the ${left} bytes that its column has left, got ${count}`);
    }
    await this.#fill(count);
    this.#offset += count;
    return this.#window.subarray(this.#offset - count, this.#offset);
  }

  #parseWindow<Result>(parser: (reader: Reader) => Result): Result {
    const { buffer, byteOffset, byteLength } = this.#window;
    const reader = { view: new DataView(buffer, byteOffset, byteLength), offset: this.#offset };
    const result = parser(reader);
    this.#offset = reader.offset;
    return result;
  }

  /** Sees to it that so many further bytes are there, or all that are left. */
  async #fill(count: number): Promise<void> {
    const from = this.#start + this.#offset;
    if (from + count <= this.#start + this.#window.length || this.#start + this.#window.length >= this.end) {
      return;
    }
    const to = Math.min(this.end, from + Math.max(count, windowBytes));
    this.#window = new Uint8Array(await this.source.slice(from, to));
    this.#start = from;
    this.#offset = 0;
  }
}
