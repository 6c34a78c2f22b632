import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadline } from "../../src/store/deadline.ts";
import { block } from "../support/time.ts";

test("Deadline looks seldom at a fast loop's clock, and often at a slow one's", () => {
  const deadline = new Deadline({ ms: 50 }, 0, () => {});
  try {
    for (const [stepMs, looksMax] of [[0.01, 40], [2, 30]] as const) {
      let [rows, looks, next] = [0, 0, 0];
      deadline.restart(0, true);
      const started = performance.now();
      deadline.start(0);
      for (; !deadline.isDue(rows); looks++) {
        next = deadline.nextRow(rows);
        assert.ok(next > rows && next <= Math.max(1, 2 * rows), `${next} after ${rows}`);
        for (; rows < next; rows++) block(stepMs);
      }
      assert.ok(performance.now() - started >= 50);
      assert.ok(looks <= looksMax, `${looks} looks at ${rows} rows`);
      deadline.restart(0, true);
      deadline.start(0);
      deadline.restart(0, true);
    }
  } finally {
    deadline.stop();
  }
});
