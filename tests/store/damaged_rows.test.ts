/** Rows of a store that has dropped its oldest, which say that they start where nothing is held any more. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";
import { runFlags } from "../support/runtime.ts";

const child = fileURLToPath(new URL("../support/children/damaged_rows.ts", import.meta.url));
const tokensOfRow = [501, 502, 503];

/** More than two segments of 65,536 tokens, in rows whose number of values differs. */
function makeDropped(path: string): number {
  using store = StreamStore.open(path, {
    fields: { value: "float32", done: "bool" },
    retain: { rows: 150 },
    capacity: 65_536,
  });
  for (let step = 0; step < 500; step++) {
    store.append(step, { value: new Array(tokensOfRow[step % 3] - 1).fill(step), done: step % 9 === 8 });
    if (step % 100 === 99) store.flush();
  }
  store.flush();
  assert.ok(store.firstToken > 65_536, "nothing was dropped");
  return store.firstRow;
}

/** Overwrites where rows start, from a row on. */
function damage(path: string, row: number, starts: readonly bigint[]): void {
  const names = readdirSync(path).filter((name) => name.startsWith("row.u64"));
  assert.equal(names.length, 1, `${names}`);
  const file = join(path, names[0]);
  const bytes = readFileSync(file);
  starts.forEach((start, i) => bytes.writeBigUInt64LE(start, 8 * (row + i)));
  writeFileSync(file, bytes);
}

const cases: Record<string, (row: number) => [number, bigint[]]> = {
  "the first": (row) => [row, [0n]],
  "one amid the others": (row) => [row + 20, [7n]],
  "several": (row) => [row + 20, [1n, 2n, 3n, 4n]],
  "all": (row) => [row, Array.from({ length: 500 - row }, (_, i) => BigInt(501 * i))],
};

for (const [name, where] of Object.entries(cases)) {
  test(`reading a store does not end the process where ${name} of its rows is said to start among what was dropped`, () =>
    withDirectory((directory) => {
      const path = join(directory, "run.stream");
      damage(path, ...where(makeDropped(path)));
      const ran = spawnSync(process.execPath, [...runFlags, child, path], { encoding: "utf8" });
      assert.equal(ran.signal ?? ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
      const outcomes = JSON.parse(ran.stdout) as Record<string, string>;
      for (const [way, outcome] of Object.entries(outcomes)) {
        assert.ok(["read", "damaged"].includes(outcome), `${way}: ${outcome}`);
      }
      for (const way of ["rows", "column", "toDataset"]) assert.equal(outcomes[way], "damaged", way);
    }));
}
