/** `/api/batch`: a batch as a trainer gets it. */
import { drawBatch, type Drawn } from "../batch/drawer.ts";
import { extrasOf } from "../batch/extras.ts";
import { programOf } from "../batch/program.ts";
import { parseRequest } from "../batch/request.ts";
import { fieldsOf, windowsOf } from "../batch/shown.ts";
import { Parameters } from "../parameters.ts";
import type { BatchAnswer } from "../protocol.ts";
import { json, type Route } from "../route.ts";

const optionsCharactersMax = 10_000;

export const batchRoute: Route = {
  path: "/api/batch",
  async answer(question) {
    const query = new Parameters(question, "draw a batch", ["store", "options"]);
    const store = query.store(question);
    const path = question.stores.path(query.whole("store"));
    const request = parseRequest(query.text("options", optionsCharactersMax));
    const { batch } = request;
    const answer = (drawn: Drawn): BatchAnswer => {
      const code = programOf(path, request);
      const rows = [store.firstRow, store.rowCount] as const;
      if ("batchCount" in drawn) {
        const { batchCount } = drawn;
        return { batch, batchCount, size: 0, storeRows: rows, fields: [], windows: [], extras: [], code };
      }
      const { size } = drawn.batch;
      const fields = fieldsOf(store, drawn.batch, request.options);
      const windows = windowsOf(fields, size);
      const extras = extrasOf(drawn.batch.extra);
      return { batch, batchCount: null, size, storeRows: rows, fields, windows, extras, code };
    };
    return json(await drawBatch(store, request, answer, question.signal));
  },
};
