import { Buffer } from "node:buffer";
import type { Schema } from "apache-arrow";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { serializeTCompactProtocol, ThriftStruct } from "hyparquet-writer/src/thrift.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { blankWriter, footerLength, sealFooter, trailerBytes } from "../read/footer.ts";
import { schemaMessage } from "../../arrow/write/file.ts";
import type { PageMoves } from "./page_moves.ts";

/**
 * What stands behind the pages of a file that is put together of others: indexes of pages, and one footer for all of
 * them, with a checksum of itself. Fields have the numbers of Parquet's definition, parquet.thrift.
 */
export class Footers {
  #footer: Struct | null = null;
  readonly #indexes: { readonly column: Struct; readonly index: Struct }[] = [];

  /** Takes the row groups of a file, whose pages have moved into the one that is made. */
  add(file: Uint8Array, moves: PageMoves): void {
    const footerEnd = file.length - trailerBytes;
    const footer = parse(file.subarray(footerEnd - footerLength(file), footerEnd));
    for (const group of footer.field_4) this.#moveGroup(group, file, moves);
    if (this.#footer === null) {
      this.#footer = footer;
      return;
    }
    this.#footer.field_3 += footer.field_3;
    this.#footer.field_4.push(...footer.field_4);
  }

  get rowCount(): number {
    return Number(this.#footer?.field_3 ?? 0);
  }

  /**
   * The bytes themselves, for behind the last page, which ends at `start`. `named`, if there is one, is the schema that
   * they tell Arrow's readers of, where it is not the one that the pages were made with.
   */
  bytes(start: number, named: Schema | null): Uint8Array {
    const footer = this.#footer!;
    const writer = new ByteWriter();
    for (const { column, index } of this.#indexes) {
      column.field_4 = BigInt(start + writer.offset);
      const before = writer.offset;
      serializeTCompactProtocol(writer, index);
      column.field_5 = writer.offset - before;
    }
    for (const element of footer.field_2) keepByte(element.field_10);
    if (named !== null) nameSchema(footer, named);
    footer.field_6 = blankWriter;
    writeFooter(writer, footer);
    return writer.getBytes();
  }

  #moveGroup(group: Struct, file: Uint8Array, moves: PageMoves): void {
    for (const column of group.field_1) {
      const grown = moveColumn(column.field_3, moves);
      group.field_2 += grown;
      group.field_6 += grown;
      const indexStart = Number(column.field_4);
      const index = parse(file.subarray(indexStart, indexStart + column.field_5));
      for (const page of index.field_1) movePage(page, moves);
      this.#indexes.push({ column, index });
    }
    group.field_5 = moveOffset(group.field_5, moves);
    // The number of the group: the library that writes has no integers of 16 bits, and only encryption needs it.
    delete group.field_7;
  }
}

// deno-lint-ignore no-explicit-any -- the library's own structs: fields by number, which parquet.thrift has the types of
type Struct = Record<`field_${number}`, any>;

function parse(bytes: Uint8Array): Struct {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return deserializeTCompactProtocol({ view, offset: 0 });
}

/** Moves a column chunk, and says by how many bytes it has grown. */
function moveColumn(metadata: Struct, moves: PageMoves): bigint {
  const start = metadata.field_11 ?? metadata.field_9;
  const end = start + metadata.field_7;
  const grown = moveOffset(end, moves) - moveOffset(start, moves) - metadata.field_7;
  metadata.field_6 += grown;
  metadata.field_7 += grown;
  metadata.field_9 = moveOffset(metadata.field_9, moves);
  if (metadata.field_11 !== undefined) metadata.field_11 = moveOffset(metadata.field_11, moves);
  return grown;
}

function moveOffset(offset: bigint, moves: PageMoves): bigint {
  return BigInt(moves.moved(Number(offset)));
}

/** Moves the place of a page, and its size, in an index. */
function movePage(page: Struct, moves: PageMoves): void {
  const offset = Number(page.field_1);
  page.field_1 = moveOffset(page.field_1, moves);
  page.field_2 = moves.moved(offset + page.field_2) - Number(page.field_1);
}

/** The width of an integer is a byte, which the library would write as 32 bits; DuckDB refuses that. */
function keepByte(logicalType: Struct | undefined): void {
  const integer = logicalType?.field_10;
  if (integer === undefined) return;
  const [byte, isTrue, isFalse] = [3, 1, 2];
  const { field_1: bitWidth, field_2: isSigned } = integer;
  logicalType!.field_10 = new ThriftStruct([[1, byte, bitWidth], [2, isSigned ? isTrue : isFalse, isSigned]]);
}

function nameSchema(footer: Struct, schema: Schema): void {
  const entry = footer.field_5.find(({ field_1: key }: Struct) =>
    Buffer.from(key).toString() === "ARROW:schema"
  );
  entry.field_2 = Buffer.from(schemaMessage(schema)).toString("base64");
}

function writeFooter(writer: ByteWriter, footer: Struct): void {
  const start = writer.offset;
  serializeTCompactProtocol(writer, footer);
  const bytes = writer.getBytes().subarray(start);
  sealFooter(bytes);
  writer.appendUint32(bytes.length);
  writer.appendBytes(new TextEncoder().encode("PAR1"));
}
