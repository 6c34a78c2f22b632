import { join } from "../output.ts";

/** Reads a stream of pieces as one row of bytes. */
export class PieceReader {
  /** How many bytes were taken. */
  offset = 0;
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** The bytes that come next: pieces, of which the first was begun. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next bytes: so many, or all that are left if they are fewer, or more. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#heldBytes < count) {
      const { done, value } = await this.#pieces.next();
      if (done) break;
      this.#held.push(value);
      this.#heldBytes += value.length;
    }
    if (this.#held.length === 0) return new Uint8Array(0);
    if (this.#held[0].length < count) this.#held = [join(this.#held)];
    return this.#held[0];
  }

  /** The next so many bytes. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    if (bytes.length < count) throw new Error(`a Parquet page must have ${count} bytes, has ${bytes.length}`);
    this.#held[0] = bytes.subarray(count);
    this.#heldBytes -= count;
    this.offset += count;
    return bytes.subarray(0, count);
  }

  /** All that is left. */
  async rest(): Promise<Uint8Array> {
    const bytes = await this.peek(Infinity);
    return await this.take(bytes.length);
  }
}
