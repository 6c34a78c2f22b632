import { isSet } from "../table/bitmaps.ts";
import { numberAt } from "../value_types.ts";
import type { KeyPiece, NumberKeys, TextKeys } from "./keys.ts";

/** What each row is sorted by, as unsigned integers of 64 bits in two halves, and whether it comes behind all those. */
export interface Ranks {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** 0 for a value, 1 for a NaN, 2 for a null; null where all are values. */
  readonly classes: Uint8Array | null;
}

const [isValue, isNan, isNull] = [0, 1, 2];

type Kind = "float" | "int64" | "uint64" | "text";

/** A column to sort by, collected from one end of the dataset to the other. */
export class KeyColumn {
  #kind: Kind | null = null;
  #count = 0;
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  #classes = new Uint8Array(1024);
  #hasClasses = false;
  #texts: Uint8Array[] = [];

  /** @param refuse Makes the error for a column that has numbers in one file and strings in another. */
  constructor(private readonly refuse: (found: string) => Error) {}

  add(piece: KeyPiece): void {
    this.#reserve(piece.length);
    if (piece.kind === "text") this.#addTexts(piece);
    else this.#addNumbers(piece);
    this.#count += piece.length;
  }

  ranks(): Ranks {
    if (this.#kind === "text") this.#rankTexts();
    const [high, low] = [this.#high.subarray(0, this.#count), this.#low.subarray(0, this.#count)];
    return { high, low, classes: this.#hasClasses ? this.#classes.subarray(0, this.#count) : null };
  }

  #addNumbers(piece: NumberKeys): void {
    const { dtype, length, validity, values, first } = piece;
    const kind = dtype === "int64" || dtype === "uint64" ? dtype : "float";
    if (this.#kind === "text") throw this.refuse("numbers");
    this.#kind ??= kind;
    if (this.#kind !== kind) this.#toFloats();
    const at = this.#count;
    const words = kind === this.#kind && kind !== "float"
      ? new Uint32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
      : null;
    const flip = kind === "int64" ? 0x80000000 : 0;
    for (let row = 0; row < length; row++) {
      if (validity !== null && !isSet(validity, row)) {
        this.#setClass(at + row, isNull);
      } else if (words !== null) {
        this.#low[at + row] = words[2 * (first + row)];
        this.#high[at + row] = words[2 * (first + row) + 1] ^ flip;
      } else {
        this.#setFloat(at + row, Number(numberAt(values, dtype, first + row)));
      }
    }
  }

  #setFloat(row: number, value: number): void {
    if (value !== value) return this.#setClass(row, isNan);
    // Both zeros are one value; the bits of negative numbers count downwards.
    float[0] = value === 0 ? 0 : value;
    const isNegative = halves[1] >>> 31 === 1;
    this.#low[row] = isNegative ? ~halves[0] : halves[0];
    this.#high[row] = isNegative ? ~halves[1] : halves[1] ^ 0x80000000;
  }

  /** Where integers of 64 bits and other numbers meet, all are compared as floats, as Arrow does. */
  #toFloats(): void {
    const [kind, count] = [this.#kind, this.#count];
    this.#kind = "float";
    if (kind === "float") return;
    for (let row = 0; row < count; row++) {
      const high = kind === "int64" ? this.#high[row] ^ 0x80000000 : this.#high[row] >>> 0;
      if (this.#classes[row] === isValue) this.#setFloat(row, high * 2 ** 32 + this.#low[row]);
    }
  }

  #addTexts({ length, at }: TextKeys): void {
    if (this.#kind !== null && this.#kind !== "text" && this.#hasValue()) throw this.refuse("strings");
    this.#kind = "text";
    for (let row = 0; row < length; row++) {
      const text = at(row);
      if (text === null) this.#setClass(this.#count + row, isNull);
      this.#texts[this.#count + row] = text ?? noText;
    }
  }

  /** A string's rank among the different ones, by their bytes. */
  #rankTexts(): void {
    const texts = this.#texts;
    const order = Uint32Array.from({ length: this.#count }, (_, row) => row);
    order.sort((a, b) => compareBytes(texts[a] ?? noText, texts[b] ?? noText));
    let rank = 0;
    for (let i = 0; i < order.length; i++) {
      const isNew = i > 0 && compareBytes(texts[order[i - 1]] ?? noText, texts[order[i]] ?? noText) !== 0;
      if (isNew) rank++;
      this.#low[order[i]] = rank;
      this.#high[order[i]] = 0;
    }
    this.#texts = [];
  }

  #hasValue(): boolean {
    return this.#classes.subarray(0, this.#count).includes(isValue);
  }

  #setClass(row: number, value: number): void {
    this.#classes[row] = value;
    this.#hasClasses = true;
  }

  #reserve(count: number): void {
    const needed = this.#count + count;
    if (needed <= this.#high.length) return;
    const length = Math.max(needed, 2 * this.#high.length);
    this.#high = grown(this.#high, new Uint32Array(length));
    this.#low = grown(this.#low, new Uint32Array(length));
    this.#classes = grown(this.#classes, new Uint8Array(length));
  }
}

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);
const noText = new Uint8Array(0);

function grown<Words extends Uint32Array | Uint8Array>(from: Words, to: Words): Words {
  to.set(from);
  return to;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
