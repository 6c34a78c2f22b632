/** Whatever becomes of a dataset's files, loading it is an error or gives rows, and the store stays whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runDatasetDamage } from "./run.ts";

test("damaged datasets are errors or load, and never end the process, hang, or touch the store", async () => {
  const { mutations, refused, right, changed } = await runDatasetDamage(1, 250);
  assert.equal(mutations, 250);
  // Each of the three ends is met often enough to mean something; the last where there are no checksums.
  for (const count of [refused, right, 4 * changed]) assert.ok(count > 10, `${count} of 250`);
});
