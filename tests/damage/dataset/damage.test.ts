/** Whatever becomes of a dataset's files, loading it is an error or gives rows, and the store stays whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeno } from "../../support/runtime.ts";
import { runDatasetDamage } from "./run.ts";

test("damaged datasets are errors or load, and never end the process, hang, or touch the store", async () => {
  // Others on each runtime.
  const { mutations, refused, right, changed } = await runDatasetDamage(isDeno ? 1 : 126, 125);
  assert.equal(mutations, 125);
  // Each of the three ends is met often enough to mean something; the last where there are no checksums.
  for (const count of [refused, right, 4 * changed]) assert.ok(count > 5, `${count} of 125`);
});
