import type { FieldMap, StreamStore, Window } from "../../mod.ts";

/** A store whose fields are known only when the program runs. */
export type Store = StreamStore<FieldMap>;

/** The fields that a next-observation model learns from. */
export interface Task {
  readonly observation: string;
  readonly action: string;
  /** `flag`: not zero in an episode's last row. `number`: the same in all rows of an episode. */
  readonly episode: { readonly field: string; readonly kind: "flag" | "number" };
}

/** The tokens of one field within a row, counted from the row's first token. */
export interface Span {
  readonly offset: number;
  readonly width: number;
}

/** Where the tokens of a task's fields stand in every row. */
export interface RowLayout {
  readonly rowTokens: number;
  readonly observation: Span;
  readonly action: Span;
  readonly episode: Span & { readonly kind: "flag" | "number" };
}

/** Rows read at a time, so that a window stays small however long the stream is. */
export const ROWS_PER_WINDOW = 4096;

/**
 * Finds where the fields stand: within a row they follow each other in field order.
 *
 * A window may start at any token. That a window of whole rows can be found by a
 * multiplication needs rows of one length, so every field must have one width throughout.
 */
export function readLayout(store: Store, task: Task): RowLayout {
  if (store.rowCount === 0) throw new RangeError("Cannot read layout: the store has no rows");
  const spans = new Map<string, Span>();
  let rowTokens = 0;
  for (const { name } of store.fields) {
    const { width } = store.column(name);
    if (width === null) {
      throw new RangeError(`Cannot read layout: ${name} must have the same width in all rows`);
    }
    spans.set(name, { offset: rowTokens, width });
    rowTokens += width;
  }
  const span = (field: string): Span => {
    const found = spans.get(field);
    if (!found?.width) throw new RangeError(`Cannot read layout: the rows have no ${field}`);
    return found;
  };
  return {
    rowTokens,
    observation: span(task.observation),
    action: span(task.action),
    episode: { ...span(task.episode.field), kind: task.episode.kind },
  };
}

/**
 * The rows from `fromRow` to before `toRow` as zero-copy windows of whole rows, in order.
 *
 * Neighbouring windows share two rows, so that any three in succession meet in one window.
 */
export function* rowWindows(
  store: Store,
  rowTokens: number,
  { fromRow = 0, toRow = store.rowCount } = {},
): Generator<Window> {
  for (let row = fromRow; row < toRow; row += ROWS_PER_WINDOW - 2) {
    const rows = Math.min(ROWS_PER_WINDOW, toRow - row);
    yield store.window(row * rowTokens, rows * rowTokens);
  }
}

/** Whether the row whose first token stands at `start` is followed by a row of the same episode. */
export function isContinued(values: ArrayLike<number>, start: number, layout: RowLayout): boolean {
  const position = start + layout.episode.offset;
  if (layout.episode.kind === "flag") return values[position] === 0;
  return values[position] === values[position + layout.rowTokens];
}

/** The first row of every episode, and last the number of rows. */
export function findEpisodes(store: Store, task: Task): number[] {
  const marks = store.column(task.episode.field).values as Float64Array;
  const starts = [0];
  for (let row = 1; row < marks.length; row++) {
    const ended = task.episode.kind === "flag" ? marks[row - 1] !== 0 : marks[row - 1] !== marks[row];
    if (ended) starts.push(row);
  }
  starts.push(marks.length);
  return starts;
}
