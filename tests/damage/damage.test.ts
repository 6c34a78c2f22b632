/** Whatever becomes of a store's files, the process goes on, and a store that verifies as whole has the right values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeno } from "../support/runtime.ts";
import { runDamage } from "./run.ts";

test("damaged stores are errors or whole, and never end the process", async () => {
  // Others on each runtime: it is the library that meets the damage.
  const seed = isDeno ? 1 : 201;
  const { mutations, refused, foundDamaged, harmless, rowsSalvaged } = await runDamage(seed, 200);
  assert.equal(mutations, 200);
  // Each of the three ends is met often enough to mean something.
  for (const count of [refused, foundDamaged, harmless]) assert.ok(count > 20, `${count} of 200`);
  assert.ok(rowsSalvaged > 200, `${rowsSalvaged} rows`);
});
