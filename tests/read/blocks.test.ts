/** The file that says which rows are alike, damaged, outdated or lying: what is read is right all the same, or an error. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { xxh64 } from "../support/xxh64.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { a: 3, b: 7 } as const;
type Store = StreamStore<typeof fields>;

/** Rows of a block, and bytes of what is said of one. */
const [blockRows, blockBytes] = [4096, 32];

/** Equal bytes: comparing arrays by their elements takes a hundred times as long. */
function expectSame(found: ArrayBufferView, expected: ArrayBufferView, what: string): void {
  const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  assert.equal(Buffer.compare(bytesOf(found), bytesOf(expected)), 0, what);
}

interface ModelRow {
  readonly step: number;
  readonly a: readonly number[];
  b: readonly number[];
}

/** What was appended: of each row its step, and the values of its fields. */
class Model {
  readonly rows: ModelRow[];

  constructor(rows: readonly ModelRow[] = []) {
    this.rows = rows.map((row) => ({ ...row }));
  }

  /** Rows that are alike, or of which every third is longer. */
  add(store: Store, count: number, isAlike: boolean): void {
    for (let i = 0; i < count; i++) {
      const step = 2 * this.rows.length;
      const row = { step, a: isAlike || i % 3 > 0 ? [step] : [step, step + 0.5], b: isAlike ? [-step] : [] };
      this.rows.push(row);
      store.append(step, { a: row.a, b: isAlike ? row.b : undefined });
    }
  }

  addColumns(store: Store, count: number): void {
    const step = Float64Array.from({ length: count }, (_, i) => 2 * (this.rows.length + i));
    for (const each of step) this.rows.push({ step: each, a: [each], b: [-each] });
    store.appendColumns({ step, a: step, b: step.map((each) => -each) });
  }

  /** Goes on with the last row. */
  grow(store: Store): void {
    const row = this.rows.at(-1)!;
    assert.deepEqual(row.b, []);
    row.b = [1, 2];
    store.append(row.step, { b: row.b });
  }

  expectEqual(store: Store, firstRow = 0): void {
    const held = this.rows.slice(firstRow);
    const steps: number[] = [];
    const columns = { a: [] as number[], b: [] as number[] };
    const values: number[] = [];
    for (const row of held) {
      for (const name of ["a", "b"] as const) {
        for (const value of row[name]) {
          steps.push(row.step);
          values.push(value);
          columns[name].push(value);
        }
      }
    }
    const first = store.length - values.length;
    assert.deepEqual([store.rowCount, store.firstRow], [this.rows.length, firstRow]);
    const window = store.window(first, values.length);
    expectSame(window.values, Float64Array.from(values), "values");
    expectSame(Float64Array.from(window.steps, Number), Float64Array.from(steps), "steps");
    for (const name of ["a", "b"] as const) {
      expectSame(store.column(name).values, Float64Array.from(columns[name]), name);
    }
    const random = new Random(3);
    const at = Array.from({ length: 50 }, () => random.below(values.length));
    const gathered = store.gather(at.map((index) => first + index), 1, { values: null, types: null });
    assert.deepEqual([...gathered.steps!], at.map((index) => BigInt(steps[index])));
    for (const index of at) assert.equal(this.rows[store.rowOfToken(first + index)].step, steps[index]);
    for (const row of [firstRow, store.rowCount - 1]) assert.equal(store.row(row).step, this.rows[row].step);
    this.#expectDrawn(store);
  }

  #expectDrawn(store: Store): void {
    const batch = store.sampler({ steps: 3, fields: { a: 2, b: 2 }, batchSize: 64, seed: 4 }).next()!;
    for (let place = 0; place < 64 * 3; place++) {
      const row = this.rows[batch.starts[Math.floor(place / 3)] + place % 3];
      for (const name of ["a", "b"] as const) {
        const { values, mask } = batch.fields[name];
        const found = [...values.subarray(2 * place, 2 * place + 2)].filter((_, i) =>
          mask[2 * place + i] === 1
        );
        assert.deepEqual(found, row[name].map(Math.fround), name);
      }
    }
  }
}

