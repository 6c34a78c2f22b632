/** The files as docs/storage-format.md has them: read_store.py, which is numpy alone, reads the rows of a store. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, cpSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { type Row, StreamStore } from "../../mod.ts";
import { arrayOver, type Dtype, dtypeNames } from "../../src/dtypes.ts";
import { extremesOf } from "../support/dtypes.ts";
import { bitsOf, Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;
const script = fileURLToPath(new URL("read_store.py", import.meta.url));

const fields = {
  observation: 0,
  action: { type: -7, dtype: "int64" },
  serial: { type: 9, dtype: "uint64" },
  done: 3,
} as const;

interface Found {
  readonly boot: string;
  readonly capacity: number;
  readonly firstRow: number;
  readonly damaged: readonly string[];
  readonly damagedBlocks: readonly number[];
  readonly alikeBlocks: number;
  readonly sessions: readonly number[];
  readonly rows: readonly unknown[];
}

function read(path: string): Found {
  return readAll([path])[0];
}

/** All by one process, which takes longer to start than to read. */
function readAll(paths: readonly string[]): Found[] {
  const text = execFileSync(python!, [script, ...paths], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** The bits of a value, or of each of a list, as read_store.py tells them. */
function told(value: unknown): unknown {
  if (typeof value === "number") return `${bitsOf(value)}`;
  if (typeof value === "bigint") return `${BigInt.asUintN(64, value)}`;
  return Array.from(value as ArrayLike<number | bigint>, told);
}

function toldRow({ step, ...values }: Row): unknown[] {
  return [`${step}`, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, told(value)]))];
}

/** Rows with fields left out, empty lists, lists of one value, no field at all, and steps in two parts. */
function append(store: StreamStore<typeof fields>, from: number, count: number, random: Random): void {
  for (let step = from; step < from + count; step++) {
    const kind = random.below(6);
    const observation = Array.from({ length: random.below(4) }, () => random.float() - 0.5);
    if (kind === 0) store.append(3 * step, {});
    else if (kind === 1) store.append(3 * step, { action: BigInt(-step) * 2n ** 40n });
    else store.append(3 * step, { observation, serial: 2n ** 63n + BigInt(step) });
    if (kind > 2) store.append(3 * step, { done: kind === 5 });
  }
}

test(
  "read_store.py reads a closed store, all of whose chunks have their checksums",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields, capacity: 500 });
      append(store, -1000, 2500, new Random(1));
      const expected = store.rows().map(toldRow);
      store.close();
      const { damaged, capacity, rows } = read(path);
      assert.deepEqual(damaged, []);
      assert.equal(capacity, 500);
      assert.deepEqual(rows, expected);
    }),
);

test(
  "read_store.py reads types in bytes, and those of one field, which have no file",
  { skip },
  () =>
    withDirectory((directory) => {
      const forms = [
        { fields: { a: 0, b: 255 }, file: "type.u8" },
        { fields: { a: 0, b: 256 }, file: "type.i32" },
        { fields: { a: 300 }, file: null },
        { fields: { b: 0 }, file: null },
      ] as const;
      for (const [index, { fields, file }] of forms.entries()) {
        const path = `${directory}/${index}.stream`;
        const store: StreamStore = StreamStore.open(path, { fields, capacity: 301 });
        const random = new Random(index);
        for (let step = 0; step < 13_000; step++) {
          const own = Object.keys(fields).filter(() => step < 10_000 || random.below(3) > 0);
          store.append(step, Object.fromEntries(own.map((name, i) => [name, i === 0 ? [step, 1] : step])));
          if (step % 777 === 0) store.flush();
        }
        const expected = store.rows().map(toldRow);
        assert.deepEqual([...store.window(3, 2).types], [...store.get([3, 4]).types]);
        store.close();
        assert.deepEqual(
          readdirSync(path).filter((name) => name.startsWith("type")),
          file === null ? [] : [file],
        );
        const { damaged, damagedBlocks, alikeBlocks, rows } = read(path);
        assert.deepEqual({ damaged, damagedBlocks }, { damaged: [], damagedBlocks: [] });
        assert.equal(alikeBlocks, 2);
        assert.deepEqual(rows, expected);
      }
    }),
);

