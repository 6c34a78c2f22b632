import { noColumns, noKey, noOrder } from "../refusals.ts";
import { toSteps } from "../row_steps.ts";
import { cellInteger, cellKeys, cellSource, newSeen, type Seen, seenColumn } from "./cell_columns.ts";
import type { Cell } from "./cells.ts";
import type { Block, Wanted } from "./rows.ts";

/** Finds what is wanted among values out of text, whose columns are known from the rows that have been read. */
export class CellRows {
  readonly #seen = new Map<string, Seen>();
  readonly #names = new Set<string>();
  #rowCount = 0;

  constructor(
    private readonly path: string,
    private readonly wanted: Wanted,
    private readonly action: string,
  ) {}

  /** That there is a column of this name, whether or not a row has a value in it. */
  note(name: string): void {
    this.#names.add(name);
  }

  block(rowCount: number, column: (name: string) => readonly Cell[]): Block {
    const { wanted, action } = this;
    this.#rowCount += rowCount;
    return {
      rowCount,
      sources: () => {
        const fields = wanted.fields.filter(({ name }) => this.#names.has(name));
        const parts = fields.map((field) => {
          let seen = this.#seen.get(field.name);
          if (seen === undefined) this.#seen.set(field.name, seen = newSeen());
          const source = cellSource(column(field.name), field, seen, wanted.nanForNull, action);
          return { source, column: seenColumn(field, seen) };
        });
        return { sources: parts.map((part) => part.source), columns: parts.map((part) => part.column) };
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
          const keys = cellKeys(column(name));
          if (typeof keys === "string") throw noOrder(action, name, keys);
          return keys;
        }),
    };
  }

  /** What can be said of a file once all of it was read. */
  end(): void {
    const { fields, keys } = this.wanted;
    const names = [...this.#names];
    const missing = keys.find((name) => !this.#names.has(name));
    if (missing !== undefined && this.#rowCount > 0) throw noKey(this.action, missing, names);
    if (fields.length === 0 || fields.some(({ name }) => this.#names.has(name))) return;
    if (this.#rowCount > 0) throw noColumns(`${this.action} from ${this.path}`, fields, names);
  }
}

function describeStep(cell: Cell): unknown {
  return cell === undefined ? null : typeof cell === "object" && cell !== null ? "a list or an object" : cell;
}
