import { checksumOf, digitsOf, takeDigits } from "../checksum.ts";
import type { Message } from "../flatbuffer_check.ts";

/** A message, as far as its checksum goes. */
export interface ChainedMessage {
  readonly kind: Message["kind"];
  /** Where it begins. */
  readonly at: number;
  /** All of it, its body included. */
  readonly bytes: Uint8Array;
  /** The place in its bytes where it has the digits of a checksum of ours. */
  readonly digits: Uint8Array | null;
}

/** Compares the messages of a stream with their checksums, if it begins with a schema that has one. */
export class MessageChain {
  /** That of the message before; null in a stream without, and before the first. */
  #checksum: number | null = null;
  #isFirst = true;
  /** The digits that the last message must have. */
  #last = "";
  #hasEnd = false;

  /** `listed` are the digits that the last message must have by what stands elsewhere, or null. */
  constructor(
    private readonly failure: (reason: string) => Error,
    private readonly listed: string | null,
  ) {}

  add({ kind, at, bytes, digits }: ChainedMessage): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const what = kind === "schema" ? "the schema" : "rows";
    if (digits === null) {
      if (this.#checksum === null && !(isFirst && this.listed !== null)) return;
      throw this.failure(`${what} at ${at} must have a checksum, but there is none`);
    }
    if (this.#checksum === null && !(isFirst && kind === "schema")) {
      throw this.failure(
        `${what} at ${at} must not have a checksum, as the schema before has none; whoever copied them from a file of StreamStore must leave out their custom metadata`,
      );
    }
    const { own, last } = takeDigits(digits);
    this.#checksum = checksumOf(bytes, this.#checksum ?? 0);
    this.#compare(`${what} at ${at}`, own);
    if (isFirst) this.#begin(last);
  }

  /** Arrow's marker for the end of a stream was found at a place, and the stream ends at another. */
  mark(at: number, end: number): void {
    if (this.#checksum !== null && at + markerBytes !== end) {
      throw this.failure(`its rows must end at ${end - markerBytes}, got an end at ${at}`);
    }
    this.#hasEnd = true;
  }

  end(): void {
    if (this.#checksum === null) return;
    if (!this.#hasEnd) throw this.failure("it must end with the marker of a stream's end, but is cut off");
    this.#compare("the last of its rows", this.#last);
  }

  #begin(last: string): void {
    if (this.listed !== null && this.listed !== last) {
      throw this.failure(`it must be the file with the checksum ${this.listed}, got that with ${last}`);
    }
    this.#last = last;
  }

  #compare(what: string, digits: string): void {
    const found = digitsOf(this.#checksum!);
    if (found !== digits) throw this.failure(`${what} must have the checksum ${digits}, got ${found}`);
  }
}

/** -1 and 0. */
const markerBytes = 8;
