import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../mod.ts";
import { appendPayload, edgeFeatures, edgeFields, edgeStore, inFolder } from "./saved_support.ts";
import { Random } from "./support.ts";

// More with DAMAGED_FILES=20000, others with DAMAGED_SEED=7.
const count = Number(process.env.DAMAGED_FILES ?? 400);
const seed = Number(process.env.DAMAGED_SEED ?? 1);

/** Some bytes changed, a stretch of them gone or doubled, or the end cut off. */
function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(16))]);
    default: {
      const damaged = bytes.slice();
      for (let i = 1 + random.below(4); i > 0; i--) {
        const place = random.below(2) === 0 ? random.below(bytes.length) : Math.min(bytes.length - 1, at + i);
        damaged[place] = [random.below(256), 0xff, 0, 0x7f, 0x80][random.below(5)];
      }
      return damaged;
    }
  }
}

for (const name of ["x.arrow", "x.arrows", "x.parquet", "x.jsonl", "x.csv"]) {
  test(`a damaged ${name} gives an error and leaves the store as it was, or it loads`, () =>
    inFolder(async (folder) => {
      using store = edgeStore();
      if (!/jsonl|csv/.test(name)) appendPayload(store);
      const path = join(folder, name);
      const extra = { task: store.rows().map((_, i) => `task ${i}`) };
      await store.saveDataset(path, "train", { fieldFeatures: edgeFeatures, extra });
      const whole = new Uint8Array(readFileSync(path));
      const random = new Random(seed);
      using target = new StreamStore(edgeFields);
      target.append(0, { single: 1 });
      let refused = 0;
      for (let i = 0; i < count; i++) {
        writeFileSync(path, damage(whole, random));
        const before = target.rowCount;
        const start = performance.now();
        try {
          await target.loadDataset(
            path,
            "train",
            random.below(3) === 0 ? { sortBy: ["task", "single"] } : {},
          );
          assert.ok(target.rowCount - before <= 4 * store.rowCount, `mutation ${i}`);
        } catch (error) {
          assert.ok(error instanceof Error && error.message.length < 2000, `mutation ${i}`);
          assert.ok(/^Cannot (load|read)/.test(error.message), `mutation ${i}: ${error.message}`);
          assert.equal(target.rowCount, before, `mutation ${i}`);
          refused++;
        }
        const seconds = (performance.now() - start) / 1000;
        assert.ok(seconds < 10, `mutation ${i} took ${seconds} s`);
      }
      console.log(`${refused} of ${count} damaged copies of ${name} were refused`);
      assert.deepEqual(target.row(0), { step: 0, single: 1 });
      writeFileSync(path, whole);
      await target.loadDataset(path);
    }));
}
