/**
 * Run by hostile_arrays.test.ts: hands one method arrays that are not what they say. Says which trick comes next, so that
 * whoever waits knows which one has ended the process.
 */
import * as arrow from "apache-arrow";
import assert from "node:assert/strict";
import process from "node:process";
import { FieldStats, StreamStore } from "../../../mod.ts";

type NumberArray =
  | Float64Array
  | Float32Array
  | Float16Array
  | Int32Array
  | Uint16Array
  | Uint8Array
  | BigInt64Array;
type Class = new (buffer: ArrayBuffer, byteOffset: number, length?: number) => NumberArray;

/** One array that one method takes. */
interface Site {
  readonly type: unknown;
  /** What the array holds: inputs have it before the call, outputs after it. */
  readonly content: readonly (number | bigint)[];
  readonly isOutput: boolean;
  /** Whether the method must refuse an array of another length. */
  readonly isExact: boolean;
  /** Makes the call with an array. `act` is the caller's own code, run in the middle of it. */
  call(array: never, act: () => void): unknown;
  /** Looks at what an input has brought about. */
  check?(result: unknown): void;
}

const steps = 40;
const fields = { a: 0, list: 1, done: 2 } as const;

function makeStore(): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  for (let step = 0; step < steps; step++) {
    store.append(step, { a: step, list: [step, -step], done: step % 10 === 9 });
  }
  return store;
}

/** The same numbers where they are so narrow that whoever takes a cell for a wider one reads or writes too far. */
function narrowStore(dtype: "float16" | "uint16"): StreamStore<{ a: "float16" | "uint16" }> {
  const narrow = new StreamStore({ a: dtype });
  for (let step = 0; step < steps; step++) narrow.append(step, { a: [step, step] });
  return narrow;
}

using halves = narrowStore("float16");
using shorts = narrowStore("uint16");
using store = makeStore();
using other = makeStore();

/** A list whose elements are read by running the caller's code. */
function acting<Item>(items: readonly Item[], act: () => void): Item[] {
  const list = [...items];
  Object.defineProperty(list, 0, { get: () => (act(), items[0]) });
  return list;
}

const output = (type: unknown, content: readonly (number | bigint)[], call: Site["call"]): Site => ({
  type,
  content,
  isOutput: true,
  isExact: true,
  call,
});

/** Every other property of a batch runs the caller's code when it is read. */
function actingBatch(batch: object, path: readonly string[], array: unknown, act: () => void): object {
  const [name, ...rest] = path;
  const acted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(batch)) {
    if (key === name) acted[key] = rest.length === 0 ? array : actingBatch(value, rest, array, act);
    else Object.defineProperty(acted, key, { enumerable: true, get: () => (act(), value) });
  }
  return acted;
}

/** An array of a sampler's batch: what it is to hold is told by a twin that fills arrays of its own. */
function batchSite(
  make: () => { allocate(): object; next(out?: never): unknown },
  ...path: string[]
): Site {
  const at = (batch: unknown) =>
    path.reduce((found, key) => (found as Record<string, unknown>)[key], batch) as Float64Array;
  const expected = at(make().next());
  return output(expected.constructor, [...expected], (array, act) => {
    const sampler = make();
    sampler.next(actingBatch(sampler.allocate(), path, array, act) as never);
  });
}

const tokens = () => store.sampler({ tokens: 4, batchSize: 8, seed: 1 });
const prioritized = () =>
  store.sampler({
    tokens: 4,
    batchSize: 8,
    seed: 1,
    order: { kind: "prioritized" },
    output: { types: null },
  });
const dense = () => store.sampler({ steps: 2, fields: { list: 2, a: 1 }, batchSize: 8, seed: 1 });
const mixture = () =>
  StreamStore.mixture([{ store, weight: 1 }, { store: other, weight: 1 }], {
    tokens: 4,
    batchSize: 8,
    seed: 1,
  });

/** Rows that a method has appended to a store of its own. */
function appended(append: (target: StreamStore<{ a: 0; b: 1; list: 2 }>) => unknown): unknown {
  const target = new StreamStore({ a: 0, b: 1, list: 2 });
  const rows = () => {
    try {
      return target.rows();
    } finally {
      target.close();
    }
  };
  const done = append(target);
  return done instanceof Promise
    ? done.then(rows, (error) => (target.close(), Promise.reject(error)))
    : rows();
}

const isRows = (column: (index: number) => object) => (result: unknown) =>
  assert.deepEqual(result, Array.from({ length: 4 }, (_, i) => ({ step: i, ...column(i) })));

