import { noColumns, noKey, noOrder } from "../../refusals.ts";
import { toSteps } from "../../table/row_steps.ts";
import { CellColumn, CellError, cellInteger, cellKeys } from "./cell_columns.ts";
import { type Cell, unmark } from "./cells.ts";
import type { DatasetFile, FoundColumn } from "../../columns.ts";
import { NamedExtraError } from "../../extras/appender.ts";
import { defaultFeatureOf } from "../../extras/features.ts";
import { ExtraError, type ExtraPiece } from "../../extras/pieces.ts";
import { kindOfForm } from "../../extras/wanted.ts";
import { extraCells } from "./cell_extras.ts";
import type { Block, Wanted } from "../../rows.ts";
import { CellDtypes } from "./cell_dtypes.ts";

/** What to do about a field that is in a file, but not as numbers. */
export const dropAdvice = "; to load without it, name the other fields in columns";

/** Rows of a file of text that are read at once. */
export interface CellBlock {
  readonly rowCount: number;
  /** The cells of a column, one a row. */
  readonly column: (name: string) => readonly Cell[];
  /** What a column has as text, where all that the file has is text: null where nothing stands. */
  readonly texts?: (name: string) => readonly Cell[];
  /** Where a row of the block is: its number in the file, the file and the line. */
  readonly place: (row: number) => string;
}

/** How a format reads its rows. It tells of the names that columns have, and of cells that it cannot read. */
export type ReadCells = (rows: CellRows, action: string) => AsyncIterable<CellBlock>;

/** What a file of text does, given how its rows are read. */
export function cellFile(
  source: { readonly path: string; close(): Promise<void> | void },
  read: ReadCells,
  advise: Advise,
  dates: ReadonlySet<string> = new Set(),
): DatasetFile {
  return {
    async columns(action) {
      const rows = new CellRows(
        source.path,
        { fields: [], extras: [], keys: [], nanForNull: false },
        action,
        advise,
        dates,
      );
      for await (const block of read(rows, action)) rows.look(block);
      return rows.found();
    },
    async *blocks(wanted, action) {
      const rows = new CellRows(source.path, wanted, action, advise, dates);
      for await (const block of read(rows, action)) yield rows.block(block);
      rows.end();
    },
    close: () => source.close(),
  };
}

/** What to do about a cell that its field cannot hold. */
type Advise = (name: string, cell: Cell) => string;

/** Finds what is wanted among values out of text, whose columns are known from the rows that have been read. */
export class CellRows {
  readonly #columns = new Map<string, CellColumn>();
  readonly #names = new Set<string>();
  readonly #dtypes = new Map<string, CellDtypes>();
  #rowCount = 0;
  #isAllText = false;

  constructor(
    private readonly path: string,
    private readonly wanted: Wanted,
    private readonly action: string,
    private readonly advise: Advise,
    private readonly dates: ReadonlySet<string>,
  ) {}

  /** That there is a column of this name, whether or not a row has a value in it. */
  note(name: string): void {
    this.#names.add(name);
  }

  /** The error for a cell, in a row that was put into words. */
  refuse(name: string, place: string, allowed: string, cell: Cell): Error {
    // A number is of the right type, and only not one that the field can hold.
    const isNumber = ["number", "bigint"].includes(typeof unmark(cell));
    return new (isNumber ? RangeError : TypeError)(
      `Cannot ${this.action}: ${JSON.stringify(name)} at ${place} must be ${allowed}, got ${
        describeCell(cell)
      }${this.advise(name, cell)}`,
    );
  }

