import { Batch } from "../../append/batch.ts";
import { Connection } from "../../store/connection.ts";
import { describe } from "../../fields.ts";
import type { LoadedFeature } from "../known_features.ts";
import type { LoadDatasetOptions } from "../load_options.ts";
import {
  appendFiles,
  blocksOf,
  chooseFields,
  type Files,
  type LoadTarget,
  RowAppender,
  type Wanted,
} from "../rows.ts";
import { checkNullInList } from "../table/null_in_list.ts";
import { firstStep, followingSteps } from "../table/row_steps.ts";
import { wrongStep } from "../refusals.ts";
import { takeExtra } from "../../read/extra_rows.ts";
import { ExtraAppender } from "../extras/appender.ts";
import { wantedExtras } from "../extras/wanted.ts";
import { KeyColumn } from "./key_column.ts";
import { orderOf } from "./order.ts";
import { readIndex, takeRows } from "./take_rows.ts";

/** How many rows are moved at a time. */
const rowsPerTake = 16_384;

/** Appends the rows of files, in their own order or sorted: what paths and the Hub have in common. */
export async function appendRows(
  target: LoadTarget,
  files: Files,
  options: LoadDatasetOptions,
  action: string,
): Promise<LoadedFeature[]> {
  const sortBy = checkSortBy(options.sortBy, action);
  if (sortBy.length === 0) return await appendFiles(target, files, options, action);
  return await appendSorted(target, files, sortBy, options, action);
}

/**
 * Appends the rows of files in the order of some columns. Those alone are read first. Where the rows are not in order,
 * all fields go through a temporary store, in a file like any other, out of which they are taken row by row: what
 * memory holds are the columns that are sorted by, and two numbers a row.
 */
async function appendSorted(
  target: LoadTarget,
  files: Files,
  sortBy: readonly string[],
  options: LoadDatasetOptions,
  action: string,
): Promise<LoadedFeature[]> {
  const { connection } = target;
  const fields = chooseFields(target.fields, options.columns, action);
  const extras = wantedExtras(target.extras, options.extra, action);
  const nanForNull = checkNullInList(options.nullInList, action);
  const { order, steps } = await readOrder(target, files, sortBy, options.step, action);
  if (order === null) return await appendFiles(target, files, options, action);

  // Fields of its own: that a field is a list must be news to the target too.
  const copies = fields.map((field) => ({ ...field, isList: false }));
  const unsorted = Connection.temporary(
    { capacity: connection.capacity, isSegmented: false },
    target.fields,
    extras.length,
  );
  try {
    using batch = new Batch(connection);
    const places = extras.map((extra, place) => ({ ...extra, place }));
    const wanted = { fields: copies, extras: places, keys: [], nanForNull };
    const loaded = await fill(unsorted, files, wanted, target, action);
    const appender = new RowAppender(connection, batch, action);
    const index = readIndex(unsorted);
    let next = firstStep(connection);
    for (let from = 0; from < order.length; from += rowsPerTake) {
      const rows = order.subarray(from, from + rowsPerTake);
      const taken = steps === null
        ? followingSteps(next, rows.length, action)
        : BigInt64Array.from(rows, (row) => steps[row]);
      const sources = takeRows(unsorted, copies, index, rows);
      appender.addSources(taken, sources.map((source, i) => ({ ...source, field: fields[i] })));
      extras.forEach(({ place }, i) => {
        for (const { firstRow, ...piece } of takeExtra(unsorted, i, rows)) {
          batch.addExtra(place, from + firstRow, piece);
        }
      });
      next = taken[rows.length - 1] + 1n;
    }
    batch.commit();
    return loaded;
  } finally {
    unsorted.close();
  }
}

/** Appends rows as they come. */
async function fill(
  unsorted: Connection,
  files: Files,
  wanted: Wanted,
  target: LoadTarget,
  action: string,
): Promise<LoadedFeature[]> {
  using batch = new Batch(unsorted);
  const appender = new RowAppender(unsorted, batch, action);
  const beside = new ExtraAppender(batch, wanted.extras, action);
  for await (const block of blocksOf(files, wanted, action)) {
    target.checkUntouched();
    appender.add(block, undefined);
    await beside.add(block, appender.rowCount - block.rowCount, target.checkUntouched);
  }
  beside.checkNamed();
  batch.commit();
  return [...appender.loaded, ...beside.loaded];
}

/** Reads the columns to sort by, and the steps where a column has them. */
async function readOrder(
  target: LoadTarget,
  files: Files,
  sortBy: readonly string[],
  step: string | undefined,
  action: string,
): Promise<{ order: Uint32Array | null; steps: BigInt64Array | null }> {
  const columns = sortBy.map((name) =>
    new KeyColumn((found) =>
      new TypeError(
        `Cannot ${action}: the column "${name}" to sort by must be of one kind in all files, got ${found} in some`,
      )
    )
  );
  const steps: BigInt64Array[] = [];
  let rowCount = 0;
  for await (
    const block of blocksOf(files, { fields: [], extras: [], step, keys: sortBy, nanForNull: false }, action)
  ) {
    target.checkUntouched();
    const firstRow = rowCount;
    block.keys().forEach((piece, i) => columns[i].add(piece));
    if (step !== undefined) {
      steps.push(
        block.steps((row, got) =>
          wrongStep(action, step, block.place?.(row) ?? `row ${firstRow + row}`, got)
        ),
      );
    }
    rowCount += block.rowCount;
  }
  if (rowCount >= 2 ** 32) {
    throw new RangeError(`Cannot ${action}: rows to sort must be < ${2 ** 32}, got ${rowCount}`);
  }
  const order = orderOf(columns.map((column) => column.ranks()), rowCount);
  return { order, steps: step === undefined || order === null ? null : joined(steps, rowCount) };
}

function joined(pieces: readonly BigInt64Array[], length: number): BigInt64Array {
  const all = new BigInt64Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export function checkSortBy(sortBy: unknown, action: string): readonly string[] {
  const names: unknown[] = Array.isArray(sortBy) ? sortBy : sortBy === undefined ? [] : [sortBy];
  for (const name of names) {
    if (typeof name === "string") continue;
    throw new TypeError(`Cannot ${action}: sortBy must be column names, got ${describe(name)}`);
  }
  return names as string[];
}
