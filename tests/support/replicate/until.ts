/** What must become so, within a bound: what never does fails, and says what there was instead. */
import assert from "node:assert/strict";
import { pause } from "../../../src/pause.ts";

/** Less than a test may take. */
const longestMilliseconds = 30_000;

/** Waits until something is so. What is given besides ends the waiting where it fails. */
export async function until(
  isSo: () => boolean,
  found: () => unknown = () => "nothing",
  failing?: PromiseLike<unknown>,
): Promise<void> {
  for (const since = performance.now(); !isSo();) {
    assert.ok(performance.now() - since < longestMilliseconds, `It has not come: there is ${found()}`);
    await Promise.race([pause(2), ...failing === undefined ? [] : [failing]]);
  }
}

/** Waits for a promise, within the bound. */
export async function within<Result>(task: PromiseLike<Result>, found?: () => unknown): Promise<Result> {
  let isDone = false;
  const ended = Promise.resolve(task).finally(() => isDone = true);
  await until(() => isDone, found, ended);
  return await ended;
}