  /** Looks at what all columns of a block hold. */
  look({ column, texts, place }: CellBlock): void {
    this.#isAllText = texts !== undefined;
    for (const name of this.#names) {
      if (!this.#dtypes.has(name)) this.#dtypes.set(name, new CellDtypes());
      this.#dtypes.get(name)!.add(column(name), (row, cell) => {
        const advice = this.advise(name, cell);
        return `it holds ${describeCell(cell)}, in ${place(row)}${advice === dropAdvice ? "" : advice}`;
      });
    }
  }

  /** What was seen of them. */
  found(): FoundColumn[] {
    return Array.from(this.#names, (name) => {
      const seen = this.dates.has(name) ? undefined : this.#dtypes.get(name);
      const dtypes = this.dates.has(name) ? ["int64"] as const : seen?.dtypes ?? [];
      // Where all that there is is text, so is what looks like a number.
      const isText = seen?.isText || this.#isAllText && typeof dtypes === "string";
      const media = isText && seen?.hasPaths ? { hasBytes: false, hasPaths: true } : undefined;
      return { name, dtypes, form: isText ? "string" : undefined, media };
    });
  }

  block(cells: CellBlock): Block {
    const { rowCount, column, texts, place } = cells;
    const { wanted, action } = this;
    this.#rowCount += rowCount;
    return {
      rowCount,
      place,
      extras: () => this.#extras(cells),
      sources: () => {
        const fields = wanted.fields.filter(({ name }) => this.#names.has(name));
        const columns = fields.map((field) => {
          const { name } = field;
          if (!this.#columns.has(name)) this.#columns.set(name, new CellColumn(field, this.dates.has(name)));
          return this.#columns.get(name)!;
        });
        const sources = columns.map((known, i) => {
          const { name } = fields[i];
          try {
            return known.source(column(name), wanted.nanForNull);
          } catch (error) {
            if (!(error instanceof CellError)) throw error;
            throw this.refuse(name, place(error.row), error.allowed, error.cell);
          }
        });
        return { sources, columns: columns.map(({ loaded }) => loaded) };
      },
      steps: (refuse) => {
        const cells = column(wanted.step!);
        return toSteps(
          rowCount,
          (row) => cellInteger(cells[row]),
          (row) => refuse(row, describeStep(cells[row])),
        );
      },
      keys: () =>
        wanted.keys.map((name) => {
          const keys = cellKeys(column(name), texts?.(name));
          if (typeof keys === "string") throw noOrder(action, name, keys);
          return keys;
        }),
    };
  }

  *#extras({ column, texts = column, place }: CellBlock): Generator<ExtraPiece> {
    for (const extra of this.wanted.extras) {
      const { name, form } = extra;
      if (!this.#names.has(name)) continue;
      try {
        yield {
          extra,
          feature: defaultFeatureOf(kindOfForm(form)),
          firstRow: 0,
          ...extraCells(texts(name), form),
        };
      } catch (error) {
        if (error instanceof ExtraError) throw new NamedExtraError(name, error);
        if (!(error instanceof CellError)) throw error;
        throw this.refuse(name, place(error.row), error.allowed, error.cell);
      }
    }
  }

  /** What can be said of a file once all of it was read. */
  end(): void {
    const { fields, extras, keys } = this.wanted;
    const names = [...this.#names];
    const missing = keys.find((name) => !this.#names.has(name));
    if (missing !== undefined && this.#rowCount > 0) throw noKey(this.action, missing, names);
    if (fields.length === 0 || [...fields, ...extras].some(({ name }) => this.#names.has(name))) return;
    if (this.#rowCount > 0) {
      throw noColumns(`${this.action} from ${this.path}`, fields, names, delimiterAdvice(names));
    }
  }
}

/** A line of names that is one name has most likely another delimiter. */
function delimiterAdvice(names: readonly string[]): string {
  const delimiter = names.length === 1 ? /[;\t|]/.exec(names[0])?.[0] : undefined;
  return delimiter === undefined ? "" : `; csv: { delimiter: ${JSON.stringify(delimiter)} } tells them apart`;
}

const shownMax = 60;

function describeCell(cell: Cell): string {
  const value = unmark(cell);
  if (typeof value === "bigint" || typeof value === "number") return `${value}`;
  const shown = JSON.stringify(cell, (_, entry) => {
    const value = unmark(entry);
    return typeof value === "bigint" || typeof value === "number" && !Number.isFinite(value)
      ? `${value}`
      : value;
  }) ?? "nothing";
  return shown.length > shownMax ? `${shown.slice(0, shownMax)}…` : shown;
}

function describeStep(cell: Cell): unknown {
  return cell === undefined ? null : typeof cell === "object" && cell !== null ? "a list or an object" : cell;
}
