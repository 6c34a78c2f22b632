/** Whatever becomes of a store's files, the process goes on, and a store that verifies as whole has the right values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runDamage } from "./run.ts";

test("damaged stores are errors or whole, and never end the process", async () => {
  const { mutations, refused, foundDamaged, harmless, rowsSalvaged } = await runDamage(1, 400);
  assert.equal(mutations, 400);
  // Each of the three ends is met often enough to mean something.
  for (const count of [refused, foundDamaged, harmless]) assert.ok(count > 40, `${count} of 400`);
  assert.ok(rowsSalvaged > 400, `${rowsSalvaged} rows`);
});
