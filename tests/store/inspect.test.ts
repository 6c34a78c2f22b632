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

test("toString() shows values as their fields have them, whatever the cells are", () => {
  using integers = new StreamStore({ id: "uint64", count: "int64", done: "bool" });
  integers.append(0, { id: 2n ** 64n - 1n, count: -3n, done: true });
  const shown = (store: StreamStore) => `${store}`.split("\n").slice(1).map((line) => line.split(" ").at(-1));
  assert.deepEqual(shown(integers as unknown as StreamStore), [`${2n ** 64n - 1n}`, "-3", "1"]);
  using floats = new StreamStore({ x: "float64", id: "uint64", count: "int64" });
  floats.append(0, { x: -0.5, id: 2 ** 40, count: -7 });
  assert.deepEqual(shown(floats as unknown as StreamStore), ["-0.5", `${2 ** 40}`, "-7"]);
  using singles = new StreamStore({ x: "float32", count: "int32", size: "uint32" });
  singles.append(0, { x: 0.25, count: -7, size: 2 ** 31 });
  assert.deepEqual(shown(singles as unknown as StreamStore), ["0.25", "-7", `${2 ** 31}`]);
});

test("toString() of a closed store says so", () => {
  const store = new StreamStore({ action: 0 });
  store.append(0, { action: 1 });
  store.close();
  assert.equal(inspect(store), "StreamStore { action: 0 } closed, 1 tokens in 1 rows");
});