const isList = (result: unknown) =>
  assert.deepEqual(result, [{ step: 0, list: Float64Array.of(5, 6, 7, 8) }]);

const input = (
  type: unknown,
  content: readonly (number | bigint)[],
  isExact: boolean,
  call: Site["call"],
  check?: Site["check"],
): Site => ({ type, content, isOutput: false, isExact, call, check });

/** A table of one column out of a piece of data, in which something is put in the place of what is there. */
function tableOf(data: object, change: object): arrow.Table {
  const { length } = data as arrow.Data;
  const table = new arrow.Table({ a: new arrow.Vector([data as arrow.Data]) });
  assert.equal(table.numRows, length);
  const column = table.batches[0].data.children[0];
  for (const [name, value] of Object.entries(change)) Object.defineProperty(column, name, { value });
  return table;
}

const int32 = new arrow.Int32();
const numbers = arrow.makeData({ type: int32, length: 4, nullCount: 0, data: Int32Array.of(5, 6, 7, 8) });
const lists = () =>
  arrow.makeData({
    type: new arrow.List(new arrow.Field("item", int32)),
    length: 4,
    nullCount: 0,
    valueOffsets: Int32Array.of(0, 1, 2, 3, 4),
    child: numbers,
  });
const nullable = () =>
  arrow.makeData({
    type: int32,
    length: 4,
    nullCount: 2,
    nullBitmap: Uint8Array.of(0b0101),
    data: Int32Array.of(5, 6, 7, 8),
  });

