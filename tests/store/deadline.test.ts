import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadline } from "../../src/store/deadline.ts";

test("Deadline looks seldom at a fast loop's clock, and often at a slow one's", () => {
  const deadline = new Deadline({ ms: 50 }, 0, () => {});
  // A clock that only the loop moves: a machine with much else to do makes any loop a slow one now and then.
  let now = 1000;
  const descriptor = Object.getOwnPropertyDescriptor(performance, "now");
  Object.defineProperty(performance, "now", { value: () => now, configurable: true, writable: true });
  try {
    for (const [stepMs, looksMax] of [[0.01, 40], [2, 30]] as const) {
      let [rows, looks, next] = [0, 0, 0];
      deadline.restart(0, true);
      const started = now;
      deadline.start(0);
      for (; !deadline.isDue(rows); looks++) {
        next = deadline.nextRow(rows);
        assert.ok(next > rows && next <= Math.max(1, 2 * rows), `${next} after ${rows}`);
        for (; rows < next; rows++) now += stepMs;
      }
      assert.ok(now - started >= 50);
      assert.ok(looks <= looksMax, `${looks} looks at ${rows} rows`);
      deadline.restart(0, true);
      deadline.start(0);
      deadline.restart(0, true);
    }
  } finally {
    deadline.stop();
    if (descriptor === undefined) Reflect.deleteProperty(performance, "now");
    else Object.defineProperty(performance, "now", descriptor);
  }
});
