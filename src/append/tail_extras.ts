import { tailExtraBytesMax } from "../native/abi.ts";

/** Bytes of a word, in which the tail is counted here. */
const wordBytes = 8;

/** UTF-8 has so many bytes a UTF-16 unit at most. */
const unitBytesMax = 3;

/**
 * A view costs more than what it takes to write a short text, and to encode at a place takes one: so texts of up to so many
 * units are encoded in memory of their own, and copied by halves of words.
 */
const copiedUnitsMax = 256;
const encoded = new Uint8Array(unitBytesMax * copiedUnitsMax);
const encodedHalves = new Int32Array(encoded.buffer);
/** Of all texts that are appended. */
export const encoder = new TextEncoder();

/** The part of the tail that extras stand in: for each value its length, and its bytes or where they are in the file. */
export class TailExtras {
  readonly bytes: Uint8Array;
  /** The same memory: a word is two of these, its low half first. */
  readonly #halves: Int32Array;
  /** Words that are published, words that may be taken, and values that may be. */
  end = 0;
  wordsMax: number;
  valuesMax = Infinity;
  /** Bytes that were written to files past it, since it was empty. */
  placedBytes = 0;

  constructor(readonly buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.#halves = new Int32Array(buffer);
    this.wordsMax = buffer.byteLength / wordBytes;
  }

  /** Goes to the start, and to what may be taken from there. */
  restart(valuesMax = Infinity, wordsMax = this.buffer.byteLength / wordBytes): void {
    this.end = 0;
    this.placedBytes = 0;
    this.valuesMax = valuesMax;
    this.wordsMax = wordsMax;
  }

  /** Where the bytes of a value stand whose words begin at one, or -1 where so many have no room there. */
  placeFor(word: number, length: number): number {
    const at = wordBytes * (word + 1);
    return at + length <= wordBytes * this.wordsMax ? at : -1;
  }

  /** Writes a text as UTF-8, and returns how many bytes it has, or -1 where there may be no room. */
  encode(word: number, text: string): number {
    const bytesMax = unitBytesMax * text.length;
    const at = this.placeFor(word, bytesMax);
    if (at < 0) return -1;
    if (text.length > copiedUnitsMax) {
      return encoder.encodeInto(text, this.bytes.subarray(at, at + bytesMax)).written;
    }
    const { written } = encoder.encodeInto(text, encoded);
    const halves = this.#halves;
    const first = 2 * (word + 1);
    const count = (written + 3) >> 2;
    for (let i = 0; i < count; i++) halves[first + i] = encodedHalves[i];
    return written;
  }

  /** Says how long the value is whose bytes are there already. Returns the word after it. */
  note(word: number, length: number): number {
    this.#halves[2 * word] = length;
    this.#halves[2 * word + 1] = 0;
    return word + 1 + Math.ceil(length / wordBytes);
  }

  /** Says where a value is that was written to the file. Returns the word after it, or -1 where there is no room. */
  notePlaced(word: number, length: number, place: number): number {
    if (word + 2 > this.wordsMax) return -1;
    this.note(word, length);
    this.#halves[2 * word + 2] = place % 2 ** 32;
    this.#halves[2 * word + 3] = Math.floor(place / 2 ** 32);
    return word + 2;
  }
}

/** A text of so many UTF-16 units takes the tail, however many bytes each becomes; a longer one becomes bytes before. */
export const tailTextMax = Math.floor(tailExtraBytesMax / unitBytesMax);
