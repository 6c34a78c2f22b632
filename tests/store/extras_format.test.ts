/** The files of extras as docs/storage-format.md has them: read_store.py, which is numpy alone, reads them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { appendStep, extra, fields, valuesAt } from "../support/extras.ts";
import { withDirectory } from "../torture/scratch.ts";

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;
const script = fileURLToPath(new URL("read_store.py", import.meta.url));

/** What a step's extras are, each by its place and in hexadecimal. */
function told(step: number): Record<string, string> {
  const { prompt, frame, note } = valuesAt(step);
  const entries = [prompt, frame, note].flatMap((value, place) =>
    value === null ? [] : [[place, Buffer.from(value as string).toString("hex")]]
  );
  return Object.fromEntries(entries);
}

test(
  "read_store.py reads the segments of extras that are kept",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields, extra, commitEvery: false, retain: { rows: 40 } });
      for (let step = 0; step < 2200; step++) {
        appendStep(store, step);
        if (step % 60 === 59) store.flush();
      }
      const { firstRow } = store;
      assert.ok(firstRow > 500, `${firstRow}`);
      for (let step = 2200; step < 2230; step++) appendStep(store, step);
      const expected = Array.from({ length: 2230 - firstRow }, (_, i) => told(firstRow + i));
      for (const isClosed of [false, true]) {
        if (isClosed) store.close();
        const found = JSON.parse(
          execFileSync(python!, [script, path], { encoding: "utf8", maxBuffer: 2 ** 28 }),
        );
        assert.deepEqual([found.damaged, found.rows.length], [[], 2230 - firstRow]);
        assert.deepEqual(found.extras, expected);
      }
    }),
);

test(
  "read_store.py reads extras, those in the tail and those that are too long for it too",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields, extra, commitEvery: false });
      for (let step = 0; step < 300; step++) appendStep(store, step);
      store.flush();
      for (let step = 300; step < 340; step++) appendStep(store, step);
      const expected = Array.from({ length: 340 }, (_, step) => told(step));
      for (const isClosed of [false, true]) {
        if (isClosed) store.close();
        const found = JSON.parse(
          execFileSync(python!, [script, path], { encoding: "utf8", maxBuffer: 2 ** 28 }),
        );
        assert.deepEqual([found.damaged, found.rows.length], [[], 340]);
        assert.deepEqual(found.extras, expected);
      }
    }),
);
