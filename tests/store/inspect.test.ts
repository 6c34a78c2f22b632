import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { StreamStore } from "../../mod.ts";

test("toString() shows the fields, the size and the last tokens", () => {
  using store = new StreamStore({ action: 0, reward: 2 });
  assert.equal(inspect(store), "StreamStore { action: 0, reward: 2 } 0 tokens in 0 rows");
  for (let step = 0; step < 700; step++) store.append(step, { action: step, reward: 0.5 });
  const lines = [
    "StreamStore { action: 0, reward: 2 } 1,400 tokens in 700 rows",
    "  …",
    "  [1395] step 697 reward 0.5",
    "  [1396] step 698 action 698",
    "  [1397] step 698 reward 0.5",
    "  [1398] step 699 action 699",
    "  [1399] step 699 reward 0.5",
  ];
  assert.equal(inspect(store), lines.join("\n"));
  assert.equal(`${store}`, lines.join("\n"));
});

test("toString() of a closed store says so", () => {
  const store = new StreamStore({ action: 0 });
  store.append(0, { action: 1 });
  store.close();
  assert.equal(inspect(store), "StreamStore { action: 0 } closed, 1 tokens in 1 rows");
});
