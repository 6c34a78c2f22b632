import { Batch, BatchError, type Source } from "../batch.ts";
import type { Connection } from "../connection.ts";
import { describe, type Field } from "../fields.ts";
import { ShapeError } from "./arrow_sources.ts";
import type { LoadedColumn } from "./known_features.ts";
import type { ParquetOptions } from "./load_options.ts";
import { allowNan, checkNullInList } from "./null_in_list.ts";
import { ParquetFile, parquetPaths } from "./parquet_file.ts";
import type { NumberColumn } from "./parquet_layout.ts";
import type { Chunk } from "./parquet_pages.ts";
import { chunkSource, chunkSteps } from "./parquet_sources.ts";
import { inWords, noColumns, noNumbers, wrongShape, wrongStep } from "./refusals.ts";
import { firstStep, followingSteps } from "./row_steps.ts";

const action = "load Parquet";

interface ColumnPlan extends LoadedColumn {
  readonly field: Field;
  readonly column: NumberColumn;
}

/** A store that rows are loaded into over some time. */
export interface LoadTarget {
  readonly connection: Connection;
  readonly fields: readonly Field[];
  /** Throws if the store is not as it was when loading began. */
  checkUntouched(): void;
}

/** Appends the rows of a Parquet file, or of all in a folder: row group by row group, all of them or none. */
export async function appendParquet(
  target: LoadTarget,
  path: string,
  options: ParquetOptions,
): Promise<LoadedColumn[]> {
  const nanForNull = checkNullInList(options.nullInList, action);
  const fields = chooseFields(target.fields, options.columns);
  const batch = new Batch(target.connection);
  const loader = new Loader(target, batch, fields, options.step, nanForNull);
  try {
    for (const file of await parquetPaths(path)) await loader.add(file);
    target.checkUntouched();
    batch.commit();
  } catch (error) {
    batch.abandon();
    throw error;
  }
  return loader.loaded;
}

function chooseFields(fields: readonly Field[], columns: readonly string[] | undefined): readonly Field[] {
  if (columns === undefined) return fields;
  const names = fields.map(({ name }) => name);
  const unknown = columns.find((name) => !names.includes(name));
  if (unknown === undefined && columns.length > 0) return fields.filter(({ name }) => columns.includes(name));
  throw new TypeError(
    `Cannot ${action}: columns must name fields (${names.join(", ")}), got ${
      columns.length === 0 ? "none" : describe(unknown)
    }`,
  );
}

class Loader {
  readonly loaded: LoadedColumn[] = [];
  #nextStep: bigint;
  #row = 0;

  constructor(
    private readonly target: LoadTarget,
    private readonly batch: Batch,
    private readonly fields: readonly Field[],
    private readonly step: string | undefined,
    private readonly nanForNull: boolean,
  ) {
    this.#nextStep = firstStep(target.connection);
  }

  async add(path: string): Promise<void> {
    const file = await ParquetFile.open(path);
    try {
      const plans = this.#plan(file);
      const step = this.step === undefined ? null : findStep(file, this.step);
      for (const [group, rowCount] of file.groupRows.entries()) {
        if (rowCount > 0) await this.#addGroup(file, group, rowCount, plans, step);
      }
      this.loaded.push(...plans);
    } finally {
      await file.close();
    }
  }

  #plan(file: ParquetFile): ColumnPlan[] {
    const plans = this.fields.flatMap((field) => {
      const column = file.columns.get(field.name);
      if (column === undefined) return [];
      if (column === null) throw noNumbers(action, field.name, "another type");
      const { name, layout, feature } = column;
      return [{ field, column, name, layout, feature }];
    });
    if (plans.length > 0) return plans;
    throw noColumns(`${action} from ${file.path}`, this.fields, [...file.columns.keys()]);
  }

  #source(file: ParquetFile, chunk: Chunk, column: NumberColumn, field: Field, rowCount: number): Source {
    try {
      return chunkSource(chunk, column, field, rowCount, this.nanForNull);
    } catch (error) {
      if (error instanceof ShapeError) throw wrongShape(action, field.name, this.#row, error);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot read ${file.path}, column "${column.name}": ${reason}`, { cause: error });
    }
  }

  async #addGroup(
    file: ParquetFile,
    group: number,
    rowCount: number,
    plans: readonly ColumnPlan[],
    step: NumberColumn | null,
  ): Promise<void> {
    const chunks: Chunk[] = [];
    for (const { column } of plans) chunks.push(await file.read(group, column));
    const stepChunk = step === null ? null : await file.read(group, step);
    this.target.checkUntouched();
    const sources = plans.map(({ field, column }, i) =>
      this.#source(file, chunks[i], column, field, rowCount)
    );
    const steps = step === null
      ? followingSteps(this.#nextStep, rowCount, action)
      : chunkSteps(stepChunk!, step, (row, got) => wrongStep(action, step.name, this.#row + row, got));
    sources.forEach((source, i) => allowNan(plans[i], source, rowCount));
    try {
      this.batch.add(steps, sources);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      throw inWords(action, error, sources, steps, this.#row, this.#nextStep - 1n);
    }
    this.#nextStep = steps[rowCount - 1] + 1n;
    this.#row += rowCount;
  }
}

function findStep(file: ParquetFile, name: string): NumberColumn {
  const column = file.columns.get(name);
  if (column && column.lists.length === 0 && column.dtype !== "float16" && column.dtype.includes("int")) {
    return column;
  }
  const got = column === undefined ? "no column of that name" : "another type";
  throw new TypeError(
    `Cannot ${action}: the step column "${name}" of ${file.path} must be of integers, got ${got}`,
  );
}
