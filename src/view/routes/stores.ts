/** `/api/stores`: all that the viewer was opened with. */
import { basename, resolve } from "node:path";
import type { StoreSummary } from "../protocol.ts";
import { Parameters } from "../parameters.ts";
import { json, type Question, type Route } from "../route.ts";

export const storesRoute: Route = {
  path: "/api/stores",
  answer(question) {
    new Parameters(question, "list the stores", []);
    const { stores } = question;
    return json(Array.from({ length: stores.count }, (_, store) => summaryOf(stores, store)));
  },
};

function summaryOf(stores: Question["stores"], store: number): StoreSummary {
  const path = stores.path(store);
  const known = { store, name: basename(resolve(path)), path };
  try {
    const { firstRow, rowCount } = stores.get(store);
    return { ...known, state: "open", rows: rowCount - firstRow };
  } catch (error) {
    const { message, status } = error as Error & { readonly status?: number };
    return { ...known, state: status === 404 ? "deleted" : "failed", reason: message, rows: 0 };
  }
}
