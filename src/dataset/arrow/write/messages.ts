import type { MessageSink } from "../apache_arrow.ts";
import { blankDigits, checksumKey, checksumOf, digitsOf, writeDigits } from "../checksum.ts";
import { checkMessage } from "../flatbuffer_check.ts";

/** The pieces of messages as they are written. A message gets its checksum once it is whole. */
export class MessageLog implements MessageSink {
  /** That of the newest message. */
  checksum = 0;
  /** Where the schema has the digits of the last message's checksum. */
  lastDigitsAt = -1;
  #pieces: Uint8Array[] = [];
  #byteCount = 0;
  /** Where the message begins that is being written, among the pieces and in the file. */
  #open: { readonly piece: number; readonly at: number } | null = null;

  /** A message begins, with room for its checksum. */
  begin(isSchema: boolean): readonly [key: string, value: string] {
    this.#seal();
    this.#open = { piece: this.#pieces.length, at: this.#byteCount };
    return [checksumKey, isSchema ? blankDigits.schema : blankDigits.batch];
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#byteCount += piece.length;
  }

  /** What there is, up to the end of a message; nothing more can be added to that one. */
  take(): Uint8Array[] {
    this.#seal();
    const taken = this.#pieces;
    this.#pieces = [];
    return taken;
  }

  #seal(): void {
    if (this.#open === null) return;
    const message = this.#pieces.slice(this.#open.piece);
    const [marker, length, metadata] = message;
    const { start } = checkMessage(metadata).digits!;
    for (const piece of message) this.checksum = checksumOf(piece, this.checksum);
    const digits = digitsOf(this.checksum);
    writeDigits(metadata.subarray(start), digits);
    if (this.lastDigitsAt < 0) {
      this.lastDigitsAt = this.#open.at + marker.length + length.length + start + digits.length;
    }
    this.#open = null;
  }
}
