/**
 * The only file that knows parquet-wasm, and how the files look that it makes: tests/dataset/parquet/parquet_wasm.test.ts
 * says what of that is relied on. Fields have the numbers of Parquet's definition, parquet.thrift.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Schema, Table } from "apache-arrow";
import { toStream } from "../../arrow/apache_arrow.ts";
import { schemaMessage } from "../../arrow/write/file.ts";
import { messageOf } from "../../decode.ts";
import { blankWriter, footerLength, magic, sealFooter, trailerBytes } from "../read/footer.ts";
import { Struct } from "../thrift.ts";

/** Encodes tables: see {@link loadEncoder}. */
export type Encoder = (table: Table, groupBytesMax: number) => Uint8Array;

/** The number of rows that a group has at most, by the signed 32 bits that the module takes. */
const groupRowsMax = 2 ** 31 - 1;

/** Makes a Parquet file of a table in one call: what it cannot write, or where it panics, is an error of that call. */
export async function loadEncoder(): Promise<Encoder> {
  // The build that finds its module by itself; by default Deno and Bun would take different ones.
  const parquet = await import("parquet-wasm/node");
  return (table, groupBytesMax) => {
    const bytes = toStream(table);
    const properties = new parquet.WriterPropertiesBuilder()
      .setCompression(parquet.Compression.SNAPPY)
      // Values of steps hardly repeat, and building dictionaries takes more time than all the rest.
      .setDictionaryEnabled(false)
      .setStatisticsEnabled(parquet.EnabledStatistics.Chunk)
      .setMaxRowGroupSize(groupRowsMax)
      .setMaxRowGroupBytes(groupBytesMax)
      .build();
    try {
      return parquet.writeParquet(parquet.Table.fromIPCStream(bytes), properties);
    } finally {
      // Let go of at once: left to the collector, such copies pile up to hundreds of megabytes.
      (bytes.buffer as ArrayBuffer).transfer(0);
    }
  };
}

/**
 * Puts a file together of the row groups of others. Each page gets a CRC-32 in its header, of which parquet-wasm writes
 * none: readers that verify them (Arrow's, where it is asked to) can tell then whether a page is what was written. What
 * says where pages stand moves with them; and one footer, with a checksum of itself, is for all.
 */
export class JoinedFile {
  #at = magic.length;
  #footer: Struct | null = null;
  readonly #indexes: { readonly column: Struct; readonly index: Struct }[] = [];

  get rowCount(): number {
    return this.#footer?.count(3) ?? 0;
  }

  /** The pages of a file, for behind those of the one before. */
  add(file: Uint8Array): Uint8Array[] {
    try {
      return this.#add(file);
    } catch (cause) {
      throw new Error(`a file that is not as version 0.8.0 makes them: ${messageOf(cause)}`, { cause });
    }
  }

  #add(file: Uint8Array): Uint8Array[] {
    const footer = parseKept(file, file.length - trailerBytes - footerLength(file), undefined, "its footer");
    const groups = footer.structs(4) ?? [];
    const pieces = groups.flatMap((group) => this.#moveGroup(group, file));
    const all = this.#footer ??= footer;
    if (all !== footer) {
      all.setInteger(3, all.count(3) + footer.count(3));
      all.structs(4)!.push(...groups);
    }
    all.structs(4)!.forEach((group, i) => group.setInteger(7, i));
    return pieces;
  }

  #moveGroup(group: Struct, file: Uint8Array): Uint8Array[] {
    const start = this.#at;
    const pieces = group.structs(1)!.flatMap((column) => this.#moveColumn(column, file));
    const grown = this.#at - start - group.count(6);
    group.setInteger(2, group.count(2) + grown);
    group.setInteger(5, start);
    group.setInteger(6, group.count(6) + grown);
    return pieces;
  }

  #moveColumn(column: Struct, file: Uint8Array): Uint8Array[] {
    const metadata = column.struct(3)!;
    const pieces: Uint8Array[] = [];
    const indexAt = column.count(4);
    const index = parseKept(file, indexAt, indexAt + column.count(5), "an index of pages");
    const start = this.#at;
    let from = metadata.count(9);
    const end = from + metadata.count(7);
    for (const page of index.structs(1)!) {
      const [header, bodyStart] = parse(file, from, "the header of a page");
      const body = file.subarray(bodyStart, bodyStart + header.count(3));
      const next = bodyStart + body.length;
      if (page.count(1) !== from || page.count(2) !== next - from) {
        throw new Error(`an index must tell of a page from ${from} to ${next}, got ${page.count(1)}`);
      }
      header.setInteger(4, crc32(body) | 0);
      const sealed = header.serialize();
      page.setInteger(1, this.#at);
      page.setInteger(2, sealed.length + body.length);
      this.#at += sealed.length + body.length;
      pieces.push(sealed, body);
      from = next;
    }
    if (from !== end) throw new Error(`the pages of a column must end at ${end}, got ${from}`);
    // Where a dictionary is, and indexes of what pages hold, would have to move too.
    if (metadata.has(11) || column.has(6)) {
      throw new Error("columns must have no dictionary and no other index");
    }
    const grown = this.#at - start - metadata.count(7);
    metadata.setInteger(6, metadata.count(6) + grown);
    metadata.setInteger(7, metadata.count(7) + grown);
    metadata.setInteger(9, start);
    this.#indexes.push({ column, index });
    return pieces;
  }

  /**
   * What stands behind the last page. `named`, if there is one, is the schema that it tells Arrow's readers of, where it is
   * not the one that the pages were made with.
   */
  end(named: Schema | null): Uint8Array[] {
    const footer = this.#footer!;
    const indexes = this.#indexes.map(({ column, index }) => {
      const bytes = index.serialize();
      column.setInteger(4, this.#at);
      column.setInteger(5, bytes.length);
      this.#at += bytes.length;
      return bytes;
    });
    if (named !== null) {
      const entry = footer.structs(5)!.find((entry) => entry.text(1) === "ARROW:schema")!;
      entry.setBytes(2, Buffer.from(Buffer.from(schemaMessage(named)).toString("base64")));
    }
    footer.setBytes(6, Buffer.from(blankWriter));
    const bytes = footer.serialize();
    sealFooter(bytes);
    return [...indexes, bytes, new Uint8Array(Uint32Array.of(bytes.length).buffer), Buffer.from(magic)];
  }
}

/** A struct out of a copy of its bytes: what is kept of it would keep the whole file in memory else. */
function parseKept(file: Uint8Array, from: number, to: number | undefined, what: string): Struct {
  return parse(file.slice(from, to), 0, what)[0];
}

/** A struct, and where it ends. */
function parse(file: Uint8Array, offset: number, what: string): [Struct, number] {
  const reader = { view: new DataView(file.buffer, file.byteOffset, file.byteLength), offset };
  const struct = Struct.parse(reader, what);
  return [struct, reader.offset];
}
