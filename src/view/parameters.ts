/** What the page asks for: every name and every value is checked before anything is done. */
import { describe } from "../fields.ts";
import type { StreamStore } from "../store.ts";
import { BadQuestion, type Question } from "./route.ts";

/** The values of a question, for whoever answers it. `action` begins its messages: "show rows". */
export class Parameters {
  readonly #query: URLSearchParams;
  readonly #action: string;

  /** Refuses names that are not known, and those that are given twice, but for the ones that `lists` names. */
  constructor({ query }: Question, action: string, names: readonly string[], lists: readonly string[] = []) {
    this.#query = query;
    this.#action = action;
    const allowed = [...names, ...lists];
    for (const name of new Set(query.keys())) {
      if (!allowed.includes(name)) {
        throw this.refusal(`a name must be one of ${allowed.join(", ")}, got ${describe(name)}`);
      }
      const count = query.getAll(name).length;
      if (count > 1 && !lists.includes(name)) throw this.refusal(`${name} must be given once, got ${count}`);
    }
  }

  /** An error that is answered with status 400, or another. */
  refusal(reason: string, status = 400): BadQuestion {
    return new BadQuestion(`Cannot ${this.#action}: ${reason}`, status);
  }

  has(name: string): boolean {
    return this.#query.has(name);
  }

  text(name: string, lengthMax = 1000): string {
    const text = this.#query.get(name);
    if (text === null) throw this.refusal(`${name} must be given, got nothing`);
    if (text.length > lengthMax) {
      throw this.refusal(`${name} must have at most ${lengthMax} characters, got ${text.length}`);
    }
    return text;
  }

  /** All values of a name that may be given several times. */
  texts(name: string, countMax: number): readonly string[] {
    const texts = this.#query.getAll(name);
    if (texts.length > countMax) {
      throw this.refusal(`${name} must be given at most ${countMax} times, got ${texts.length}`);
    }
    return texts;
  }

  /** A whole number from `min` to `max`. */
  whole(name: string, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(name);
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw this.refusal(`${name} must be a whole number from ${min} to ${max}, got ${describe(text)}`);
  }

  /** The same, or what stands for it where it is not given. */
  wholeOr(name: string, otherwise: number, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
    return this.has(name) ? this.whole(name, min, max) : otherwise;
  }

  /** A whole number of 64 bits: a step. */
  int64(name: string): bigint {
    const text = this.text(name);
    const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : null;
    if (value !== null && BigInt.asIntN(64, value) === value) return value;
    throw this.refusal(`${name} must be a whole number of 64 bits, got ${describe(text)}`);
  }

  /** One of the names of fields, or of whatever the store has. */
  oneOf(name: string, allowed: readonly string[]): string {
    const text = this.text(name);
    if (allowed.includes(text)) return text;
    throw this.refusal(`${name} must be one of ${allowed.join(", ") || "none"}, got ${describe(text)}`);
  }

  /** The store that is asked about. */
  store({ stores }: Question): StreamStore {
    return stores.get(this.whole("store", 0, stores.count - 1));
  }
}
