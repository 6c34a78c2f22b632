/** A disk that text and bytes have filled: an error that leaves all before it, whatever their size. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { withMount } from "../support/full_disk/mount.ts";

const extra = { text: "string", frame: "bytes" } as const;

const values = {
  short: (step: number) => ({ text: `${step} `.repeat(8) }),
  long: (step: number) => ({ frame: new Uint8Array(50_000).fill(step) }),
  both: (step: number) => ({ text: `${step}`, frame: new Uint8Array(step % 3 * 4096).fill(step) }),
};

for (const [size, valuesAt] of Object.entries(values)) {
  test(`append() of ${size} extras says that the disk is full, and loses nothing`, () => {
    const reason = withMount("tmpfs", (directory) => {
      const path = `${directory}/run.stream`;
      const ballast = `${directory}/ballast`;
      writeFileSync(ballast, new Uint8Array(2 * 2 ** 20));
      const open = () => StreamStore.open(path, { fields: { a: 0 }, extra, capacity: 4096 });
      let store = open();
      let step = 0;
      const fill = () => {
        for (;; step++) store.append(step, { a: step }, valuesAt(step));
      };
      const compare = () => {
        assert.equal(store.rowCount, step);
        for (let row = 0; row < step; row++) {
          const { text = null, frame = null } = valuesAt(row) as { text?: string; frame?: Uint8Array };
          assert.equal(store.extra("text").get(row), text);
          assert.deepEqual(store.extra("frame").get(row), frame);
        }
      };
      const isFull = (error: unknown) => {
        assert.ok(error instanceof StreamStoreError && error.code === "storage-full", String(error));
        assert.match(
          error.message,
          /^Cannot append.*: no space is left on the disk of .*, \d+ bytes wanted, \d+ free$/,
        );
        return true;
      };
      try {
        for (let attempt = 0; attempt < 2; attempt++) assert.throws(fill, isFull);
        assert.ok(step > 10, `${step} steps`);
        compare();
        store.close();
        store = open();
        compare();
        rmSync(ballast);
        const before = step;
        assert.throws(fill, isFull);
        assert.ok(step > before + 5, `${step} steps after ${before}`);
        compare();
        store.close();
      } finally {
        store.close();
      }
    });
    if (reason !== null) console.log(`skipped: ${reason}`);
  });
}
