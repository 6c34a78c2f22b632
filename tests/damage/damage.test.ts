/** Whatever becomes of a store's files, the process goes on, and a store that verifies as whole has the right values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runDamage } from "./run.ts";

test("damaged stores are errors or whole, and never end the process", async () => {
  const { mutations, refused, foundDamaged, harmless, rowsSalvaged } = await runDamage(1, 1000);
  assert.equal(mutations, 1000);
  // Each of the three ends is met often enough to mean something.
  for (const count of [refused, foundDamaged, harmless]) assert.ok(count > 100, `${count} of 1000`);
  assert.ok(rowsSalvaged > 1000, `${rowsSalvaged} rows`);
});
