/** Rows in blocks that fit in memory, however long the store is. */
import type { Column } from "../read/column.ts";
import type { StreamStore } from "../store.ts";

const rowsAtOnce = 4096;
const tokensAtOnce = 1_000_000;

/** The end of the block of rows that begins at `from`: at least one row. */
export function blockEnd(store: StreamStore, from: number, to: number): number {
  let end = Math.min(to, from + rowsAtOnce);
  while (end > from + 1 && store.tokenOfRow(end) - store.tokenOfRow(from) > tokensAtOnce) {
    end = from + Math.floor((end - from) / 2);
  }
  return end;
}

/**
 * Steps and columns of rows `[from, to)`, fields in field order, if every row has every field; else null: a column does
 * not tell a row without the field from one with an empty list.
 */
export function fullColumns(
  store: StreamStore,
  from: number,
  to: number,
): { readonly steps: BigInt64Array; readonly columns: readonly Column[] } | null {
  const columns: Column[] = [];
  for (const { name } of store.fields) {
    const column = store.column(name, from, to);
    const { width, offsets } = column;
    if (width === 0 || offsets?.some((end, row) => row > 0 && end === offsets[row - 1])) return null;
    columns.push(column);
  }
  // The step of a row is that of its first token.
  const tokens = Float64Array.from({ length: to - from }, (_, i) => store.tokenOfRow(from + i));
  return { steps: store.get(tokens).steps as BigInt64Array, columns };
}
