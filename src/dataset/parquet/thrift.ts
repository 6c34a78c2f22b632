/**
 * Thrift's compact protocol, as far as Parquet has use for it: in footers, indexes, and headers of pages. What was read can
 * be changed and written again: every value keeps its type, also where nothing here knows what it is for.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { decode, TooLarge } from "../decode.ts";

/** A place in bytes, which parsing moves on. */
export interface Reader {
  readonly view: DataView;
  offset: number;
}

const types = { stop: 0, yes: 1, no: 2, byte: 3, i64: 6, double: 7, binary: 8, list: 9, struct: 12 };

/** A bool, an integer, bytes (also those of a double), a list or a struct. */
type Value = boolean | number | Uint8Array | List | Struct;

/** A reader while a struct is parsed. */
interface Parsing extends Reader {
  readonly what: string;
  /** How many values may come yet. */
  valuesLeft: number;
  /** How many structs and lists the next value is in. */
  depth: number;
}

/**
 * As many as ten thousand columns in fifty row groups have. In memory a value takes 80 to 170 bytes where it took one to
 * five: what says that there are more would end the process.
 */
const valuesMax = 10_000_000;
/** Far deeper than anything in parquet.thrift. */
const depthMax = 50;

interface Field {
  readonly type: number;
  readonly value: Value;
}

class List {
  constructor(readonly type: number, readonly values: Value[]) {}
}

/**
 * A struct of Thrift, by the numbers that its fields have in parquet.thrift. Damage puts anything anywhere: what is asked
 * for has the type that is asked for, or is an error.
 */
export class Struct {
  constructor(private readonly what: string, readonly fields: Field[]) {}

  static parse(reader: Reader, what: string): Struct {
    const { view, offset } = reader;
    const parsing: Parsing = { view, offset, what, valuesLeft: valuesMax, depth: 0 };
    return decode(what, () => {
      const struct = parseStruct(parsing);
      reader.offset = parsing.offset;
      return struct;
    });
  }

  has(field: number): boolean {
    return this.fields[field] !== undefined;
  }

  integer(field: number): number | undefined {
    return this.#value(field, "an integer", isInteger);
  }

  /** An integer that must be there. */
  count(field: number): number {
    const value = this.integer(field);
    if (value !== undefined && value >= 0) return value;
    throw this.#refuse(field, "an integer >= 0");
  }

  flag(field: number): boolean {
    return this.fields[field]?.value === true;
  }

  bytes(field: number): Uint8Array | undefined {
    return this.#value(field, "bytes", isBytes);
  }

  text(field: number): string | undefined {
    const bytes = this.bytes(field);
    return bytes && decoder.decode(bytes);
  }

  texts(field: number): string[] | undefined {
    return this.#values(field, "texts", isBytes)?.map((bytes) => decoder.decode(bytes));
  }

  struct(field: number): Struct | undefined {
    return this.#value(field, "a struct", isStruct);
  }

  /** Those of a list: what is added to them is added to it. */
  structs(field: number): Struct[] | undefined {
    return this.#values(field, "structs", isStruct);
  }

  #values<T extends Value>(
    field: number,
    allowed: string,
    isOne: (value: Value) => value is T,
  ): T[] | undefined {
    const values = this.#value(field, "a list", isList)?.values;
    if (values === undefined || values.every(isOne)) return values;
    throw this.#refuse(field, allowed);
  }

  #value<T extends Value>(
    field: number,
    allowed: string,
    isOne: (value: Value) => value is T,
  ): T | undefined {
    const value = this.fields[field]?.value;
    if (value === undefined || isOne(value)) return value;
    throw this.#refuse(field, allowed);
  }

  #refuse(field: number, allowed: string): Error {
    const value = this.fields[field]?.value ?? "nothing";
    const got = typeof value === "object" ? "something else" : value;
    return new Error(`${this.what} must have ${allowed} as field ${field}, got ${got}`);
  }

  /** In as many bits as it had; in 32 if it was not there. */
  setInteger(field: number, value: number): void {
    this.fields[field] = { type: this.fields[field]?.type ?? types.byte + 2, value };
  }

  setBytes(field: number, value: Uint8Array): void {
    this.fields[field] = { type: types.binary, value };
  }

  serialize(): Uint8Array {
    const out: number[] = [];
    writeStruct(out, this);
    return Uint8Array.from(out);
  }
}

const decoder = new TextDecoder();
const isInteger = (value: Value) => typeof value === "number";
const isBytes = (value: Value) => value instanceof Uint8Array;
const isList = (value: Value) => value instanceof List;
const isStruct = (value: Value) => value instanceof Struct;

