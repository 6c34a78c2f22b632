/** Loading and saving by a name at the Hub: the same two as for paths, loaded only where a name is of the Hub. */
import { builtin } from "../../native/builtin.ts";
import type { Connection } from "../../store/connection.ts";
import { StreamStoreError } from "../../error.ts";
import { systemError } from "../../store/durable_file.ts";
import { check } from "../../native/status.ts";
import { extraLengths } from "../../read/extra_rows.ts";
import { countMarks } from "../../read/rows.ts";
import { parseFeature } from "../features.ts";
import type { OpenedDataset } from "../columns.ts";
import type { LoadDatasetOptions } from "../load_options.ts";
import { readParquet } from "../parquet/read/rows.ts";
import { ParquetFile } from "../parquet/read/file.ts";
import { Footers } from "../parquet/read/footers.ts";
import { writeParquet } from "../parquet/write/file.ts";
import { checkTypes } from "../save_types.ts";
import type { CheckedSaveOptions } from "../save_options.ts";
import type { SaveSource } from "../known_features.ts";
import { shardsOf } from "../files/shards.ts";
import { TableQueue } from "../files/tables.ts";
import { planTable, type TablePlan } from "../table/to_arrow.ts";
import { openSplit } from "./load.ts";
import { type Expect, withProgress } from "./progress_bar.ts";
import { pushSplit } from "./push/push.ts";
import { PushRecords } from "./push/record.ts";
import type { ByteSource } from "../files/byte_source.ts";
import type { LocalShard } from "./types.ts";

/** Finds the files of a split; remembers of a store that has their rows and no others that they are what the Hub has. */
export async function withSplit<Result>(
  name: string,
  split: string,
  options: LoadDatasetOptions,
  task: (opened: OpenedDataset) => Promise<Result>,
): Promise<Result> {
  return await withProgress("download", name, options, async (shown, expect) => {
    const { files, features, memoryBytes, ...opened } = await openSplit(name, split, shown);
    expect(files.reduce((sum, { byteLength }) => sum + byteLength, 0));
    const footers = new Footers();
    return await task({
      files: files.map((file) => () => readParquet(file.reopen(), features, footers)),
      options: shown,
      settle(store) {
        const { connection } = store;
        const { rowCount: rows, tokenCount: tokens } = connection;
        const records = new PushRecords(directoryOf(connection), connection);
        const lastRowMarks = rows > 0 ? countBeside(store, rows - 1) : undefined;
        records.settle({ ...opened, rows, tokens, lastRowMarks, remoteRows: rows, memoryBytes });
      },
    });
  });
}

/** Pushes all rows, or with `append` those that are new, as a split. */
export async function save(
  source: SaveSource,
  name: string,
  split: string,
  options: CheckedSaveOptions,
): Promise<void> {
  const { connection } = source;
  await withProgress("upload", name, options, async (shown, expect) => {
    const plan = planTable(source, shown);
    checkTypes(plan.schema, "parquet");
    const { from, to } = plan.range;
    await pushSplit(name, split, {
      directory: directoryOf(connection),
      store: connection,
      firstRow: from,
      rowCount: to,
      tokensBefore: (row) => tokensBefore(connection, row),
      marksOf: (row) => countBeside(source, row),
      features: plan.schema.fields.every(({ name }) => plan.features.has(name))
        ? Object.fromEntries(plan.features)
        : null,
      writeShards: (from, to) =>
        writeShards(connection, { ...plan, range: { from, to } }, shown.shardBytes, expect),
      checkShard: (shard) => checkShard(shard, plan, name),
      sync: () => connection.isWritable && connection.sync(),
    }, shown);
  });
}

/** What a row has besides tokens: empty lists, and extras. A step that goes on only gets more of them. */
function countBeside({ connection, extras }: Pick<SaveSource, "connection" | "extras">, row: number): number {
  const values = extras.filter((_, place) => extraLengths(connection, place, row, row + 1)[0] >= 0);
  return countMarks(connection, "emptyLists", row, row + 1) + values.length;
}

function directoryOf({ access, directory }: Connection): string | null {
  return access === "temporary" ? null : directory;
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
  const { from, to } = plan.range;
  let folder: string | null = null;
  try {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "streamstore-"));
    const file = path.join(folder, "shard.parquet");
    let [rowCount, byteCount] = [0, 0];
    for await (const written of shardsOf(tables, shardBytes, (part) => writeParquet(file, part))) {
      rowCount += written.rowCount;
      byteCount += fs.statSync(file).size;
      // Those that are not written yet will be like those that are.
      expect(Math.round(byteCount * (to - from) / Math.max(1, rowCount)));
      yield { path: file, rowCount: written.rowCount, memoryBytes: written.arrowBytes };
    }
  } catch (error) {
    throw systemError(error, "Cannot save a dataset", os.tmpdir());
  } finally {
    if (folder !== null) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows can only be added behind those of a shard that has the same columns. */
async function checkShard(
  shard: ByteSource,
  { schema, features, extras }: TablePlan,
  id: string,
): Promise<void> {
  const file = await ParquetFile.read(shard);
  await file.close();
  const text = (name: string, feature: unknown) => {
    const isCompared = feature !== undefined && features.has(name) && file.columns.get(name);
    if (!isCompared) return `${name}: `;
    const { value, levels } = parseFeature(name, feature, "append");
    return [`${name}: ${value.name}`, ...levels].join(" ");
  };
  const layouts = new Map(extras.map(({ column, layout }) => [column.name, layout]));
  const extraText = (name: string, layout: string) => `${name}: ${layout}`;
  const ours = schema.fields.map(({ name }) => {
    const layout = layouts.get(name);
    return layout === undefined ? text(name, features.get(name)) : extraText(name, layout);
  });
  const theirs = [...file.columns].map(([name, column]) => {
    const layout = layouts.has(name) ? file.extras.get(name)?.layout : undefined;
    return layout === undefined ? text(name, column?.feature) : extraText(name, layout);
  });
  if (JSON.stringify(ours.toSorted()) === JSON.stringify(theirs.toSorted())) return;
  throw new StreamStoreError(
    "fields-differ",
    `Cannot append to ${id}: the columns must be those of ${shard.path} (${theirs.join(", ")}), got ${
      ours.join(", ")
    }`,
  );
}
