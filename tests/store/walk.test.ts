/** Stores of all dtypes, written in every way, read in every way, opened again and watched, beside a model in plain lists. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { runtimeName } from "../support/runtime.ts";
import { Random } from "../support/support.ts";
import { compareColumn, compareRows, compareStore, compareTokens } from "../support/typed/compare.ts";
import {
  type AnyStore,
  appendSequences,
  columnsOf,
  drawFields,
  type DrawnStep,
  drawStep,
  nextField,
  TypedModel,
} from "../support/typed/model.ts";
import { drawRefused } from "../support/typed/values.ts";
import { withDirectory } from "../torture/scratch.ts";

/** One store with its model, and for one in a directory a reader that stays behind until it refreshes. */
class Walk {
  readonly #random: Random;
  readonly #model: TypedModel;
  readonly #capacity: number;
  readonly #path: string | null;
  #store: AnyStore;
  #reader: AnyStore | null = null;
  #step: bigint;

  constructor(seed: number, directory: string) {
    this.#random = new Random(seed);
    const random = this.#random;
    const fields = drawFields(random);
    this.#capacity = 1 + random.below(3000);
    this.#path = random.below(3) === 0 ? null : `${directory}/${seed}.stream`;
    const options = { capacity: this.#capacity };
    this.#store = this.#path === null
      ? new StreamStore(fields, options) as unknown as AnyStore
      : StreamStore.open(this.#path, { fields, ...options }) as unknown as AnyStore;
    this.#model = new TypedModel(this.#store.fields);
    this.#step = [0n, -50n, 2n ** 53n - 99n, -(2n ** 63n)][random.below(4)];
  }

  /** The fields, for a message. */
  get fields(): string {
    return this.#model.declared.map(({ type, dtype }) => `${type} ${dtype}`).join(", ");
  }

  async run(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      if (this.#random.below(5) > 0) this.#appendStep();
      else await this.#doOther();
    }
    compareStore(this.#store, this.#model, this.#random);
    this.#watch();
    assert.deepEqual((await this.#store.verify()).damaged, []);
    this.close();
  }

  close(): void {
    this.#reader?.close();
    this.#store.close();
  }

  #next(): bigint {
    return this.#step += BigInt(1 + this.#random.below(3));
  }

  #draw(firstField = 0): DrawnStep {
    return drawStep(this.#random, this.#model, firstField);
  }

  #appendStep(): void {
    const step = this.#next();
    const drawn = this.#draw();
    // As a number, where it is one that is exact.
    const given = Number.isSafeInteger(Number(step)) && this.#random.below(2) === 0 ? Number(step) : step;
    this.#store.append(given, shuffled(drawn.values, this.#random) as never);
    this.#model.add(step, drawn);
    if (this.#random.below(6) === 0) this.#goOn(drawn);
  }

  /** The same step goes on with the fields that are left. */
  #goOn(before: DrawnStep): void {
    const drawn = this.#draw(nextField(this.#model, before));
    if (this.#random.below(3) === 0) this.#reopen();
    if (this.#random.below(2) === 0) this.#store.append(this.#step, drawn.values as never);
    else appendSequences(this.#store, [[this.#step, drawn]]);
    this.#model.add(this.#step, drawn);
  }

  async #doOther(): Promise<void> {
    const others = [
      () => this.#appendSequences(),
      () => this.#appendColumns(),
      () => this.#refuse(),
      () => this.#store.flush(),
      () => this.#store.sync(),
      () => this.#look(this.#store),
      () => this.#watch(),
      () => this.#reopen(),
    ];
    // Tables and files take their time.
    if (this.#random.below(20) === 0) await this.#loadTable();
    else others[this.#random.below(others.length)]();
  }

  #appendSequences(): void {
    const steps = Array.from(
      { length: 1 + this.#random.below(4) },
      () => [this.#next(), this.#draw()] as const,
    )
      // A row without any field has no place in sequences.
      .filter(([, { values }]) => Object.keys(values).length > 0);
    appendSequences(this.#store, steps);
    for (const [step, drawn] of steps) this.#model.add(step, drawn);
  }

  #appendColumns(): void {
    const steps = Array.from({ length: this.#random.below(60) }, () => this.#next());
    const { columns, drawn } = columnsOf(this.#random, this.#model, steps);
    this.#store.appendColumns(columns as never);
    drawn.forEach((values, i) => this.#model.add(steps[i], values));
  }

  /** Rows of another store, as a table of Arrow. */
  async #loadTable(): Promise<void> {
    const { declared } = this.#model;
    using part = new StreamStore(declared.map(({ name, type, dtype }) => [name, { type, dtype }] as const));
    const rows = Array.from({ length: 1 + this.#random.below(20) }, () => this.#draw());
    rows.forEach(({ values }, row) => part.append(row, values as never));
    const steps = BigInt64Array.from(rows, () => this.#next());
    await this.#store.fromDataset(await part.toDataset({ extra: { at: steps } }), { step: "at" });
    // A column of lists has lists only.
    const lists = new Set(
      rows.flatMap(({ values }) => Object.keys(values).filter((name) => typeof values[name] === "object")),
    );
    rows.forEach(({ values, cells }, i) => {
      const asLists = Object.keys(values).map((name) => [name, lists.has(name) ? [] : values[name]]);
      this.#model.add(steps[i], { values: Object.fromEntries(asLists), cells });
    });
  }

  /** A value that a field does not hold, or a field that the step has or that stands before one: nothing is kept. */
  #refuse(): void {
    const { declared, rows } = this.#model;
    const last = declared.findLastIndex(({ name }) => rows[rows.length - 1]?.cells.has(name));
    if (last >= 0) {
      const { name } = declared[this.#random.below(last + 1)];
      assert.throws(() => this.#store.append(rows[rows.length - 1].step, { [name]: 0 }), RangeError);
    }
    const drawn = this.#draw();
    const place = this.#random.below(declared.length);
    const { name, dtype } = declared[place];
    const refused = drawRefused(this.#random, dtype);
    const value = this.#random.below(2) === 0 ? refused : [0, refused, 1];
    assert.throws(
      () => this.#store.append(this.#step + 1n, { ...drawn.values, [name]: value } as never),
      RangeError,
    );
    assert.equal(this.#store.length, this.#model.tokens.length);
    assert.equal(this.#store.rowCount, this.#model.rows.length);
  }

  #look(store: AnyStore): void {
    const { declared, rows } = this.#model;
    compareTokens(store, this.#model, this.#random);
    compareColumn(store, this.#model, declared[this.#random.below(declared.length)].name);
    const from = this.#random.below(rows.length + 1);
    compareRows(store, this.#model, from, Math.min(rows.length, from + 20));
  }

  /** Before it refreshes a reader has closed rows as they are; after a commit it has all. */
  #watch(): void {
    if (this.#path === null) return;
    this.#reader ??= StreamStore.open(this.#path, { mode: "read" });
    const reader = this.#reader;
    reader.refresh();
    compareRows(reader, this.#model, 0, Math.max(0, reader.rowCount - 1), true);
    this.#store.flush();
    reader.refresh();
    this.#look(reader);
  }

  #reopen(): void {
    if (this.#path === null) return;
    const [fields, capacity] = [this.#store.fields, this.#capacity];
    this.#store.close();
    const hasFields = this.#random.below(2) === 0;
    const given = fields.map(({ name, type, dtype }) => [name, { type, dtype }] as const);
    const options = hasFields ? { fields: given, capacity } : {};
    this.#store = StreamStore.open(this.#path, options as never) as unknown as AnyStore;
    assert.deepEqual(this.#store.fields, fields);
  }
}

function shuffled(values: Readonly<Record<string, unknown>>, random: Random): Record<string, unknown> {
  const entries = Object.entries(values);
  if (random.below(3) === 0) entries.reverse();
  return Object.fromEntries(entries);
}

test("append() and all that reads equal a model, in a seeded walk over stores of all dtypes", async () =>
  await withDirectory(async (directory) => {
    // Other walks on each runtime.
    const first = { deno: 1, bun: 19, node: 37 }[runtimeName];
    for (let seed = first; seed < first + 18; seed++) {
      const walk = new Walk(seed, directory);
      try {
        await walk.run(120);
      } catch (error) {
        throw new Error(`seed ${seed}, fields ${walk.fields}: ${(error as Error).message}`, { cause: error });
      }
    }
  }));