const idMax = 2 ** 15 - 1;
/** What parquet.thrift has no number for is passed over: extensions have the largest, for which an array would be long. */
const keptIdMax = 63;

function parseStruct(reader: Parsing): Struct {
  const fields: Field[] = [];
  for (let id = 0;;) {
    const head = parseByte(reader);
    const type = head & 15;
    if (type === types.stop) return new Struct(reader.what, fields);
    id = head > 15 ? id + (head >> 4) : parseInteger(reader);
    if (!(id > 0 && id <= idMax)) throw new Error(`fields must have numbers of 15 bits, got ${id}`);
    const value = type > types.no ? parseValue(reader, type) : type === types.yes;
    if (id <= keptIdMax) fields[id] = { type, value };
  }
}

function parseValue(reader: Parsing, type: number): Value {
  if (--reader.valuesLeft < 0) throw tooMany(reader);
  if (type === types.struct) return nested(reader, parseStruct);
  if (type === types.list) return nested(reader, parseList);
  if (type === types.binary) return parseBytes(reader, parseVarint(reader));
  if (type === types.double) return parseBytes(reader, 8);
  // Bools of a list have a byte each.
  if (type >= types.yes && type <= types.byte) return parseByte(reader);
  if (type <= types.i64) return parseInteger(reader);
  throw new Error(`values must have a type of those that Parquet uses, got ${type}`);
}

function tooMany({ what }: Parsing): Error {
  return new TooLarge(`${what} must have at most ${valuesMax} values, got more`);
}

function nested<Result>(reader: Parsing, parse: (reader: Parsing) => Result): Result {
  if (++reader.depth > depthMax) throw new Error(`values must be nested at most ${depthMax} deep`);
  const result = parse(reader);
  reader.depth--;
  return result;
}

function parseList(reader: Parsing): List {
  const head = parseByte(reader);
  const count = head < 0xf0 ? head >> 4 : parseVarint(reader);
  // Each takes a byte at least.
  const bytesLeft = reader.view.byteLength - reader.offset;
  if (count > bytesLeft) throw new Error(`a list must lie within ${bytesLeft} bytes, got ${count} values`);
  if (count > reader.valuesLeft) throw tooMany(reader);
  const values: Value[] = [];
  for (let i = 0; i < count; i++) values.push(parseValue(reader, head & 15));
  return new List(head & 15, values);
}

function parseBytes(reader: Reader, count: number): Uint8Array {
  const { buffer, byteOffset, byteLength } = reader.view;
  const start = reader.offset;
  reader.offset += count;
  if (reader.offset <= byteLength) return new Uint8Array(buffer, byteOffset + start, count);
  throw new Error(`bytes must lie within ${byteLength}, got an end at ${reader.offset}`);
}

function parseByte(reader: Reader): number {
  return reader.view.getUint8(reader.offset++);
}

/** Seven bits a byte, the lowest first, up to 64 in all; of more than 53 the lowest are lost. */
function parseVarint(reader: Reader): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 64; scale *= 128) {
    const byte = parseByte(reader);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new Error("integers must have at most 10 bytes, got more");
}

/** The lowest bit is the sign: 0, -1, 1, -2 and so on. */
function parseInteger(reader: Reader): number {
  const value = parseVarint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function writeStruct(out: number[], { fields }: Struct): void {
  let last = 0;
  fields.forEach(({ type, value }, id) => {
    const distance = id - last;
    out.push(distance < 16 ? distance << 4 | type : type);
    if (distance >= 16) writeInteger(out, id);
    if (type > types.no) writeValue(out, type, value);
    last = id;
  });
  out.push(types.stop);
}

function writeValue(out: number[], type: number, value: Value): void {
  if (value instanceof Struct) {
    writeStruct(out, value);
  } else if (value instanceof List) {
    const count = value.values.length;
    out.push(Math.min(count, 15) << 4 | value.type);
    if (count >= 15) writeVarint(out, count);
    for (const entry of value.values) writeValue(out, value.type, entry);
  } else if (value instanceof Uint8Array) {
    if (type === types.binary) writeVarint(out, value.length);
    for (const byte of value) out.push(byte);
  } else if (type <= types.byte) {
    out.push(Number(value));
  } else {
    writeInteger(out, Number(value));
  }
}

function writeVarint(out: number[], value: number): void {
  for (; value > 127; value = Math.floor(value / 128)) out.push(value % 128 | 128);
  out.push(value);
}

function writeInteger(out: number[], value: number): void {
  writeVarint(out, value < 0 ? -2 * value - 1 : 2 * value);
}