const sites: Readonly<Record<string, () => Site>> = {
  "gather starts": () =>
    input(Float64Array, [0, 4, 8, 160 - 8], false, (starts, act) =>
      store.gather(starts, 2, {
        get values() {
          act();
          return undefined;
        },
      }).values, (values) => assert.deepEqual(values, Float64Array.of(0, 0, 1, 1, 2, 2, 38, 38))),
  "gather bigint starts": () =>
    input(
      BigInt64Array,
      [0n, 4n, 8n, 152n],
      false,
      (starts) => store.gather(starts, 1).values,
      (values) => assert.deepEqual(values, Float64Array.of(0, 1, 2, 38)),
    ),
  "gather values": () =>
    output(Float64Array, [0, 0, 1, 1], (values, act) =>
      store.gather(acting([0, 4], act), 2, {
        values,
        get types() {
          act();
          return null;
        },
        steps: null,
      })),
  "gather float16 values": () =>
    output(Float16Array, [0, 0, 1, 1], (values, act) => halves.gather(acting([0, 2], act), 2, { values })),
  "gather uint16 values": () =>
    output(Uint16Array, [0, 0, 1, 1], (values, act) => shorts.gather(acting([0, 2], act), 2, { values })),
  "gather types": () =>
    output(Int32Array, [0, 1, 0, 1], (types, act) => store.gather(acting([0, 4], act), 2, { types })),
  "gather steps": () =>
    output(BigInt64Array, [0n, 0n, 1n, 1n], (steps, act) => store.gather(acting([0, 4], act), 2, { steps })),
  "get indices": () =>
    input(
      Int32Array,
      [0, 4, 8, 12],
      false,
      (indices, act) => store.get(indices, acting([2, 2], act)).values,
      (values) => assert.deepEqual(values, Float64Array.of(0, 1, 2, 3)),
    ),
  "get shape": () =>
    input(
      Int32Array,
      [2, 2],
      false,
      (shape) => store.get([0, 4, 8, 12], shape).shape,
      (shape) => assert.deepEqual(shape, [2, 2]),
    ),
  "next starts": () => batchSite(tokens, "starts"),
  "next lengths": () => batchSite(tokens, "lengths"),
  "next mask": () => batchSite(tokens, "mask"),
  "next steps": () => batchSite(tokens, "steps"),
  "next values": () => batchSite(tokens, "values"),
  "next types": () => batchSite(tokens, "types"),
  "next ids": () => batchSite(prioritized, "ids"),
  "next probabilities": () => batchSite(prioritized, "probabilities"),
  "next weights": () => batchSite(prioritized, "weights"),
  "next field's values": () => batchSite(dense, "fields", "list", "values"),
  "next field's mask": () => batchSite(dense, "fields", "a", "mask"),
  "next rows' mask": () => batchSite(dense, "mask"),
  "mixture's values": () => batchSite(mixture, "values"),
  "mixture's sources": () => batchSite(mixture, "sources"),
  "updatePriorities ids": () =>
    input(Float64Array, [0, 4, 8, 9], true, (ids, act) => {
      const sampler = prioritized();
      sampler.updatePriorities(ids, acting([1, 2, 3, 4], act));
      sampler.next();
    }),
  "updatePriorities priorities": () =>
    input(Float64Array, [1, 2, 3, 4], true, (priorities, act) => {
      const sampler = prioritized();
      sampler.updatePriorities(acting([0, 4, 8, 9], act), priorities);
      sampler.next();
    }),
  "append values": () =>
    input(Float32Array, [5, 6, 7, 8], false, (list, act) =>
      appended((target) =>
        target.append(0, {
          list,
          get a() {
            act();
            return undefined;
          },
        })
      ), isList),
  "append values in field order": () =>
    input(Float64Array, [5, 6, 7, 8], false, (list, act) =>
      appended((target) => {
        // Known as a list, so that the common way is taken.
        target.append(-1, { a: [1, 2] });
        target.append(0, {
          a: list,
          get b() {
            act();
            return undefined;
          },
        });
      }), (rows) => assert.deepEqual((rows as unknown[])[1], { step: 0, a: Float64Array.of(5, 6, 7, 8) })),
  "append integers": () =>
    input(
      Int32Array,
      [5, 6, 7, 8],
      false,
      (list) => appended((target) => target.append(0n, { list })),
      isList,
    ),
  "append steps": () =>
    input(
      Int32Array,
      [0, 1, 2, 3],
      true,
      (step, act) =>
        appended((target) => target.append(step, ["a", "a", "a", "a"], acting([5, 6, 7, 8], act))),
      isRows((i) => ({
        a: 5 + i,
      })),
    ),
  "append sequence": () =>
    input(
      Float64Array,
      [5, 6, 7, 8],
      true,
      (values, act) =>
        appended((target) => target.append(acting([0, 1, 2, 3], act), ["a", "a", "a", "a"], values)),
      isRows((i) => ({
        a: 5 + i,
      })),
    ),
  "appendColumns step": () =>
    input(
      Int32Array,
      [0, 1, 2, 3],
      true,
      (step, act) => appended((target) => target.appendColumns({ step, a: acting([5, 6, 7, 8], act) })),
      isRows((i) => ({ a: 5 + i })),
    ),
  "appendColumns bigint step": () =>
    input(
      BigInt64Array,
      [0n, 1n, 2n, 3n],
      true,
      (step, act) => appended((target) => target.appendColumns({ step, a: acting([5, 6, 7, 8], act) })),
      isRows((i) => ({ a: 5 + i })),
    ),
  "appendColumns values": () =>
    input(
      Float32Array,
      [5, 6, 7, 8],
      true,
      (a, act) =>
        appended((target) => target.appendColumns({ step: [0, 1, 2, 3], a, b: acting([1, 1, 1, 1], act) })),
      isRows((
        i,
      ) => ({ a: 5 + i, b: 1 })),
    ),
  "appendColumns lists": () =>
    input(Float64Array, [5, 6, 7, 8], true, (values, act) =>
      appended((target) =>
        target.appendColumns({
          step: [0, 1, 2, 3],
          list: {
            values,
            get width() {
              act();
              return 1;
            },
          },
        })
      ), isRows((i) => ({ list: Float64Array.of(5 + i) }))),
  "appendColumns offsets": () =>
    input(Int32Array, [0, 1, 2, 3, 4], true, (offsets, act) =>
      appended((target) =>
        target.appendColumns({
          step: [0, 1, 2, 3],
          a: { values: acting([5, 6, 7, 8], act), offsets },
          list: acting([5, 6, 7, 8], act),
        })
      ), isRows((i) => ({ a: Float64Array.of(5 + i), list: 5 + i }))),
  "sampler episodes": () =>
    input(Int32Array, [0, 10, 20, 30], false, (starts, act) => [
      ...store.sampler({
        steps: 10,
        episodes: { starts },
        order: "sequential",
        get batchSize() {
          act();
          return 4;
        },
      }).next()!.starts,
    ], (starts) => assert.deepEqual(starts, [0, 10, 20, 30])),
  "context episodes": () =>
    input(
      Int32Array,
      [0, 10, 20, 38],
      false,
      (starts) => store.context({ steps: 10, fields: { a: 1 }, episodes: { starts } }).starts[0],
      (start) => assert.equal(start, 38),
    ),
  "fromDataset values": () =>
    input(
      Int32Array,
      [5, 6, 7, 8],
      true,
      (values) => appended((target) => target.fromDataset(tableOf(numbers.clone(), { values }))),
      isRows((i) => ({ a: 5 + i })),
    ),
  "fromDataset offsets": () =>
    input(
      Int32Array,
      [0, 1, 2, 3, 4],
      true,
      (valueOffsets) => appended((target) => target.fromDataset(tableOf(lists(), { valueOffsets }))),
      isRows((i) => ({ a: Float64Array.of(5 + i) })),
    ),
  "fromDataset validity": () =>
    input(
      Uint8Array,
      [0b0101],
      true,
      (nullBitmap) => appended((target) => target.fromDataset(tableOf(nullable(), { nullBitmap }))),
      isRows((i) => i % 2 === 0 ? { a: 5 + i } : {}),
    ),
  "toDataset extra": () =>
    input(
      Int32Array,
      Array.from({ length: steps }, (_, i) => i),
      true,
      async (extra) => (await store.toDataset({ extra: { extra } })).getChild("extra")!.toJSON(),
      (column) => assert.deepEqual(column, Array.from({ length: steps }, (_, i) => i)),
    ),
  "FieldStats": () => {
    const moments = [2, 3, 0, 2, 1, 0, 0, 0];
    return input(Float64Array, moments, true, (moments) =>
      new FieldStats({
        rowCount: 2,
        missing: 0,
        nonFinite: 0,
        min: 2,
        max: 4,
        moments,
        buckets: { keys: new Int32Array(0), counts: new Float64Array(0) },
      }).mean, (mean) => assert.equal(mean, 3));
  },
};

