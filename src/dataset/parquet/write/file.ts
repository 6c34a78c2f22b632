import { messageOf } from "../../decode.ts";
import { StreamStoreError } from "../../../error.ts";
import { type Schema, Table } from "apache-arrow";
import { toStream } from "../../arrow/apache_arrow.ts";
import { writePieces } from "../../files/output.ts";
import { arrowBytes } from "../../files/tables.ts";
import { Footers } from "./footer.ts";
import { magicBytes, sealPages } from "./page_checksums.ts";
import { storedSchema, storedTable } from "./times.ts";

/**
 * The size of row groups, in Arrow bytes. Python's `datasets` reads the first group's number of rows at a time, and
 * whoever reads in parallel takes a group each; the writer holds one whole.
 */
const groupBytes = 16_000_000;
/** The number of rows that a group has at most, by the signed 32 bits that parquet-wasm takes. */
const groupRowsMax = 2 ** 31 - 1;

type Parquet = typeof import("parquet-wasm");

/**
 * Writes tables, at least one, into one Parquet file. parquet-wasm makes each row group in memory, as a file of its own in
 * one call: what it cannot write, or where it panics, is an error of that call. Its streams would wait for ever then.
 */
export async function writeParquet(path: string, tables: Iterable<Table>): Promise<void> {
  await writePieces(path, piecesOf(path, await loadParquet(), tables));
}

function* piecesOf(path: string, parquet: Parquet, tables: Iterable<Table>): Generator<Uint8Array> {
  const footers = new Footers();
  let given: Schema | null = null;
  let rowCount = 0;
  let at = magicBytes;
  yield new TextEncoder().encode("PAR1");
  for (const group of groupsOf(tables)) {
    given ??= group.schema;
    const file = encode(path, parquet, group, rowCount);
    const { pieces, moves } = sealPages(file, at);
    footers.add(file, moves);
    rowCount += group.numRows;
    // What the module could not write, it may leave out.
    if (footers.rowCount !== rowCount) {
      throw new StreamStoreError(
        "internal",
        `Cannot write ${path}: it must have ${rowCount} rows, has ${footers.rowCount}`,
      );
    }
    for (const piece of pieces) {
      yield piece;
      at += piece.length;
    }
  }
  yield footers.bytes(at, storedSchema(given!) === given ? null : given);
}

/** Tables joined until they have the bytes of a row group. */
function* groupsOf(tables: Iterable<Table>): Generator<Table> {
  let held: Table[] = [];
  let heldBytes = 0;
  for (const table of tables) {
    held.push(table);
    heldBytes += arrowBytes(table);
    if (heldBytes < groupBytes) continue;
    yield joined(held);
    held = [];
    heldBytes = 0;
  }
  if (held.length > 0) yield joined(held);
}

function joined(tables: readonly Table[]): Table {
  const [first] = tables;
  return tables.length === 1 ? first : new Table(first.schema, tables.flatMap(({ batches }) => batches));
}

/** A table as a Parquet file. */
function encode(path: string, parquet: Parquet, table: Table, firstRow: number): Uint8Array {
  const bytes = toStream(storedTable(table));
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    // Values of steps hardly repeat, and building dictionaries takes more time than all the rest.
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(parquet.EnabledStatistics.Chunk)
    .setMaxRowGroupSize(groupRowsMax)
    .setMaxRowGroupBytes(2 * groupBytes)
    .build();
  try {
    return parquet.writeParquet(parquet.Table.fromIPCStream(bytes), properties);
  } catch (cause) {
    const rows = `rows ${firstRow} to ${firstRow + table.numRows - 1}`;
    throw new StreamStoreError(
      "internal",
      `Cannot write ${path}: parquet-wasm must encode ${rows}, but ${refusalOf(cause)}`,
      {
        cause,
      },
    );
  } finally {
    // Let go of at once: left to the collector, such copies pile up to hundreds of megabytes.
    (bytes.buffer as ArrayBuffer).transfer(0);
  }
}

function refusalOf(cause: unknown): string {
  if (cause instanceof WebAssembly.RuntimeError) return "ended in a panic, as it does without memory";
  return `answered: ${messageOf(cause)}`;
}

/** The build of parquet-wasm that finds its module by itself; by default Deno and Bun would take different ones. */
async function loadParquet(): Promise<Parquet> {
  return await import("parquet-wasm/node");
}
