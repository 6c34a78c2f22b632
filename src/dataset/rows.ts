import { Batch, BatchError, type Source } from "../append/batch.ts";
import type { Connection } from "../store/connection.ts";
import { describe, type Field } from "../fields.ts";
import type { LoadTarget } from "../store/session.ts";
import { ShapeError } from "./table/sources.ts";
import { ExtraAppender } from "./extras/appender.ts";
import type { ExtraBlock } from "./extras/pieces.ts";
import { type WantedExtra, wantedExtras } from "./extras/wanted.ts";
import type { LoadedColumn, LoadedFeature } from "./known_features.ts";
import type { ParquetOptions } from "./load_options.ts";
import { allowNan, checkNullInList } from "./table/null_in_list.ts";
import { inWords, wrongShape, wrongStep } from "./refusals.ts";
import { firstStep, followingSteps } from "./table/row_steps.ts";
import type { KeyPiece } from "./sort/keys.ts";

export type { LoadTarget };

/** What is wanted of a file. */
export interface Wanted {
  /** In field order. */
  readonly fields: readonly Field[];
  readonly extras: readonly WantedExtra[];
  /** The name of the column of steps. */
  readonly step?: string;
  /** The names of columns to sort by. */
  readonly keys: readonly string[];
  readonly nanForNull: boolean;
}

/** Rows of a file that are read at once. What it has is asked for once, and a ShapeError counts from its first row. */
export interface Block extends ExtraBlock {
  readonly rowCount: number;
  /** Of the fields that the file has a column of; `columns` tells what they are loaded as. */
  sources(): { readonly sources: readonly Source[]; readonly columns: readonly LoadedColumn[] };
  steps(refuse: (row: number, got: unknown) => Error): BigInt64Array;
  keys(): readonly KeyPiece[];
}

/** An open file of rows, in any format. */
export interface RowFile {
  /** Its rows in order. Throws before the first where the file has not what is wanted, or not in a type that will do. */
  blocks(wanted: Wanted, action: string): AsyncIterable<Block> | Iterable<Block>;
  close(): Promise<void> | void;
}

/** Opens the files of a dataset one after another. */
export type Files = readonly (() => Promise<RowFile>)[];

/** Appends the rows of files: block by block, all of them or none. */
export async function appendFiles(
  target: LoadTarget,
  files: Files,
  options: ParquetOptions,
  action: string,
): Promise<LoadedFeature[]> {
  const nanForNull = checkNullInList(options.nullInList, action);
  const fields = chooseFields(target.fields, options.columns, action);
  const extras = wantedExtras(target.extras, options.extra, action);
  using batch = new Batch(target.connection);
  const { step } = options;
  const rows = new RowAppender(target.connection, batch, action);
  const beside = new ExtraAppender(batch, extras, action);
  for await (const block of blocksOf(files, { fields, extras, step, keys: [], nanForNull }, action)) {
    target.checkUntouched();
    rows.add(block, step);
    await beside.add(block, rows.rowCount - block.rowCount, target.checkUntouched);
  }
  target.checkUntouched();
  if (rows.rowCount > 0) beside.checkNamed();
  batch.commit();
  return [...rows.loaded, ...beside.loaded];
}

/** The blocks of all files. Each file is closed before the next is opened. */
export async function* blocksOf(files: Files, wanted: Wanted, action: string): AsyncGenerator<Block> {
  for (const open of files) {
    const file = await open();
    try {
      for await (const block of file.blocks(wanted, action)) if (block.rowCount > 0) yield block;
    } finally {
      await file.close();
    }
  }
}

export function chooseFields(
  fields: readonly Field[],
  columns: readonly string[] | undefined,
  action: string,
): readonly Field[] {
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

/** Adds blocks of rows to a batch, and says in words what it refuses. */
export class RowAppender {
  readonly #loaded = new Set<LoadedColumn>();
  #nextStep: bigint;
  #row = 0;

  constructor(connection: Connection, private readonly batch: Batch, private readonly action: string) {
    this.#nextStep = firstStep(connection);
  }

  /** The columns that rows came from, those of every file. */
  get loaded(): LoadedColumn[] {
    return [...this.#loaded];
  }

  /** Rows that were added. */
  get rowCount(): number {
    return this.#row;
  }

  /** Rows with the steps that they bring along in a column, or that follow on those before. */
  add(block: Block, stepColumn: string | undefined): void {
    const { sources, columns } = this.#sourcesOf(block);
    const place = (row: number) => block.place?.(row) ?? this.#placeOf(row);
    const steps = stepColumn === undefined
      ? followingSteps(this.#nextStep, block.rowCount, this.action)
      : block.steps((row, got) => wrongStep(this.action, stepColumn, place(row), got));
    sources.forEach((source, i) => allowNan(columns[i], source, block.rowCount));
    for (const column of columns) this.#loaded.add(column);
    this.addSources(steps, sources, place);
  }

  addSources(
    steps: BigInt64Array,
    sources: readonly Source[],
    place: (row: number) => string = (row) => this.#placeOf(row),
  ): void {
    try {
      this.batch.add(steps, sources);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const row = error.row - this.#row;
      throw inWords(this.action, error, sources, steps, { row, place: place(row) }, this.#nextStep - 1n);
    }
    this.#nextStep = steps[steps.length - 1] + 1n;
    this.#row += steps.length;
  }

  #placeOf(row: number): string {
    return `row ${this.#row + row}`;
  }

  #sourcesOf(block: Block): ReturnType<Block["sources"]> {
    try {
      return block.sources();
    } catch (error) {
      throw error instanceof NamedShapeError
        ? wrongShape(this.action, error.column, this.#row, error)
        : error;
    }
  }
}

/** A ShapeError, and of which column it is. */
export class NamedShapeError extends ShapeError {
  constructor(readonly column: string, { row, expected, found }: ShapeError) {
    super(row, expected, found);
  }
}
