/** Parquet files made by hand, so that they can say what no writer would. Structs have the field numbers of parquet.thrift. */
import { Buffer } from "node:buffer";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";

/** Fields by number. A number is 32 bits, a bigint 64. */
export type Struct = { readonly [field: number]: unknown };

/** Numbers of parquet.thrift. */
export const types = { boolean: 0, int32: 1, int64: 2, int96: 3, float: 4, double: 5, bytes: 6, fixed: 7 };
export const encodings = {
  plain: 0,
  rle: 3,
  bitPacked: 4,
  delta: 5,
  deltaLength: 6,
  deltaBytes: 7,
  dictionary: 8,
  split: 9,
};

export interface Page {
  /** The bytes after the levels, as they stand in the file. */
  readonly values: Uint8Array;
  readonly count: number;
  /** PLAIN without. */
  readonly encoding?: number;
  /** The second format of pages. */
  readonly isV2?: boolean;
  readonly definitions?: Uint8Array;
  readonly repetitions?: Uint8Array;
  readonly isDictionary?: boolean;
  /** In place of what the header would have. */
  readonly header?: Struct;
  /** The same of the struct for this kind of page. */
  readonly kind?: Struct;
}

export interface Column {
  /** Its nodes in the schema, and where its numbers are among them. */
  readonly schema: readonly Struct[];
  readonly path: readonly string[];
  readonly type: number;
  readonly pages: readonly Page[];
  /** Of its pages; those of dictionaries have none. */
  readonly valueCount?: number;
  readonly statistics?: Struct;
  /** In place of what the column chunk, and its metadata, would have. */
  readonly chunk?: Struct;
  readonly metadata?: Struct;
}

/** A required column of one type, whose meaning is in the fields 6 and 10 of `element`. */
export function flat(name: string, type: number, pages: readonly Page[], element: Struct = {}): Column {
  return { schema: [{ 1: type, 3: 0, 4: name, ...element }], path: [name], type, pages };
}

/** A file of one row group. Every column is in the order of its type, if the footer is not told otherwise. */
export function parquetFile(columns: readonly Column[], rowCount: number, footer: Struct = {}): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from("PAR1")];
  let at = 4;
  const chunks = columns.map((column): Struct => {
    const start = at;
    const valueCount = column.valueCount ??
      column.pages.reduce((sum, page) => sum + (page.isDictionary ? 0 : page.count), 0);
    for (const page of column.pages) {
      const bytes = pageBytes(page);
      parts.push(bytes);
      at += bytes.length;
    }
    const size = BigInt(at - start);
    const metadata = {
      1: column.type,
      2: [0],
      3: column.path,
      4: 0,
      5: BigInt(valueCount),
      6: size,
      7: size,
      9: BigInt(start),
      ...(column.statistics && { 12: column.statistics }),
      ...column.metadata,
    };
    return { 2: 0n, 3: metadata, ...column.chunk };
  });
  const schema = [{ 4: "schema", 5: columns.length }, ...columns.flatMap((column) => column.schema)];
  const groups = [{ 1: chunks, 2: BigInt(at), 3: BigInt(rowCount) }];
  const orders = columns.map(() => ({ 1: {} }));
  const bytes = thrift({ 1: 2, 2: schema, 3: BigInt(rowCount), 4: groups, 7: orders, ...footer });
  return joined(...parts, bytes, uint32(bytes.length), Buffer.from("PAR1"));
}

function pageBytes(page: Page): Uint8Array {
  const { values, count, encoding = encodings.plain, isV2, isDictionary, definitions, repetitions } = page;
  const levels = [repetitions, definitions].filter((bytes) => bytes !== undefined);
  const body = joined(...levels.flatMap((bytes) => isV2 ? [bytes] : [uint32(bytes.length), bytes]), values);
  const kind = isDictionary ? { 7: { 1: count, 2: encodings.plain, ...page.kind } } : isV2
    ? {
      8: {
        1: count,
        2: 0,
        3: count,
        4: encoding,
        5: definitions?.length ?? 0,
        6: repetitions?.length ?? 0,
        ...page.kind,
      },
    }
    : { 5: { 1: count, 2: encoding, 3: encodings.rle, 4: encodings.rle, ...page.kind } };
  const number = isDictionary ? 2 : isV2 ? 3 : 0;
  // The fields in the order of their numbers, whichever come from where.
  return joined(thrift({ 1: number, 2: body.length, 3: body.length, ...kind, ...page.header }), body);
}

export function thrift(struct: Struct): Uint8Array {
  const writer = new ByteWriter();
  serializeTCompactProtocol(writer, struct);
  return writer.getBytes();
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function uint32(value: number): Uint8Array {
  return bytesOf(Uint32Array.of(value));
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Levels that are all one, or given one by one, as runs of one each; levels have fewer than 8 bits. */
export function runs(levels: readonly number[]): Uint8Array {
  return Uint8Array.from(levels.flatMap((level) => [1 << 1, level]));
}

/** DELTA_BINARY_PACKED by its definition, a bit at a time. With `bits`, differences wrap around as integers of so many do. */
export function deltas(
  values: readonly bigint[],
  { bits = 64, blockSize = 128, parts = 4, count = values.length }: {
    readonly bits?: 32 | 64;
    readonly blockSize?: number;
    readonly parts?: number;
    readonly count?: number;
  } = {},
): Uint8Array {
  const out: number[] = [];
  const varint = (value: bigint) => {
    for (; value > 127n; value >>= 7n) out.push(Number(value & 127n) | 128);
    out.push(Number(value));
  };
  const signed = (value: bigint) => varint(BigInt.asUintN(64, value << 1n ^ value >> 63n));
  for (const number of [blockSize, parts, count]) varint(BigInt(number));
  signed(values[0] ?? 0n);
  const differences = values.slice(1).map((value, i) => BigInt.asIntN(bits, value - values[i]));
  for (let from = 0; from < differences.length; from += blockSize) {
    const block = differences.slice(from, from + blockSize);
    const least = block.reduce((a, b) => a < b ? a : b);
    signed(least);
    const partSize = blockSize / parts;
    const rests = block.map((difference) => BigInt.asUintN(64, difference - least));
    const pieces = Array.from({ length: parts }, (_, i) => rests.slice(i * partSize, (i + 1) * partSize));
    const widths = pieces.map((piece) =>
      Math.max(0, ...piece.map((rest) => rest.toString(2).length * Number(rest > 0n)))
    );
    out.push(...widths);
    pieces.forEach((piece, i) => {
      if (piece.length === 0) return;
      let [packed, at] = [0n, 0n];
      for (const rest of piece) {
        packed |= rest << at;
        at += BigInt(widths[i]);
      }
      for (let byte = 0; byte < partSize * widths[i] / 8; byte++) {
        out.push(Number(packed >> BigInt(8 * byte) & 255n));
      }
    });
  }
  return Uint8Array.from(out);
}