const canary = 0xa5;
const margin = 4096;

/** An array with other memory of the same buffer around it. */
function guarded(type: Class, length: number, content: readonly (number | bigint)[], isOutput: boolean) {
  const { BYTES_PER_ELEMENT: bytes } = type as unknown as { BYTES_PER_ELEMENT: number };
  const buffer = new ArrayBuffer(2 * margin + length * bytes);
  const all = new Uint8Array(buffer).fill(canary);
  const array = new type(buffer, margin, length);
  if (!isOutput) { for (let i = 0; i < length; i++) array[i] = content[i] as never; }
  return {
    array,
    checkAround() {
      const isWhole = (from: number, to: number) => all.subarray(from, to).every((byte) => byte === canary);
      assert.ok(isWhole(0, margin), "something was written before the array");
      assert.ok(isWhole(margin + length * bytes, all.length), "something was written behind the array");
    },
  };
}

/** All that a typed array says of itself, said wrongly. */
function lies(length: number): PropertyDescriptorMap {
  const throwing = () => {
    throw new Error("a method of the caller's own was called");
  };
  const hidden: Record<string | symbol, unknown> = {
    length,
    byteLength: 8 * length,
    byteOffset: 0,
    buffer: new ArrayBuffer(8),
    constructor: Array,
    [Symbol.toStringTag]: "Uint16Array",
  };
  const names = ["subarray", "slice", "set", "fill", "at", "map", "every", "some", Symbol.iterator];
  for (const name of names) hidden[name] = throwing;
  return Object.fromEntries(
    Reflect.ownKeys(hidden).map((name) => [name, { get: () => hidden[name], configurable: true }]),
  );
}

function subclassOf(type: Class, length: number): Class {
  const subclass = class extends (type as unknown as typeof Float64Array) {};
  Object.defineProperties(subclass.prototype, lies(length));
  return subclass as unknown as Class;
}

const isRefusal = (error: unknown) =>
  error instanceof Error && ["TypeError", "RangeError", "StreamStoreError"].includes(error.name) &&
  /^Cannot (?!read prop|convert (?!to a dataset)|mix|destructure|perform)[a-z]/.test(error.message);

/** Whether a call ends well, or is refused in words of ours. */
async function outcomeOf(site: Site, array: unknown, act: () => void = () => {}) {
  try {
    return { result: await site.call(array as never, act), isRefused: false };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { result: null, isRefused: true };
  }
}

function checkResult(site: Site, array: NumberArray, result: unknown): void {
  if (site.isOutput) {
    const held = Array.from({ length: site.content.length }, (_, i) => array[i]);
    assert.deepEqual(held, site.content);
  } else site.check?.(result);
}

type Trick = (site: Site, type: Class) => Promise<void>;

