/** What a list of episodes has to know of rows, block by block. */
import type { StreamStore } from "../../store.ts";
import type { ListRule } from "./rule.ts";

/** An element of a field's lists, or the one value that a row has. */
export interface Element {
  readonly name: string;
  readonly element: number;
}

/** Of a block of rows, by their places in it. */
export interface RowFacts {
  /** 1 where a row is the last of its episode. */
  readonly ends: Uint8Array;
  /** What names the episode of each row; undefined where a row has none. */
  readonly ids: readonly (number | bigint | undefined)[] | null;
  readonly environments: readonly (number | bigint | undefined)[] | null;
  /** What each row adds to the sum; null where none is asked for. */
  readonly values: Float64Array | null;
}

export function rowFacts(
  store: StreamStore,
  rule: ListRule,
  sum: Element | null,
  from: number,
  to: number,
): RowFacts {
  const hasEnd = rule !== "rows" && "end" in rule;
  return {
    ends: endsOf(store, rule, from, to),
    ids: rule !== "rows" && "id" in rule ? firstValues(store, rule.id, from, to) : null,
    environments: hasEnd && rule.environment !== undefined
      ? firstValues(store, rule.environment, from, to)
      : null,
    values: sum === null ? null : numbersOf(store, sum, from, to),
  };
}

/** A row in which a value of one of the fields is neither 0 nor NaN. */
function endsOf(store: StreamStore, rule: ListRule, from: number, to: number): Uint8Array {
  const ends = new Uint8Array(to - from);
  if (rule === "rows") return ends.fill(1);
  if ("id" in rule) return ends;
  for (const name of typeof rule.end === "string" ? [rule.end] : rule.end) {
    const column = store.column(name, from, to);
    for (let row = 0; row < ends.length; row++) {
      for (let at = firstOf(column, row); at < firstOf(column, row + 1); at++) {
        const value = Number(column.values[at]);
        if (value !== 0 && !Number.isNaN(value)) ends[row] = 1;
      }
    }
  }
  return ends;
}

type AnyColumn = ReturnType<StreamStore["column"]>;

/** Where the values of a row begin. */
function firstOf({ width, offsets }: AnyColumn, row: number): number {
  return offsets === null ? row * width! : offsets[row];
}

function firstValues(store: StreamStore, name: string, from: number, to: number) {
  const column = store.column(name, from, to);
  return Array.from({ length: to - from }, (_, row) => {
    const at = firstOf(column, row);
    return at < firstOf(column, row + 1) ? column.values[at] : undefined;
  });
}

/** A number a row, 0 where it has none, or a NaN. */
function numbersOf(store: StreamStore, { name, element }: Element, from: number, to: number): Float64Array {
  const column = store.column(name, from, to);
  const numbers = new Float64Array(to - from);
  for (let row = 0; row < numbers.length; row++) {
    const at = firstOf(column, row) + element;
    const value = at < firstOf(column, row + 1) ? Number(column.values[at]) : 0;
    if (!Number.isNaN(value)) numbers[row] = value;
  }
  return numbers;
}
