import { Message, MessageHeader } from "apache-arrow";
import { blankDigits, checksumKey, checksumOf, digitsOf, writeDigits } from "../checksum.ts";
import { checkMessage } from "../flatbuffer_check.ts";

/**
 * A message whose nodes all say how many nulls they have. In a slice of a column of nulls apache-arrow does not know, and
 * says -1, which others refuse.
 */
export function withNullCounts(message: Message): Message {
  if (message.headerType === MessageHeader.Schema) return message;
  // The library does not export the types of headers.
  const { nodes } = message.header() as unknown as { nodes: { length: number; nullCount: number }[] };
  for (const node of nodes) if (node.nullCount < 0) node.nullCount = node.length;
  return message;
}

/** A message with room for its checksum. */
export function withBlank(given: Message): Message {
  const message = withNullCounts(given);
  const blank = message.headerType === MessageHeader.Schema ? blankDigits.schema : blankDigits.batch;
  const metadata = new Map([...message.metadata, [checksumKey, blank]]);
  const { bodyLength, version, headerType } = message;
  return new Message(bodyLength, version, headerType, message.header(), metadata);
}

/** The pieces of messages as they are written. A message gets its checksum once it is whole. */
export class MessageLog {
  /** That of the newest message. */
  checksum = 0;
  /** Where the schema has the digits of the last message's checksum. */
  lastDigitsAt = -1;
  #pieces: Uint8Array[] = [];
  #byteCount = 0;
  /** Where the message begins that is being written, among the pieces and in the file. */
  #open: { readonly piece: number; readonly at: number } | null = null;

  begin(): void {
    this.#seal();
    this.#open = { piece: this.#pieces.length, at: this.#byteCount };
  }

  /** Returns how many bytes they are. */
  add({ buffer, byteOffset, byteLength }: ArrayBufferView): number {
    if (byteLength > 0) this.#pieces.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    this.#byteCount += byteLength;
    return byteLength;
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
    // The marker and the length come as a piece each, then the metadata.
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
