/** `/api/series`: the bytes of its answer, and what it refuses. Its Worker opens the store by its path. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { SeriesHeader } from "../../src/view/protocol.ts";
import type { ViewedStores } from "../../src/view/route.ts";
import { closeSeriesReaders, seriesRoute } from "../../src/view/routes/series.ts";
import { SeriesReader } from "../../src/view/series/series.ts";
import { withDirectory } from "../torture/scratch.ts";

/** Two rows a column: the second has no value. */
function makeStore(path: string) {
  const store = StreamStore.open(path, { fields: { reward: "float32", "é<b>": "int64" } });
  for (let row = 0; row < 10; row++) {
    store.append(row, row % 5 === 4 ? { reward: NaN } : { reward: row, "é<b>": [row, -row] });
  }
  store.flush();
  return store;
}

async function ask(stores: ViewedStores, query: string, signal = new AbortController().signal) {
  const question = { query: new URLSearchParams(query), header: null, stores, signal };
  const { type, body } = await seriesRoute.answer(question);
  assert.equal(type, "application/octet-stream");
  const bytes = body as Uint8Array;
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  assert.equal((4 + headerLength) % 8, 0);
  const header: SeriesHeader = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  return { header, numbers: [...new Float64Array(bytes.slice(4 + headerLength).buffer)] };
}

test("/api/series gives a header and the numbers of each series, and says what it refuses", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    using store = makeStore(path);
    const stores: ViewedStores = { count: 1, get: () => store as unknown as StreamStore, path: () => path };
    try {
      const query = "store=0&series=reward&series=%C3%A9%3Cb%3E[1]&from=2&to=8&columns=3";
      const { header, numbers } = await ask(stores, query);
      assert.deepEqual(header, {
        store: 0,
        from: 2,
        to: 8,
        columns: 3,
        series: ["reward", "é<b>[1]"],
        knownFrom: 2,
      });
      const reward = [[2, 5, 6], [3, 5, 7], [2, 5, 6], [3, 5, 7], [2, 1, 2]];
      const second = [[-2, -5, -6], [-3, -5, -7], [-3, -5, -7], [-2, -5, -6], [2, 1, 2]];
      assert.deepEqual(numbers, [...reward, ...second].flat());
      const refused: readonly [string, RegExp][] = [
        ["", /store must be given/],
        ["store=1&series=reward&from=0&to=1&columns=1", /store must be a whole number from 0 to 0/],
        ["store=0&series=reward&from=5&to=5&columns=1", /to must be a whole number from 6/],
        ["store=0&series=reward&from=-1&to=5&columns=1", /from must be a whole number/],
        ["store=0&series=reward&from=0&to=5&columns=0", /columns must be a whole number from 1 to 8192/],
        ["store=0&series=reward&from=0&to=5&columns=9000", /columns must be a whole number from 1 to 8192/],
        ["store=0&from=0&to=5&columns=1", /series must be given/],
        [`store=0&from=0&to=5&columns=1${"&series=reward".repeat(33)}`, /series must be given at most 32/],
        ["store=0&series=nothing&from=0&to=5&columns=1", /its name must be a field's/],
        ["store=0&series=reward&from=0&to=5&columns=1&path=x", /a name must be one of/],
      ];
      for (const [query, message] of refused) {
        await assert.rejects(ask(stores, query), { name: "Error", status: 400, message });
      }
      await assert.rejects(ask(stores, query, AbortSignal.abort(new Error("gone"))), { message: "gone" });
    } finally {
      closeSeriesReaders(stores);
    }
  }));

test("SeriesReader sees what is committed, another store in the place of the first, and ends with close()", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    const reader = new SeriesReader(path);
    try {
      await assert.rejects(reader.query(["reward"], 0, 10, 1), {
        name: "StreamStoreError",
        code: "not-found",
      });
      {
        using store = makeStore(path);
        assert.equal((await reader.query(["reward"], 0, 20, 1)).values[0][4], 8);
        store.append(100, { reward: 1000 });
        store.flush();
        assert.deepEqual([...(await reader.query(["reward"], 0, 20, 1)).values[0]], [0, 1000, 0, 1000, 9]);
      }
      const { rmSync } = await import("node:fs");
      rmSync(path, { recursive: true });
      using _other = StreamStore.open(path, { fields: { loss: "uint8" } });
      _other.append(0, { loss: 7 });
      _other.flush();
      assert.deepEqual([...(await reader.query(["loss"], 0, 20, 1)).values[0]], [7, 7, 7, 7, 1]);
      await assert.rejects(reader.query(["reward"], 0, 10, 1), { name: "TypeError" });
      const controller = new AbortController();
      const cancelled = reader.query(["loss"], 0, 10, 1, controller.signal);
      controller.abort(new Error("gone"));
      await assert.rejects(cancelled, { message: "gone" });
      const left = reader.query(["loss"], 0, 10, 1);
      reader.close();
      await assert.rejects(left, { code: "closed" });
    } finally {
      reader.close();
    }
    await assert.rejects(reader.query(["loss"], 0, 10, 1), { code: "closed" });
  }));