test(
  "read_store.py reads what a writer has appended and not yet committed",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      using store = StreamStore.open(path, { fields, capacity: 500, commitEvery: { ms: 1e9 } });
      const random = new Random(2);
      append(store, 0, 300, random);
      store.flush();
      // The same row goes on in the tail.
      store.append(3 * 300, { observation: [1, 2] });
      store.flush();
      store.append(3 * 300, { done: true });
      append(store, 301, 40, random);
      cpSync(path, `${directory}/copy.stream`, { recursive: true });
      const { damaged, rows } = read(`${directory}/copy.stream`);
      assert.deepEqual(damaged, []);
      assert.deepEqual(rows, store.rows().map(toldRow));
    }),
);

test(
  "read_store.py tells where writers began, also one whose rows are in the tail alone",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const random = new Random(3);
      for (let round = 0; round < 4; round++) {
        using store = StreamStore.open(path, { fields, capacity: 500, commitEvery: { ms: 1e9 } });
        append(store, 100 * round, 40, random);
        if (round < 3) continue;
        cpSync(path, `${directory}/copy.stream`, { recursive: true });
        const { damaged, sessions, rows } = read(`${directory}/copy.stream`);
        assert.deepEqual(damaged, []);
        assert.deepEqual(sessions, [0, 40, 80, 120]);
        assert.deepEqual(store.sessions, sessions);
        assert.deepEqual(rows, store.rows().map(toldRow));
      }
      assert.deepEqual(read(path).sessions, [0, 40, 80, 120]);
    }),
);

test(
  "read_store.py reads what is left of a store that drops its oldest rows",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields, retain: { rows: 1000 } });
      for (let step = 0; step < 300_000; step++) {
        store.append(step, step % 5 === 0 ? { observation: [], done: 1 } : { done: step % 2 });
      }
      const { firstRow, rowCount } = store;
      const expected = store.rows(rowCount - 50, rowCount).map(toldRow);
      store.close();
      const found = read(path);
      assert.ok(firstRow > 0);
      assert.equal(found.firstRow, firstRow);
      assert.deepEqual(found.damaged, []);
      assert.deepEqual(found.rows.slice(-50), expected);
      assert.equal(found.rows.length, rowCount - firstRow);
    }),
);

/** Numbers of a dtype with both its ends, which numpy has to tell as JavaScript does. */
function drawValue(dtype: Dtype, random: Random): number | bigint {
  const extremes = extremesOf(dtype);
  if (dtype === "bool" || random.below(3) > 0) return extremes[random.below(extremes.length)];
  return arrayOver(dtype, Uint8Array.from({ length: 8 }, () => random.below(256)).buffer, 0, 1)[0];
}

test(
  "read_store.py reads cells of every kind, and fields that stand in them as their own bits",
  { skip },
  () =>
    withDirectory((directory) => {
      const random = new Random(9);
      const mixed: Dtype[][] = [
        ["float32", "int32", "uint32", "bool", "uint8"],
        ["float64", "int64", "uint64", "uint32"],
        ["float16", "int16", "uint16", "int8", "bool"],
        ["uint8", "int8"],
        ["uint16", "int16", "uint8"],
        ["int32", "uint32", "bool"],
        ["uint64", "int64", "int32"],
      ];
      const written: { readonly path: string; readonly expected: unknown[]; readonly last: unknown }[] = [];
      for (const dtypes of [...dtypeNames.map((dtype) => [dtype]), ...mixed]) {
        const path = `${directory}/${dtypes.join("-")}.stream`;
        const fields = dtypes.map((dtype, i): [string, Dtype] => [`${dtype} ${i}`, dtype]);
        const store: StreamStore = StreamStore.open(path, { fields, capacity: 97, commitEvery: { ms: 1e9 } });
        store.append(-1, { [fields[0][0]]: [0, 1] });
        for (let step = 0; step < 400; step++) {
          const kept = fields.filter(() => random.below(4) > 0);
          store.append(
            step,
            Object.fromEntries(kept.map(([name, dtype], i) => {
              const list = Array.from({ length: i % 3 }, () => drawValue(dtype, random));
              return [name, i === 0 ? drawValue(dtype, random) : list];
            })),
          );
        }
        const expected = store.rows().map(toldRow);
        for (let step = 400; step < 420; step++) store.append(step, { [fields[0][0]]: [0, 1] });
        cpSync(path, `${path}.copy`, { recursive: true });
        store.close();
        const shown = dtypes[0].endsWith("64") && !dtypes[0].startsWith("f") ? 1n : bitsOf(1);
        const last = ["419", { [fields[0][0]]: ["0", `${shown}`] }];
        for (const each of [path, `${path}.copy`]) written.push({ path: each, expected, last });
      }
      const found = readAll(written.map(({ path }) => path));
      assert.equal(found.length, written.length);
      for (const [i, { path, expected, last }] of written.entries()) {
        assert.deepEqual(found[i].damaged, [], path);
        assert.deepEqual(found[i].rows.slice(0, 401), expected, path);
        assert.deepEqual(found[i].rows[420], last, path);
      }
    }),
);

