/** Stores of fields of any dtypes, through tables and every format into a store of the same fields, bit for bit. */
import { tableFromIPC, tableToIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type FieldEntry, loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { inFolder } from "../support/saved.ts";
import { Random } from "../support/support.ts";
import { compareColumn, compareStore } from "../support/typed/compare.ts";
import { type AnyStore, drawFields, type DrawnStep, drawStep, TypedModel } from "../support/typed/model.ts";
import { cellOf, drawList, drawScalar, isNan } from "../support/typed/values.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

/** A store, what is in it, and its steps as a column beside the fields. */
interface Filled {
  readonly store: AnyStore;
  readonly model: TypedModel;
  readonly options: { readonly extra: { readonly at: BigInt64Array } };
}

const newStore = (fields: FieldEntry[]) => new StreamStore(fields, smallChunks) as unknown as AnyStore;

function fill(
  random: Random,
  fields: FieldEntry[],
  draw: (random: Random, model: TypedModel) => DrawnStep = drawStep,
): Filled {
  const store = newStore(fields);
  const model = new TypedModel(store.fields);
  const rowCount = 1 + random.below(40);
  for (let row = 0, step = -9n; row < rowCount; row++, step += BigInt(1 + random.below(3))) {
    const drawn = draw(random, model);
    store.append(step, drawn.values as never);
    model.add(step, drawn);
  }
  const at = BigInt64Array.from(model.rows, ({ step }) => step);
  return { store, model, options: { extra: { at } } };
}

/** Text has one NaN only. */
function withPlainNans(model: TypedModel): TypedModel {
  const plain = new TypedModel(model.declared);
  for (const name of model.lists) plain.lists.add(name);
  for (const { step, cells } of model.rows) {
    const entries = Array.from(cells, ([name, list]): [string, bigint[]] => {
      const dtype = model.dtypeOf(name);
      return [name, list.map((cell) => isNan(dtype, cell) ? cellOf(dtype, NaN) : cell)];
    });
    plain.append(step, Object.fromEntries(entries));
  }
  return plain;
}

test("toDataset() and fromDataset() keep every bit of fields of any dtypes, and rows their shape", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const fields = drawFields(random);
    const { store, model, options } = fill(random, fields);
    using copy = newStore(fields);
    await copy.fromDataset(tableFromIPC(tableToIPC(await store.toDataset(options))), { step: "at" });
    withSeed(seed, dtypesOf(model), () => compareStore(copy, model, random));
    store.close();
  }
});

test("saveDataset() and loadDataset() keep every bit of fields of any dtypes in every format", async () =>
  await inFolder(async (folder) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const fields = drawFields(random);
      const { store, model, options } = fill(random, fields);
      for (const name of ["disk", "x.parquet", "x.arrow", "x.jsonl", "x.csv"]) {
        const path = join(folder, `${seed}.${name}`);
        await store.saveDataset(path, "train", options);
        using copy = newStore(fields);
        await copy.loadDataset(path, "train", { step: "at" });
        const isText = name.endsWith("jsonl") || name.endsWith("csv");
        withSeed(
          seed,
          `${name}, ${dtypesOf(model)}`,
          () => compareStore(copy, isText ? withPlainNans(model) : model, random),
        );
      }
      store.close();
    }
  }));

test("StreamStore.fromParquet() finds the dtypes of fields, and has their columns bit for bit", async () =>
  await inFolder(async (folder) => {
    for (let seed = 101; seed <= 110; seed++) {
      const random = new Random(seed);
      const { store, model } = fill(random, drawFields(random));
      const path = join(folder, `${seed}.parquet`);
      await store.saveDataset(path);
      using found = await StreamStore.fromParquet(path);
      withSeed(seed, dtypesOf(model), () => {
        assert.deepEqual(found.fields.map(({ dtype }) => dtype), store.fields.map(({ dtype }) => dtype));
        for (const { name } of model.declared) compareColumn(found, model, name);
      });
      store.close();
    }
  }));

/** Every row has every field, in lists of one length: frames of a robot. */
function fillFrames(random: Random, fields: FieldEntry[]): Filled {
  const widths = fields.map(() => random.below(4));
  return fill(random, fields, (_, { declared }) => {
    const step: DrawnStep = { values: {}, cells: {} };
    for (const [i, { name, dtype }] of declared.entries()) {
      const { value, cells } = widths[i] === 0
        ? drawScalar(random, dtype)
        : drawList(random, dtype, widths[i]);
      step.values[name] = value;
      step.cells[name] = cells;
    }
    return step;
  });
}

test("saveLeRobot() and loadLeRobot() keep every bit of fields of any dtypes", async () =>
  await inFolder(async (folder) => {
    for (let seed = 201; seed <= 206; seed++) {
      const random = new Random(seed);
      const { store, model } = fillFrames(random, drawFields(random));
      const path = join(folder, `${seed}`);
      await saveLeRobot(store, path, { fps: 10, episodes: { starts: [0] }, tasks: ["Do it."] });
      const loaded = await loadLeRobot(path);
      using copy = loaded.store;
      withSeed(seed, dtypesOf(model), () => {
        for (const { name } of model.declared) compareColumn(copy, model, name);
      });
      store.close();
    }
  }));

function dtypesOf({ declared }: TypedModel): string {
  return declared.map(({ dtype }) => dtype).join();
}
