import { Buffer } from "node:buffer";
import { type Schema, Table } from "apache-arrow";
import { StreamStoreError } from "../../../error.ts";
import { messageOf } from "../../decode.ts";
import { releaseExtras } from "../../extras/to_arrow.ts";
import { writePieces } from "../../files/output.ts";
import { arrowBytes } from "../../files/tables.ts";
import { magic } from "../read/footer.ts";
import { type Encoder, JoinedFile, loadEncoder } from "./parquet_wasm.ts";
import { storedSchema, storedTable } from "./times.ts";

/**
 * The size of row groups, in Arrow bytes. Python's `datasets` reads the first group's number of rows at a time, and
 * whoever reads in parallel takes a group each; the writer holds one whole.
 */
const groupBytes = 16_000_000;

/** Writes tables, at least one, into one Parquet file. Each row group is made in memory, as a file of its own. */
export async function writeParquet(path: string, tables: Iterable<Table>): Promise<void> {
  await writePieces(path, piecesOf(path, await loadEncoder(), tables));
}

function* piecesOf(path: string, encode: Encoder, tables: Iterable<Table>): Generator<Uint8Array> {
  const file = new JoinedFile();
  let given: Schema | null = null;
  yield Buffer.from(magic);
  for (const group of groupsOf(tables)) {
    given ??= group.schema;
    yield* piecesOfGroup(path, encode, file, group);
  }
  yield* file.end(storedSchema(given!) === given ? null : given);
}

function* piecesOfGroup(
  path: string,
  encode: Encoder,
  file: JoinedFile,
  group: Table,
): Generator<Uint8Array> {
  const from = file.rowCount;
  const to = from + group.numRows;
  const stored = storedTable(group);
  let encoded: Uint8Array;
  let pieces: Uint8Array[];
  try {
    encoded = encode(stored, 2 * groupBytes);
    pieces = file.add(encoded);
    releaseExtras(stored);
    // What the module could not write, it may leave out.
    if (file.rowCount !== to) throw new Error(`${file.rowCount - from} rows`);
  } catch (cause) {
    const found = cause instanceof WebAssembly.RuntimeError
      ? "ended in a panic, as it does without memory"
      : `answered: ${messageOf(cause)}`;
    throw new StreamStoreError(
      "internal",
      `Cannot write ${path}: parquet-wasm must encode rows ${from} to ${to - 1}, but ${found}`,
      { cause },
    );
  }
  yield* pieces;
  // Let go of at once: left to the collector, such files pile up to hundreds of megabytes.
  (encoded.buffer as ArrayBuffer).transfer(0);
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
