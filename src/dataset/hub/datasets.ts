/** Loading and saving by a name at the Hub: the same two as for paths, loaded only where a name is of the Hub. */
import { builtin } from "../../native/builtin.ts";
import type { Connection } from "../../store/connection.ts";
import { StreamStoreError } from "../../error.ts";
import { systemError } from "../../store/durable_file.ts";
import { check } from "../../native/status.ts";
import { parseFeature } from "../features.ts";
import type { LoadedColumn } from "../known_features.ts";
import type { LoadDatasetOptions } from "../load_options.ts";
import { appendRows } from "../sort/sorted.ts";
import { readParquet } from "../parquet/read/rows.ts";
import type { LoadTarget } from "../rows.ts";
import { ParquetFile } from "../parquet/read/file.ts";
import { writeParquet } from "../parquet/write/file.ts";
import { checkTypes } from "../save_types.ts";
import type { CheckedSaveOptions, SaveSource } from "../save_options.ts";
import { shardsOf } from "../files/shards.ts";
import { TableQueue } from "../files/tables.ts";
import { planTable, type TablePlan } from "../table/to_arrow.ts";
import { openSplit } from "./load.ts";
import { withPrintableErrors } from "./printable.ts";
import { type Expect, withProgress } from "./progress_bar.ts";
import { pushSplit } from "./push/push.ts";
import { PushRecords } from "./push/record.ts";
import type { LocalShard, RemoteFile } from "./types.ts";

/** Appends the rows of a split; remembers, of an empty store's first, that they are what the Hub has. */
export async function load(
  target: LoadTarget,
  name: string,
  split: string,
  options: LoadDatasetOptions,
): Promise<LoadedColumn[]> {
  return await withPrintableErrors(
    options.signal,
    () =>
      withProgress(
        "download",
        name,
        options,
        (shown, expect) => loadSplit(target, name, split, shown, expect),
      ),
  );
}

async function loadSplit(
  target: LoadTarget,
  name: string,
  split: string,
  options: LoadDatasetOptions,
  expect: Expect,
): Promise<LoadedColumn[]> {
  const { connection } = target;
  const isFirst = connection.rowCount === 0;
  const { files, features, memoryBytes, ...opened } = await openSplit(name, split, options);
  expect(files.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let loaded: LoadedColumn[];
  try {
    loaded = await appendRows(
      target,
      files.map((file) => () => readParquet(file.reopen(), features)),
      options,
      "load a dataset",
    );
  } catch (error) {
    // An abort breaks off whatever is under way: it is the abort that is told.
    options.signal?.throwIfAborted();
    throw error;
  }
  if (isFirst) {
    const { rowCount: rows, tokenCount: tokens } = connection;
    recordsOf(connection).settle({ ...opened, rows, tokens, remoteRows: rows, memoryBytes });
  }
  return loaded;
}

/** Pushes all rows, or with `append` those that are new, as a split. */
export async function save(
  source: SaveSource,
  name: string,
  split: string,
  options: CheckedSaveOptions,
): Promise<void> {
  await withPrintableErrors(
    options.signal,
    () =>
      withProgress("upload", name, options, (shown, expect) => saveSplit(source, name, split, shown, expect)),
  );
}

async function saveSplit(
  source: SaveSource,
  name: string,
  split: string,
  options: CheckedSaveOptions,
  expect: Expect,
): Promise<void> {
  const { connection } = source;
  const plan = planTable(connection, source.fields, source.known, options);
  checkTypes(plan.schema, "parquet");
  const { from, to } = plan.range;
  await pushSplit(name, split, {
    directory: directoryOf(connection),
    store: connection,
    firstRow: from,
    rowCount: to,
    tokensBefore: (row) => tokensBefore(connection, row),
    features: plan.schema.fields.every(({ name }) => plan.features.has(name))
      ? Object.fromEntries(plan.features)
      : null,
    writeShards: (from, to) =>
      writeShards(
        connection,
        { ...plan, range: { from, to } },
        options.shardBytes,
        expect,
      ),
    checkShard: (shard) => checkShard(shard, plan, name),
    sync: () => connection.isWritable && connection.sync(),
  }, options);
}

function directoryOf({ access, directory }: Connection): string | null {
  return access === "temporary" ? null : directory;
}

function recordsOf(connection: Connection): PushRecords {
  return new PushRecords(directoryOf(connection), connection);
}

function tokensBefore(connection: Connection, row: number): number {
  if (row >= connection.rowCount) return connection.tokenCount;
  const starts = new Float64Array(2);
  check(
    connection.native.ss_rows_read(connection.store, row, 1, starts, new BigInt64Array(1)),
    "Cannot read rows",
  );
  return starts[0];
}

async function* writeShards(
  connection: Connection,
  plan: TablePlan,
  shardBytes: number,
  expect: Expect,
): AsyncGenerator<LocalShard> {
  const { fs, os, path } = builtin;
  const tables = new TableQueue(connection, plan, "save a dataset");
  const temporary = os.tmpdir();
  const refused = (error: unknown) => systemError(error, "Cannot save a dataset", temporary);
  let folder: string;
  try {
    folder = fs.mkdtempSync(path.join(temporary, "streamstore-"));
  } catch (error) {
    throw refused(error);
  }
  try {
    const file = path.join(folder, "shard.parquet");
    let [rowCount, byteCount] = [0, 0];
    const shards = shardsOf(tables, shardBytes, (part) =>
      writeParquet(file, part).catch((error) => {
        throw refused(error);
      }));
    for await (const written of shards) {
      rowCount += written.rowCount;
      byteCount += fs.statSync(file).size;
      // Those that are not written yet will be like those that are.
      expect(Math.round(byteCount * (plan.range.to - plan.range.from) / Math.max(1, rowCount)));
      yield { path: file, rowCount: written.rowCount, memoryBytes: written.arrowBytes };
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows can only be added behind those of a shard that has the same columns. */
async function checkShard(shard: RemoteFile, { schema, features }: TablePlan, id: string): Promise<void> {
  const { columns } = await ParquetFile.read(shard).then(async (file) => {
    await file.close();
    return file;
  });
  const ours = schema.fields.map(({ name }) => {
    const feature = features.get(name);
    return `${name}: ${feature === undefined || !columns.get(name) ? "" : layoutText(name, feature)}`;
  });
  const theirs = [...columns].map(([name, column]) =>
    `${name}: ${column === null || !features.has(name) ? "" : layoutText(name, column.feature)}`
  );
  if (JSON.stringify(ours.toSorted()) === JSON.stringify(theirs.toSorted())) return;
  throw new StreamStoreError(
    "fields-differ",
    `Cannot append to ${id}: the columns must be those of ${shard.path} (${theirs.join(", ")}), got ${
      ours.join(", ")
    }`,
  );
}

function layoutText(name: string, feature: unknown): string {
  const { value, levels } = parseFeature(name, feature, "append");
  return [value.name, ...levels].join(" ");
}