/** Two blocks of rows that are alike, one that has both kinds, and the begin of another. */
function fill(path: string): Model {
  const model = new Model();
  using store: Store = StreamStore.open(path, { fields, capacity: 20_000 });
  model.add(store, 2 * blockRows + 1000, true);
  model.addColumns(store, 500);
  model.add(store, blockRows - 500, false);
  return model;
}

/** Changes each record a little in what it says of tokens: such damage is nearest to what could be true. */
function confuse(bytes: Uint8Array, random: Random): void {
  for (let at = 0; at < bytes.length; at += blockBytes) {
    bytes[at + [0, 1, 16][random.below(3)]] ^= 1 << random.below(3);
  }
}

/** What may become of a file of so many records. */
function mutantsOf(whole: Uint8Array, foreign: Uint8Array): [name: string, bytes: Uint8Array][] {
  const random = new Random(7);
  const confused = whole.slice();
  confuse(confused, random);
  const mutants: [string, Uint8Array][] = [
    ["empty", new Uint8Array(0)],
    ["torn", whole.slice(0, blockBytes + 11)],
    ["zeros", new Uint8Array(whole.length)],
    ["ones", new Uint8Array(whole.length).fill(0xff)],
    ["foreign", foreign],
    ["of another place", Uint8Array.from([...whole.subarray(blockBytes), ...whole.subarray(0, blockBytes)])],
    ["confused", confused],
    ["longer", Uint8Array.from([...whole, ...whole.subarray(0, 2 * blockBytes)])],
  ];
  for (let round = 0; round < 3; round++) {
    const bytes = whole.slice();
    for (let i = random.below(4); i >= 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    mutants.push([`random ${round}`, bytes]);
  }
  return mutants;
}

test("open() bears blocks that something has damaged, and so does whatever reads and writes then", () =>
  withDirectory(async (directory) => {
    const [base, other] = [`${directory}/base`, `${directory}/other`];
    const { rows } = fill(base);
    fill(other);
    const [whole, foreign] = [base, other].map((path) => new Uint8Array(readFileSync(`${path}/blocks`)));
    assert.equal(whole.length, 3 * blockBytes);
    for (const [name, bytes] of mutantsOf(whole, foreign)) {
      const path = `${directory}/${name}.stream`;
      cpSync(base, path, { recursive: true });
      const model = new Model(rows);
      writeFileSync(`${path}/blocks`, bytes);
      using reader: Store = StreamStore.open(path, { mode: "read" });
      model.expectEqual(reader);
      using salvaged: Store = StreamStore.open(path, { mode: "read", salvage: true });
      model.expectEqual(salvaged);
      {
        using writer: Store = StreamStore.open(path);
        model.expectEqual(writer);
        // The last row goes on, and the block that it is in comes to its end.
        if (model.rows.at(-1)!.b.length === 0) model.grow(writer);
        model.add(writer, blockRows, true);
        model.addColumns(writer, blockRows);
        model.expectEqual(writer);
        reader.refresh();
        model.expectEqual(reader);
      }
      using again: Store = StreamStore.open(path, { mode: "read" });
      model.expectEqual(again);
      const { damaged } = await again.verify();
      assert.deepEqual(damaged.filter(({ file }) => file !== "blocks"), [], name);
    }
  }));

test("refresh() bears blocks that are damaged while a writer and its reader are open", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const model = fill(path);
    using writer: Store = StreamStore.open(path);
    using reader: Store = StreamStore.open(path, { mode: "read" });
    const random = new Random(8);
    for (let round = 0; round < 6; round++) {
      const bytes = new Uint8Array(readFileSync(`${path}/blocks`));
      confuse(bytes, random);
      writeFileSync(`${path}/blocks`, bytes, { flag: "r+" });
      model.add(writer, 700, round % 2 === 0);
      model.addColumns(writer, 700);
      model.expectEqual(writer);
      reader.refresh();
      model.expectEqual(reader);
    }
  }));

