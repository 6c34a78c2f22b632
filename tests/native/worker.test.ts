import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";

/** Starts a Worker on the store and resolves once it gathers. */
function startGathering(path: string): Promise<Worker> {
  const worker = new Worker(new URL("../support/children/gather_worker.ts", import.meta.url).href, {
    type: "module",
  });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data === "ready") worker.postMessage(path);
      else resolve(worker);
    };
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

test("Workers that are ended in the middle of a gather harm neither the process nor the store", async () => {
  const folder = mkdtempSync(join(tmpdir(), "worker-"));
  try {
    const path = join(folder, "run.stream");
    using store = StreamStore.open(path, { fields: { a: 0 } });
    for (let step = 0; step < 50_000; step++) store.append(step, { a: step });
    store.flush();
    for (let round = 0; round < 2; round++) {
      const workers = await Promise.all([startGathering(path), startGathering(path)]);
      store.append(50_000 + round, { a: round });
      for (const worker of workers) worker.terminate();
      assert.equal(store.gather([49_999 + round], 1).values[0], round === 0 ? 49_999 : round - 1);
    }
    assert.equal(store.rowCount, 50_002);
    assert.deepEqual((await store.verify()).damaged, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
