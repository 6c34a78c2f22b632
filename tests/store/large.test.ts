/** A stream far longer than any that a test could write: its files are holes, made by zig/src/testing/lengthen.zig. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { largeStore, makeLargeStore } from "../../bench/harness/limits.ts";
import { StreamStore } from "../../mod.ts";
import { runFlags } from "../support/runtime.ts";
import { withDirectory } from "../torture/scratch.ts";

const { fields, tokenCount, rowCount } = largeStore;

const millisecondsMax = 10;
const child = fileURLToPath(new URL("../support/children/open_time.ts", import.meta.url));

for (const mode of ["read", "append"] as const) {
  // In a process of its own, as programs open one: what a thousand tests have left behind is no part of it.
  test(`open() to ${mode} takes less than ${millisecondsMax} ms for 100 GB`, () =>
    withDirectory((directory) => {
      const path = `${directory}/large.stream`;
      makeLargeStore(path);
      const printed = execFileSync(process.execPath, [...runFlags, child, path, mode], { encoding: "utf8" });
      assert.ok(Number(printed) < millisecondsMax, `the best of the openings took ${printed} ms`);
    }));

  test(`open() to ${mode} a store of 100 GB has all of it there`, () =>
    withDirectory((directory) => {
      const path = `${directory}/large.stream`;
      makeLargeStore(path);
      using store = StreamStore.open(path, { fields, mode });
      assert.deepEqual([store.length, store.rowCount, store.firstRow], [tokenCount, rowCount, 0]);
      for (const at of [0, tokenCount / 2, tokenCount - 1000]) {
        const { steps, types, values } = store.window(at, 1000);
        assert.deepEqual([steps.length, types.length, values.length], [1000, 1000, 1000]);
        assert.ok(steps.every((step) => step === 0n) && types.every((type) => type === 0));
        assert.ok(values.every((value) => value === 0));
      }
    }));
}

test("append() goes on with a store of 100 GB", () =>
  withDirectory((directory) => {
    const path = `${directory}/large.stream`;
    makeLargeStore(path);
    {
      using store: StreamStore<typeof fields> = StreamStore.open(path, { fields });
      store.append(1, { zero: [5, 6] });
    }
    using store = StreamStore.open(path, { mode: "read" });
    assert.equal(store.rowCount, rowCount + 1);
    assert.deepEqual([...store.window(tokenCount - 1, 3).values], [0, 5, 6]);
    assert.deepEqual([...store.gather([tokenCount - 1], 3).values], [0, 5, 6]);
  }));
