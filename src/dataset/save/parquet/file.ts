import { type Table, tableToIPC } from "apache-arrow";
import type { RecordBatch, Table as WasmTable } from "parquet-wasm";
import { openBytes } from "../../byte_source.ts";
import { readFooter } from "../../parquet/footer.ts";
import { writePieces } from "../output.ts";
import { arrowBytes } from "../tables.ts";
import { withChecksums } from "./page_checksums.ts";
import { storedSchema, storedTable } from "./times.ts";

/**
 * The size of row groups, in Arrow bytes. Python's `datasets` reads the first group's number of rows at a time, and
 * whoever reads in parallel takes a group each; the writer holds one whole.
 */
const groupBytes = 16_000_000;

/** Writes tables, at least one, into one Parquet file. */
export async function writeParquet(path: string, tables: Iterable<Table>): Promise<void> {
  const parquet = await loadParquet();
  const iterator = tables[Symbol.iterator]();
  let next = iterator.next();
  const first = next.value as Table;
  const schema = storedSchema(first.schema);
  const rowBytes = arrowBytes(first) / Math.max(1, first.numRows);
  const groupRows = Math.max(1, Math.ceil(groupBytes / Math.max(1, rowBytes)));
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    // Values of steps hardly repeat, and building dictionaries takes more time than all the rest.
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(parquet.EnabledStatistics.Chunk)
    .setMaxRowGroupSize(groupRows)
    .setMaxRowGroupBytes(2 * groupBytes)
    .build();
  let rowCount = 0;
  let failure: { readonly error: unknown } | null = null;
  const batches = new ReadableStream<RecordBatch>({
    pull(controller) {
      try {
        if (next.done) return controller.close();
        const stored = storedTable(next.value);
        for (const batch of toWasm(parquet.Table, stored)) controller.enqueue(batch);
        rowCount += next.value.numRows;
        next = iterator.next();
      } catch (error) {
        failure = { error };
        controller.error(error);
      }
    },
  }, { highWaterMark: 0 });
  try {
    const bytes = await parquet.transformParquetStream(batches, properties);
    await writePieces(path, withChecksums(bytes, schema === first.schema ? null : first.schema));
  } catch (error) {
    failure ??= { error };
  }
  // The module takes an error of the stream for its end, or has one of its own in its place.
  if (failure !== null) throw (failure as { error: unknown }).error;
  await checkRowCount(path, rowCount);
}

/** What the module could not write, it may leave out: the file itself tells how many rows it has. */
async function checkRowCount(path: string, rowCount: number): Promise<void> {
  const source = await openBytes(path);
  try {
    const found = Number((await readFooter(source)).num_rows);
    if (found !== rowCount) {
      throw new Error(`Cannot write ${path}: it must have ${rowCount} rows, has ${found}`);
    }
  } finally {
    await source.close();
  }
}

/** Over Arrow's own bytes, into the memory of the module. */
function toWasm(Wasm: typeof WasmTable, table: Table): RecordBatch[] {
  const bytes = tableToIPC(table, "stream");
  const moved = Wasm.fromIPCStream(bytes);
  // Let go of at once: left to the collector, such copies pile up to hundreds of megabytes.
  (bytes.buffer as ArrayBuffer).transfer(0);
  try {
    return moved.recordBatches();
  } finally {
    moved.free();
  }
}

/** The build of parquet-wasm that finds its module by itself; by default Deno and Bun would take different ones. */
async function loadParquet() {
  return await import("parquet-wasm/node");
}
