/** `/api/overview`: what a store holds, by its newest rows. */
import { type FieldFacts, fieldFacts } from "../../cli/facts.ts";
import { filesOf } from "../../cli/files.ts";
import type { RowValue } from "../../read/rows.ts";
import { readManifest } from "../../store/manifest.ts";
import { Parameters } from "../parameters.ts";
import type { FieldOverview, Overview } from "../protocol.ts";
import { json, type Route } from "../route.ts";
import { shownValue } from "../table_values.ts";

export const overviewRoute: Route = {
  path: "/api/overview",
  answer(question) {
    const query = new Parameters(question, "show the overview", ["store"]);
    const store = query.store(question);
    const index = query.whole("store");
    const path = question.stores.path(index);
    const files = filesOf(path);
    const { writer, recovery } = store;
    const overview: Overview = {
      store: index,
      id: readManifest(path).id ?? "",
      firstRow: store.firstRow,
      endRow: store.rowCount,
      firstToken: store.firstToken,
      endToken: store.length,
      byteLength: files.reduce((sum, { bytes }) => sum + bytes, 0),
      cell: cellOf(files.map(({ name }) => name)),
      fields: fieldFacts(store).map(fieldOverview),
      extras: store.extras.map(({ name, kind }) => ({ name, kind })),
      writer: writer === null ? null : { processId: writer },
      recovered: recovery.recoveredRows,
    };
    return json(overview);
  },
};

/** The columns' cells, which the file of values is named by. */
function cellOf(names: readonly string[]): string {
  return names.map((name) => /^data\.(\w+)/.exec(name)?.[1]).find((cell) => cell !== undefined) ?? "";
}

/** So many values of a list are shown. */
const valuesMax = 64;

function fieldOverview({ name, type, dtype, isList, width, share, newest }: FieldFacts): FieldOverview {
  const shown = shownValue((newest ?? undefined) as RowValue | undefined, dtype, valuesMax);
  return { name, typeId: type, dtype, isList, width, share, newest: shown };
}
