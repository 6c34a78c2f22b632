/** By which requests ranges are read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { planRequests, Semaphore } from "../../../../src/dataset/hub/http/ranges.ts";

test("planRequests() joins ranges where that is cheaper, and parts large ones", () => {
  const plan = (...ranges: [number, number][]) =>
    planRequests(ranges.map(([start, end]) => ({ start, end }))).map(({ start, end }) => [start, end]);
  assert.deepEqual(plan([200_000, 300_000], [0, 10], [20, 30], [5, 5]), [[0, 30], [200_000, 300_000]]);
  assert.deepEqual(plan([0, 40 << 20]).length, 3);
  const parts = plan([7, 100_000_000]);
  assert.deepEqual([parts[0][0], parts.at(-1)![1]], [7, 100_000_000]);
  assert.ok(parts.every(([start], i) => i === 0 || start === parts[i - 1][1]));
  assert.deepEqual(plan([0, 10], [0, 20], [3, 4]), [[0, 20]]);
  assert.deepEqual(plan(), []);
});

test("Semaphore runs so many tasks at once, and a failed one makes room", async () => {
  const semaphore = new Semaphore(2);
  let running = 0, most = 0;
  const task = async (index: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    if (index === 1) throw new Error("one");
    return index;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((index) => semaphore.run(() => task(index))));
  assert.deepEqual(results.map(({ status }) => status[0]), ["f", "r", "f", "f", "f"]);
  assert.equal(most, 2);
});