test(
  "read_store.py rounds what stands in the tail for floats of 32 and 16 bits, and its NaNs, as the columns do",
  { skip },
  () =>
    withDirectory((directory) => {
      const doubles = Float64Array.of(0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 65520, 1e39, -0, 5e-324, 2 ** -25);
      // Each becomes the NaN without a payload: what is told of others by JavaScript is the engine's affair.
      const nans = BigUint64Array.of(0x7ff0000000000001n, 0x7ff8000000000001n, 0x7ff8000000000000n);
      const mixed: Dtype[][] = [["float32"], ["float16"], ["float32", "float16", "int32"], [
        "float64",
        "float32",
      ]];
      for (const dtypes of mixed) {
        const path = `${directory}/${dtypes.join("-")}.stream`;
        const fields = dtypes.map((dtype, i): [string, Dtype] => [`${dtype} ${i}`, dtype]);
        using store: StreamStore = StreamStore.open(path, { fields, commitEvery: { ms: 1e9 } });
        for (const [name, dtype] of fields.filter(([, dtype]) => dtype.startsWith("float"))) {
          for (const value of doubles) store.append(store.rowCount, { [name]: value });
          if (dtype !== "float64") store.append(store.rowCount, { [name]: new Float64Array(nans.buffer) });
          store.append(store.rowCount, { [name]: dtype === "float64" ? [0.1, 2] : doubles });
        }
        cpSync(path, `${path}.copy`, { recursive: true });
        assert.deepEqual(read(`${path}.copy`).rows, store.rows().map(toldRow), path);
      }
    }),
);

test(
  "read_store.py finds blocks of rows that are alike where they are, whatever wrote them",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields });
      let step = 0;
      const alike = (count: number) => {
        for (const end = step + count; step < end; step++) {
          store.append(step, { observation: [step], done: 0 });
        }
      };
      alike(10_000);
      for (const end = step + 5000; step < end; step++) {
        store.append(step, { observation: [step], action: 1n });
      }
      alike(5000);
      const count = 20_000;
      const done = Float64Array.from({ length: count }, (_, i) => i % 2);
      store.appendColumns({ step: Float64Array.from(done, (_, i) => step + i), done });
      store.close();
      const { damaged, damagedBlocks, alikeBlocks } = read(path);
      assert.deepEqual({ damaged, damagedBlocks }, { damaged: [], damagedBlocks: [] });
      // Of the nine, those in which nothing changes.
      assert.equal(alikeBlocks, 2 + 0 + 0 + 4);
    }),
);

test(
  "read_store.py finds a flipped bit in the chunk that has it",
  { skip },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const store = StreamStore.open(path, { fields, capacity: 500 });
      append(store, 0, 1000, new Random(4));
      store.close();
      const file = openSync(`${path}/data.f64`, "r+");
      const at = 8 * 1203 + 5;
      writeSync(file, Uint8Array.of(readFileSync(`${path}/data.f64`)[at] ^ 4), 0, 1, at);
      closeSync(file);
      assert.deepEqual(read(path).damaged, ["data.f64 2"]);
    }),
);

if (skip !== false) console.log(`Not run: ${skip}`);
