/** Stores that begin with a later row, as replicas do: whatever opens, reads and copies stores takes them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { parseExtras } from "../../src/extras.ts";
import { openDirectory } from "../../src/store/open.ts";
import { Session } from "../../src/store/session.ts";
import { callAtOnce } from "../support/cli/command.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { reward: "float32", list: "int16" } as const;
const origin = { row: 100_003, token: 250_001 };

function openFrom(path: string, from = origin): StreamStore<typeof fields> {
  const request = { fields, extras: parseExtras({ note: "string" }), origin: from, salvage: false };
  return new StreamStore(new Session(openDirectory(path, request), {}) as never) as never;
}

/** Row `first + i` has step i - 5, i % 3 values of the list, and a note now and then. */
function append(store: StreamStore<typeof fields>, count: number): void {
  const first = store.rowCount - origin.row;
  for (let i = first; i < first + count; i++) {
    const note = i % 4 === 0 ? { note: `row ${i}` } : {};
    store.append(i - 5, { reward: i, list: Array.from({ length: i % 3 }, () => -i) }, note as never);
  }
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    step: i - 5,
    reward: i,
    list: new Int16Array(i % 3).fill(-i),
    extra: i % 4 === 0 ? { note: `row ${i}` } : {},
  }));

test("a store with an origin is opened, read, verified, copied and salvaged, with rows and without", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    for (const count of [0, 1, 3000]) {
      using store = openFrom(path);
      append(store, count - (store.rowCount - origin.row));
      assert.deepEqual([store.firstRow, store.firstToken], [origin.row, origin.token]);
      assert.equal(store.rowCount, origin.row + count);
      assert.deepEqual(store.rows(), expected(count));
      store.close();
      using read = StreamStore.open(path, { mode: "read" });
      assert.deepEqual(read.rows(), expected(count));
      assert.deepEqual((await read.verify()).damaged, []);
      assert.throws(() => read.row(origin.row - 1), RangeError);
      using salvaged = StreamStore.open(path, { salvage: true });
      assert.deepEqual(salvaged.rows(), expected(count));
      assert.deepEqual([salvaged.firstRow, salvaged.firstToken], [origin.row, origin.token]);
      const { output } = callAtOnce(directory, "info", path, "--json");
      const { firstRow, rows } = JSON.parse(output);
      assert.deepEqual([firstRow, rows], [origin.row, count]);
      rmSync(`${directory}/copy.stream`, { recursive: true, force: true });
      callAtOnce(directory, "repack", path, `${directory}/copy.stream`);
      using copy = StreamStore.open(`${directory}/copy.stream`, { mode: "read" });
      assert.deepEqual(copy.rows(), expected(count));
    }
    openFrom(path).seal();
    using sealed = StreamStore.open(path, { mode: "read" });
    assert.deepEqual((await sealed.verify()).damaged, []);
  }));

const python = findPython("numpy");

test(
  "read_store.py reads a store with an origin, whose rows may all be in the tail",
  { skip: python === null && `${noPython}: no Python has numpy` },
  () =>
    withDirectory((directory) => {
      const script = fileURLToPath(new URL("read_store.py", import.meta.url));
      const path = `${directory}/run.stream`;
      for (const count of [0, 7, 9000]) {
        using store = openFrom(path);
        append(store, count - (store.rowCount - origin.row));
        const copy = `${directory}/${count}.stream`;
        cpSync(path, copy, { recursive: true });
        const found = JSON.parse(
          execFileSync(python!, [script, copy], { encoding: "utf8", maxBuffer: 2 ** 26 }),
        );
        assert.equal(found.firstRow, origin.row);
        assert.deepEqual([found.damaged, found.damagedBlocks], [[], []]);
        assert.deepEqual(
          found.rows.map(([step]: [string]) => Number(step)),
          expected(count).map(({ step }) => step),
        );
        assert.equal(found.rows.at(-1)?.[1].list.length ?? 0, count === 0 ? 0 : (count - 1) % 3);
      }
    }),
);

test("where the origin cannot be, nothing is left of the store", () =>
  withDirectory((directory) => {
    assert.throws(() => openFrom(`${directory}/a.stream`, { row: 2 ** 50, token: 0 }), {
      message: /^Cannot create a store at /,
    });
    assert.deepEqual(readdirSync(directory), []);
    // What a creation that was killed has left goes with the next one, its segments too.
    const left = `${directory}/.a.stream.new-00000000-0000-0000-0000-000000000000`;
    openFrom(`${directory}/b.stream`).close();
    cpSync(`${directory}/b.stream`, left, { recursive: true });
    writeFileSync(`${left}/step.i64.00099`, "");
    openFrom(`${directory}/a.stream`).close();
    assert.deepEqual(readdirSync(directory).sort(), ["a.stream", "b.stream"]);
  }));