test("refresh() bears damaged blocks of a store that drops rows", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const model = new Model();
    const options = { fields, retain: { rows: 3000 } };
    {
      using store: Store = StreamStore.open(path, options);
      for (let part = 0; part < 24; part++) model.add(store, 3000, part % 3 > 0);
      store.flush();
      assert.ok(store.firstRow > 0);
    }
    const bytes = new Uint8Array(readFileSync(`${path}/blocks`));
    confuse(bytes, new Random(10));
    writeFileSync(`${path}/blocks`, bytes);
    using store: Store = StreamStore.open(path, options);
    using reader: Store = StreamStore.open(path, { mode: "read" });
    model.expectEqual(reader, reader.firstRow);
    for (let part = 0; part < 6; part++) {
      model.add(store, 3000, part % 2 > 0);
      store.flush();
      reader.refresh();
      model.expectEqual(store, store.firstRow);
      model.expectEqual(reader, reader.firstRow);
    }
  }));

/** A record that has its checksum, whatever it says. */
function sealed(
  index: number,
  firstToken: bigint,
  layout: bigint,
  rowTokens: number,
  id: bigint,
): BigUint64Array {
  const said = BigUint64Array.of(firstToken, layout, BigInt(rowTokens >>> 0) | BigInt(index) << 32n);
  return BigUint64Array.of(...said, xxh64(new Uint8Array(said.buffer), id));
}

test("verify() finds blocks that lie under a right checksum, on which nothing crashes", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    fill(path);
    const id = new BigUint64Array(new Uint8Array(readFileSync(`${path}/head`)).slice(48, 56).buffer)[0];
    const own = new BigUint64Array(new Uint8Array(readFileSync(`${path}/blocks`)).buffer);
    assert.deepEqual(sealed(0, own[0], own[1], 2, id), own.slice(0, 4), "the records of this format");
    const random = new Random(9);
    const anything = [0n, 1n, own[1], 2n ** 63n, 2n ** 64n - 1n, 4096n, 8192n, 24_576n];
    const pick = () => anything[random.below(anything.length)];
    for (let round = 0; round < 60; round++) {
      const records = [0, 1, 2].flatMap((index) => {
        const rowTokens = [0, 1, 2, 3, 4, 1000, 2 ** 32 - 1][random.below(7)];
        const firstToken = random.below(2) === 0 ? own[4 * index] + BigInt(random.below(3) - 1) : pick();
        const layout = random.below(3) === 0 ? pick() : own[1];
        return [...sealed(index, firstToken, layout, rowTokens, id)];
      });
      const bytes = BigUint64Array.from(records);
      writeFileSync(`${path}/blocks`, bytes);
      using store: Store = StreamStore.open(path, { mode: "read" });
      const uses: (() => unknown)[] = [
        () => store.window(0, store.length).steps,
        () => store.window(store.length - 100, 100).steps,
        () => store.gather([0, 9000, 17_000], 900),
        () => store.get([1, 2, 8191, 8192, store.length - 1]),
        () => [0, 5000, 9000, store.length - 1].map((token) => store.rowOfToken(token)),
        () => store.column("a"),
        () => store.column("b"),
        () => store.stats(),
        () => store.rows(8000, 8400),
        () => store.row(12_287),
        () => store.sampler({ steps: 5, fields: { a: 2, b: 1 }, batchSize: 128 }).next(),
        () => store.sampler({ tokens: 64, batchSize: 128, episodes: { end: "b" } }).next(),
      ];
      for (const use of uses) {
        try {
          use();
        } catch (error) {
          const { code, name } = error as { code?: string; name: string };
          assert.ok(code === "damaged" || name === "RangeError", `${round}: ${error}`);
        }
      }
      const isRight = bytes.every((word, i) => word === own[i]);
      const { damaged } = await store.verify();
      assert.deepEqual(damaged.map(({ file }) => file), isRight ? [] : ["blocks"], `${round}`);
    }
  }));
