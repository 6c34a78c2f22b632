import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { decode } from "../../decode.ts";

/** A place in bytes, as hyparquet's parsers move it. */
export interface Reader {
  readonly view: DataView;
  offset: number;
}

/**
 * A struct of Thrift, by the numbers that its fields have in parquet.thrift. Damage puts anything anywhere: what is asked
 * for has the type that is asked for, or is an error.
 */
export class Struct {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly what: string,
  ) {}

  static parse(reader: Reader, what: string): Struct {
    return new Struct(decode(what, () => deserializeTCompactProtocol(reader)), what);
  }

  has(field: number): boolean {
    return this.#at(field) !== undefined;
  }

  integer(field: number): number | undefined {
    const value = this.#at(field);
    if (value === undefined) return undefined;
    if (typeof value === "number" || typeof value === "bigint") return Number(value);
    throw this.#refuse(field, "an integer");
  }

  /** An integer that must be there. */
  count(field: number): number {
    const value = this.integer(field);
    if (value !== undefined && value >= 0) return value;
    throw this.#refuse(field, "an integer >= 0");
  }

  flag(field: number): boolean {
    return this.#at(field) === true;
  }

  bytes(field: number): Uint8Array | undefined {
    const value = this.#at(field);
    if (value === undefined || value instanceof Uint8Array) return value;
    throw this.#refuse(field, "bytes");
  }

  text(field: number): string | undefined {
    const bytes = this.bytes(field);
    return bytes && decoder.decode(bytes);
  }

  struct(field: number): Struct | undefined {
    const value = this.#at(field);
    return value === undefined ? undefined : this.#structOf(value, field);
  }

  structs(field: number): Struct[] | undefined {
    return this.#list(field)?.map((entry) => this.#structOf(entry, field));
  }

  texts(field: number): string[] | undefined {
    return this.#list(field)?.map((entry) => {
      if (entry instanceof Uint8Array) return decoder.decode(entry);
      throw this.#refuse(field, "texts");
    });
  }

  #list(field: number): unknown[] | undefined {
    const value = this.#at(field);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.#refuse(field, "a list");
  }

  #structOf(value: unknown, field: number): Struct {
    const isStruct = typeof value === "object" && value !== null && !Array.isArray(value) &&
      !(value instanceof Uint8Array);
    if (isStruct) return new Struct(value as Readonly<Record<string, unknown>>, this.what);
    throw this.#refuse(field, "a struct");
  }

  #at(field: number): unknown {
    return this.fields[`field_${field}`];
  }

  #refuse(field: number, allowed: string): Error {
    const value = this.#at(field);
    const got = typeof value === "object"
      ? "something else"
      : value === undefined
      ? "nothing"
      : String(value);
    return new Error(`${this.what} must have ${allowed} as field ${field}, got ${got}`);
  }
}

const decoder = new TextDecoder();
