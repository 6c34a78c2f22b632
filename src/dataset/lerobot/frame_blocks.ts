/** The rows of the data files, compared with what the list of episodes says of them. */
import type { Source } from "../../append/batch.ts";
import { type Dtype, holds } from "../../dtypes.ts";
import { type Field, newField } from "../../fields.ts";
import type { DatasetFile } from "../columns.ts";
import type { WantedExtra } from "../extras/wanted.ts";
import { readParquet } from "../parquet/read/rows.ts";
import type { Block, Wanted } from "../rows.ts";
import { isSet } from "../table/bitmaps.ts";
import { numberAt } from "../value_types.ts";
import type { DataFile } from "./episodes.ts";
import type { Place } from "./place.ts";
import { damaged, loading } from "./refusals.ts";
import { taskExtra, taskPieces } from "./task_texts.ts";

const episodeColumn = "episode_index";
const taskColumn = "task_index";

/** What is the same for all files. */
export interface FramesWanted extends Pick<Wanted, "fields" | "extras"> {
  /** The names of the tasks, where the text of each frame's task is an extra. */
  readonly tasks: readonly string[] | null;
  /** The features that are images. */
  readonly images: ReadonlySet<string>;
  readonly signal: AbortSignal | undefined;
}

/** The rows of a file, row group by row group, as many as its episodes have and each with the number of its own. */
export async function* blocksOf(place: Place, file: DataFile, wanted: FramesWanted): AsyncGenerator<Block> {
  const { path, first, ends } = file;
  const expected = ends.at(-1)!;
  const wrongCount = (got: number) =>
    damaged(
      `${path} must have the ${expected} rows of episodes ${first} to ${first + ends.length - 1}, got ${got}`,
    );
  const task = wanted.tasks === null ? undefined : wanted.extras.find(({ name }) => name === taskExtra);
  const extras = wanted.extras.filter((extra) => extra !== task);
  // The numbers of episodes are read in any case, so that none begins elsewhere than the dataset's list of them says.
  const besides = [episodeColumn, ...(task === undefined ? [] : [taskColumn])]
    .filter((name) => wanted.fields.every((field) => field.name !== name));
  // Fields that the store does not have, to read the columns by.
  const fields = besides.reduce<readonly Field[]>(
    (all, name) => [...all, newField(name, -1 - all.length, "int64", all.length)],
    wanted.fields,
  );
  const source = await readParquet(await place.open(path));
  let row = 0;
  try {
    await checkColumns(source, path, extras);
    for await (const block of source.blocks({ fields, extras, keys: [], nanForNull: false }, loading)) {
      wanted.signal?.throwIfAborted();
      if (row + block.rowCount > expected) throw wrongCount(row + block.rowCount);
      yield checkedBlock(block, file, row, fields, { ...wanted, task });
      row += block.rowCount;
    }
  } finally {
    await source.close();
  }
  if (row !== expected) throw wrongCount(row);
}

/** What a block has is looked at when it is asked for. */
function checkedBlock(
  block: Block,
  file: DataFile,
  from: number,
  fields: readonly Field[],
  { fields: wanted, task, tasks, images }: FramesWanted & { readonly task: WantedExtra | undefined },
): Block {
  const { path } = file;
  const read = () => {
    const { sources, columns } = block.sources();
    const missing = fields.find(({ name }) => columns.every((column) => column.name !== name));
    if (missing !== undefined) throw damaged(`${path} must have the column "${missing.name}"`);
    for (const { field, dtype } of sources) checkFloats(path, field, dtype);
    checkEpisodes(sourceOf(sources, episodeColumn), file, from, block.rowCount);
    return { sources, columns };
  };
  let held: ReturnType<typeof read> | null = null;
  return {
    ...block,
    sources: () => {
      const { sources, columns } = held ??= read();
      return { sources: sources.slice(0, wanted.length), columns: columns.slice(0, wanted.length) };
    },
    async *extras() {
      for await (const piece of block.extras()) {
        // Some writers keep pictures as plain bytes.
        const isImage = images.has(piece.extra.name) && piece.extra.form === "bytes";
        yield isImage && piece.feature?._type === "Value" ? { ...piece, feature: { _type: "Image" } } : piece;
      }
      if (task === undefined) return;
      const numbers = sourceOf((held ??= read()).sources, taskColumn);
      yield* taskPieces(task, tasks!, numbers, block.rowCount, (row) => `${path}: row ${from + row}`);
    },
  };
}

function sourceOf(sources: readonly Source[], name: string): Source {
  return sources.find(({ field }) => field.name === name)!;
}

/** A file without the column would else be one of nulls. */
async function checkColumns(
  file: DatasetFile,
  path: string,
  extras: readonly WantedExtra[],
): Promise<void> {
  if (extras.length === 0) return;
  const names = new Set((await file.columns(loading)).map(({ name }) => name));
  const missing = extras.find(({ name }) => !names.has(name));
  if (missing !== undefined) throw damaged(`${path} must have the column "${missing.name}"`);
}

/** A float would be rounded to a narrower one, where an integer that does not fit is refused by its value. */
function checkFloats(path: string, { name, dtype }: Field, written: Dtype): void {
  const isRounded = dtype.startsWith("float") && written.startsWith("float") && !holds(dtype, written);
  if (!isRounded) return;
  throw damaged(
    `${path}: "${name}" must hold ${dtype}, as meta/info.json and the first file say, got ${written}`,
  );
}

/** Rows of a file from `from` on must be of the episodes that the list puts there. */
function checkEpisodes(
  source: Source,
  { path, first, ends }: DataFile,
  from: number,
  rowCount: number,
): void {
  const { values, dtype, firstValue, width, validity } = source;
  if (width !== 1) throw damaged(`${path}: "${episodeColumn}" must hold one number a row`);
  // As halves of 32 bits: a bigint a row would take longer than reading the row.
  const halves = dtype === "int64"
    ? new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4)
    : null;
  let episode = ends.findIndex((end) => end > from);
  for (let row = from; row < from + rowCount; row++) {
    if (row === ends[episode]) episode++;
    const i = row - from;
    const half = 2 * (firstValue + i);
    if (validity === null && halves?.[half] === first + episode && halves[half + 1] === 0) continue;
    const isPresent = validity === null || isSet(validity, i);
    const got = isPresent ? Number(numberAt(values, dtype, firstValue + i)) : null;
    if (got !== first + episode) {
      throw damaged(
        `${path}: row ${row} must be of episode ${first + episode}, got "${episodeColumn}" ${got}`,
      );
    }
  }
}