/** An array of the right size that says it is larger, or smaller, is filled or read as what it is. */
const disguised =
  (disguise: (type: Class, length: number) => Class, claimed: (length: number) => number): Trick =>
  async (site, type) => {
    const { length } = site.content;
    const { array, checkAround } = guarded(
      disguise(type, claimed(length)),
      length,
      site.content,
      site.isOutput,
    );
    if (disguise === plain) Object.defineProperties(array, lies(claimed(length)));
    const { result, isRefused } = await outcomeOf(site, array);
    assert.ok(!isRefused, "refused");
    checkResult(site, array, result);
    checkAround();
  };

/** One that is too small and says that it is not. */
const tooSmall = (disguise: (type: Class, length: number) => Class): Trick => async (site, type) => {
  const { length } = site.content;
  const short = length >> 1;
  const { array, checkAround } = guarded(disguise(type, length), short, site.content, site.isOutput);
  if (disguise === plain) Object.defineProperties(array, lies(length));
  const { isRefused } = await outcomeOf(site, array);
  if (site.isExact) assert.ok(isRefused, "not refused");
  checkAround();
};

const plain = (type: Class) => type;

/** One that is taken away, or becomes smaller, in the middle of the call. */
const takenAway = (take: (buffer: ArrayBuffer) => void, tracks: boolean): Trick => async (site, type) => {
  const { length } = site.content;
  const { BYTES_PER_ELEMENT: bytes } = type as unknown as { BYTES_PER_ELEMENT: number };
  const buffer = new ArrayBuffer(length * bytes, { maxByteLength: 64 * 1024 });
  const array = tracks ? new type(buffer, 0) : new type(buffer, 0, length);
  if (!site.isOutput) { for (let i = 0; i < length; i++) array[i] = site.content[i] as never; }
  let times = 0;
  const { result, isRefused } = await outcomeOf(site, array, () => times++ === 0 && take(buffer));
  if (site.isOutput) assert.ok(isRefused, "not refused");
  // One that is shorter when it is read is as long as that, where the method takes any length.
  else if (!isRefused && (!tracks || site.isExact)) checkResult(site, array, result);
};

const bad = (make: (array: NumberArray) => unknown): Trick => async (site, type) => {
  const { array } = guarded(type, site.content.length, site.content, site.isOutput);
  const { isRefused } = await outcomeOf(site, make(array));
  assert.ok(isRefused, "not refused");
};

const tricks: Readonly<Record<string, Trick>> = {
  "properties of its own that say more": disguised(plain, (length) => length * 4096),
  "properties of its own that say less": disguised(plain, () => 0),
  "properties of its own that say nothing": disguised(plain, () => NaN),
  "a subclass that says more": disguised(subclassOf, (length) => length * 4096),
  "a subclass that says less": disguised(subclassOf, () => 0),
  "too small, with properties of its own": tooSmall(plain),
  "too small, of a subclass": tooSmall(subclassOf),
  "a proxy": bad((array) => new Proxy(array, {})),
  "a proxy that answers": bad((array) =>
    new Proxy(array, { get: (target, name) => Reflect.get(target, name) })
  ),
  "an object of the class's prototype": bad((array) => Object.create(Object.getPrototypeOf(array))),
  "a DataView": bad((array) => new DataView(array.buffer)),
  "a string": bad(() => "12345678"),
  "made smaller by a getter": takenAway((buffer) => buffer.resize(0), false),
  "made smaller and following its buffer": takenAway((buffer) => buffer.resize(buffer.byteLength >> 1), true),
  "transferred by a getter": takenAway((buffer) => void buffer.transfer(), false),
  "detached before": async (site, type) => {
    const { array } = guarded(type, site.content.length, site.content, site.isOutput);
    (array.buffer as ArrayBuffer).transfer();
    assert.ok((await outcomeOf(site, array)).isRefused, "not refused");
  },
};

if (process.argv[2] === undefined) {
  console.log(JSON.stringify(Object.keys(sites)));
} else {
  let failed = 0;
  for (const place of process.argv.slice(2)) {
    const site = sites[place]();
    for (const [name, trick] of Object.entries(tricks)) {
      console.log(`${place}: ${name}`);
      try {
        await trick(site, site.type as Class);
      } catch (error) {
        failed++;
        console.log(`FAILED: ${(error as Error).stack}`);
      }
      // What was written beside an array may show only when memory is used again.
      Array.from({ length: 100 }, (_, i) => new Float64Array(i).fill(i));
    }
  }
  assert.equal(store.rowCount, steps);
  assert.equal(store.column("a").values.reduce((sum, value) => sum + value, 0), steps * (steps - 1) / 2);
  process.exitCode = failed > 0 ? 1 : 0;
}
