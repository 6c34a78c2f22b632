/** `/api/extra`: the text or the bytes of one row. */
import { Parameters } from "../parameters.ts";
import type { Route } from "../route.ts";
import { bytesOf, imageType } from "../table_values.ts";

const bytesMax = 64 * 1024 * 1024;

export const extraRoute: Route = {
  path: "/api/extra",
  answer(question) {
    const query = new Parameters(question, "show an extra", ["store", "name", "row"]);
    const store = query.store(question);
    const name = query.oneOf("name", store.extras.map((extra) => extra.name));
    const row = query.whole("row");
    if (row < store.firstRow || row >= store.rowCount) {
      throw query.refusal(`row must be from ${store.firstRow} to ${store.rowCount - 1}, got ${row}`, 404);
    }
    const bytes = bytesOf(store, name, row);
    if (bytes === null) {
      throw query.refusal(`row ${row} must have a value of ${JSON.stringify(name)}, got null`, 404);
    }
    if (bytes.length > bytesMax) {
      throw query.refusal(`it must have at most ${bytesMax} bytes, got ${bytes.length}`, 413);
    }
    // Nothing that a browser would run: a picture, text as such, or bytes. A copy, since it is sent after this call.
    const type = store.extra(name).kind === "string"
      ? "text/plain; charset=utf-8"
      : imageType(bytes) ?? "application/octet-stream";
    return { type, body: bytes.slice() };
  },
};
