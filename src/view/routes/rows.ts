/** `/api/rows`: rows as a table shows them. */
import { blockEnd } from "../../cli/blocks.ts";
import { StreamStoreError } from "../../error.ts";
import { pause } from "../../pause.ts";
import type { StreamStore } from "../../store.ts";
import type { RowsAnswer, TableRow } from "../protocol.ts";
import { Parameters } from "../parameters.ts";
import { json, type Question, type Route } from "../route.ts";
import { shownExtra, shownNumber, shownValue } from "../table_values.ts";

const rowsMax = 1000;
const columnsMax = 1000;
const entriesMax = 10_000;
/** A row is read whole. */
const rowTokensMax = 4_000_000;

interface Wanted {
  readonly columns: RowsAnswer["columns"];
  /** Entries of a list. */
  readonly entries: number;
}

export const rowsRoute: Route = {
  path: "/api/rows",
  async answer(question) {
    const query = new Parameters(question, "show rows", ["store", "from", "to", "entries"], ["columns"]);
    const store = query.store(question);
    const from = query.whole("from");
    const to = query.whole("to");
    if (to < from || to - from > rowsMax) {
      throw query.refusal(`to must be from ${from} to ${from + rowsMax}, got ${to}`);
    }
    const wanted = { columns: columnsOf(query, store), entries: query.wholeOr("entries", 32, 1, entriesMax) };
    // Rows that were dropped meanwhile, or are not there yet, are left out.
    const first = Math.min(Math.max(from, store.firstRow), store.rowCount);
    const end = Math.max(first, Math.min(to, store.rowCount));
    const rows = await readRows(question, store, wanted, first, end);
    return json({ from: first, columns: wanted.columns, rows } satisfies RowsAnswer);
  },
};

function columnsOf(query: Parameters, store: StreamStore): RowsAnswer["columns"] {
  const all: RowsAnswer["columns"] = [
    ...store.fields.map(({ name }) => ({ name, kind: "field" as const })),
    ...store.extras.map(({ name, kind }) => ({ name, kind })),
  ];
  if (!query.has("columns")) return all;
  return query.texts("columns", columnsMax).map((name) => {
    const column = all.find((each) => each.name === name);
    if (column !== undefined) return column;
    const names = all.map((each) => each.name).join(", ");
    throw query.refusal(`a column must be one of ${names}, got ${JSON.stringify(name)}`);
  });
}

/** In blocks, between which the server answers others. */
async function readRows(
  { signal }: Question,
  store: StreamStore,
  wanted: Wanted,
  from: number,
  to: number,
): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for (let at = from, end: number; at < to; at = end) {
    if (at > from) await pause(0, signal);
    // Dropped while others were answered.
    at = Math.max(at, Math.min(store.firstRow, to));
    if (at === to) break;
    end = blockEnd(store, at, to);
    rows.push(...readBlock(store, wanted, at, end));
  }
  return rows;
}

/** A block of which a row is damaged is read row by row. */
function readBlock(store: StreamStore, wanted: Wanted, from: number, to: number): TableRow[] {
  try {
    return readWhole(store, wanted, from, to);
  } catch (error) {
    if (!(error instanceof StreamStoreError) || error.code !== "damaged") throw error;
    if (to - from === 1) return [{ row: from, step: null, values: [], error: error.message }];
    return Array.from({ length: to - from }, (_, i) => readBlock(store, wanted, from + i, from + i + 1))
      .flat();
  }
}

function readWhole(store: StreamStore, { columns, entries }: Wanted, from: number, to: number): TableRow[] {
  const count = store.tokenOfRow(to) - store.tokenOfRow(from);
  if (to - from === 1 && count > rowTokensMax) {
    const error = `Cannot show row ${from}: it must have at most ${rowTokensMax} tokens, got ${count}`;
    return [{ row: from, step: null, values: [], error }];
  }
  const dtypes = new Map(store.fields.map(({ name, dtype }) => [name, dtype]));
  return store.rows(from, to).map((row, i) => ({
    row: from + i,
    step: shownNumber(row.step),
    values: columns.map(({ name, kind }) =>
      kind === "field" ? shownValue(row[name], dtypes.get(name)!, entries) : shownExtra(store, name, from + i)
    ),
  }));
}
