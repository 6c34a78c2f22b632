import type { Source } from "../../../append/batch.ts";
import type { Field } from "../../../fields.ts";
import { ShapeError } from "../../table/sources.ts";
import { type ByteSource, openBytes } from "../../files/byte_source.ts";
import { readFailure } from "../../decode.ts";
import type { LoadedColumn, LoadedFeature } from "../../known_features.ts";
import { ParquetFile, parquetPaths } from "./file.ts";
import type { Footers } from "./footers.ts";
import type { NumberColumn } from "./layout.ts";
import type { Chunk } from "./values.ts";
import { checkKey, readKeys } from "./keys.ts";
import { chunkSource, chunkSteps } from "./sources.ts";
import { type DatasetFile, dtypesOf, type FoundColumn, noNumbers } from "../../columns.ts";
import { kindOfLayout } from "../../extras/features.ts";
import { formOfMedia } from "../../extras/media.ts";
import { extraPieces, leavesOf, planExtras } from "./extra_rows.ts";
import { noColumns, wrongColumn } from "../../refusals.ts";
import type { KeyPiece } from "../../sort/keys.ts";
import type { ParquetOptions } from "../../load_options.ts";
import { appendFiles, type Block, type LoadTarget, NamedShapeError, type Wanted } from "../../rows.ts";
import { checkOptions, optionNames } from "../../../options.ts";

interface ColumnPlan extends LoadedColumn {
  readonly field: Field;
  readonly column: NumberColumn;
}

const action = "load Parquet";
const keys = optionNames<ParquetOptions>({ step: true, nullInList: true, extra: true, columns: true });

/** Appends the rows of a Parquet file, or of all in a folder: row group by row group, all of them or none. */
export async function appendParquet(
  target: LoadTarget,
  path: string,
  options: ParquetOptions,
): Promise<LoadedFeature[]> {
  checkOptions(options, keys, action);
  const paths = await parquetPaths(path);
  return await appendFiles(target, paths.map((path) => () => openParquet(path)), options, action);
}

/** A Parquet file here on the disk. */
export async function openParquet(path: string): Promise<DatasetFile> {
  return await readParquet(await openBytes(path));
}

/** A Parquet file wherever its bytes are; a block of rows is a row group, and only the wanted columns are read. */
export async function readParquet(
  source: ByteSource,
  features: Readonly<Record<string, unknown>> | null = null,
  footers?: Footers,
): Promise<DatasetFile> {
  const file = await ParquetFile.read(source, features, footers);
  return {
    columns: (_, looksAtMedia) => columnsOfParquet(file, looksAtMedia),
    blocks: (wanted, action) => blocksOf(file, wanted, action),
    close: () => file.close(),
  };
}

/** What the columns of a file are. */
export async function columnsOfParquet(file: ParquetFile, looksAtMedia = false): Promise<FoundColumn[]> {
  const found: FoundColumn[] = [];
  for (const [name, column] of file.columns) {
    if (column !== null) {
      found.push({ name, dtypes: dtypesOf(column.layout) });
      continue;
    }
    const layout = file.extras.get(name)?.layout;
    const media = looksAtMedia ? await file.mediaOf(name) : null;
    const form = layout && (media === null ? kindOfLayout(layout) : formOfMedia(media));
    found.push({ name, dtypes: noNumbers, form, media: media ?? undefined });
  }
  return found;
}

async function* blocksOf(file: ParquetFile, wanted: Wanted, action: string): AsyncGenerator<Block> {
  const extras = planExtras(file, wanted.extras, action);
  const isAny = extras.length > 0 || wanted.fields.length === 0;
  const plans = planColumns(file, wanted.fields, action, isAny);
  const step = wanted.step === undefined ? null : findStep(file, wanted.step, action);
  for (const name of wanted.keys) checkKey(file, name, action);
  const columns = [...plans.map(({ column }) => column), ...(step === null ? [] : [step])];
  for (const [group, rowCount] of file.groupRows.entries()) {
    if (rowCount === 0) continue;
    file.prefetch(group, [...columns, ...extras.flatMap(leavesOf)]);
    const chunks: Chunk[] = [];
    for (const column of columns) chunks.push(await file.read(group, column));
    const keys: KeyPiece[] = [];
    for (const name of wanted.keys) keys.push(await readKeys(file, group, name));
    yield {
      rowCount,
      path: file.path,
      extras: () => extraPieces(file, group, extras),
      sources: () => ({
        columns: plans,
        sources: plans.map((plan, i) => sourceOf(file.path, chunks[i], plan, rowCount, wanted.nanForNull)),
      }),
      steps: (refuse) => chunkSteps(chunks[plans.length], step!, refuse),
      keys: () => keys,
    };
  }
}

function sourceOf(
  path: string,
  chunk: Chunk,
  { column, field }: ColumnPlan,
  rowCount: number,
  nanForNull: boolean,
): Source {
  try {
    return chunkSource(chunk, column, field, rowCount, nanForNull);
  } catch (error) {
    throw error instanceof ShapeError
      ? new NamedShapeError(field.name, error)
      : readFailure(path, column.name, error);
  }
}

function planColumns(
  file: ParquetFile,
  fields: readonly Field[],
  action: string,
  isAny: boolean,
): ColumnPlan[] {
  const plans = fields.flatMap((field) => {
    const column = file.columns.get(field.name);
    if (column === undefined) return [];
    if (column === null) throw wrongColumn(action, field.name, file.contentOf(field.name));
    const { name, layout, feature } = column;
    return [{ field, column, name, layout, feature }];
  });
  if (plans.length > 0 || isAny) return plans;
  throw noColumns(`${action} from ${file.path}`, fields, [...file.columns.keys()]);
}

function findStep(file: ParquetFile, name: string, action: string): NumberColumn {
  const column = file.columns.get(name);
  if (column && column.lists.length === 0 && column.dtype !== "float16" && column.dtype.includes("int")) {
    return column;
  }
  const got = column === undefined ? "no column of that name" : "another type";
  throw new TypeError(
    `Cannot ${action}: the step column "${name}" of ${file.path} must be of integers, got ${got}`,
  );
}
