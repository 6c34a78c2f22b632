import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { withSeed } from "../support/sampler/compare.ts";
import { fuzz } from "../support/sampler/fuzz.ts";

const fields = { a: 0, done: 1 } as const;

function makeStore(rows: number): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  for (let step = 0; step < rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

test("next() of a closed store says so, but state() can be had", () => {
  const store = makeStore(30);
  const sampler = store.sampler({ tokens: 4, order: { kind: "prioritized" } });
  const batch = sampler.next()!;
  store.close();
  const closed = (action: string) => (error: Error) =>
    error instanceof StreamStoreError && error.code === "closed" &&
    error.message === `Cannot ${action}: the store is closed`;
  assert.throws(() => sampler.next(), closed("sample"));
  assert.throws(() => [...sampler], closed("sample"));
  assert.throws(() => sampler.restore(sampler.state()), closed("restore a sampler"));
  assert.throws(() => sampler.updatePriorities([0], [1]), closed("update priorities"));
  assert.throws(() => sampler.savePriorities("/nowhere"), closed("save priorities"));
  assert.throws(() => sampler.loadPriorities("/nowhere"), closed("load priorities"));
  assert.throws(() => store.sampler({ tokens: 4 }), closed("make a sampler"));
  assert.equal(sampler.state().position, 256);
  assert.equal(batch.values.length, 4 * 256);
});

test("next() refuses arrays of one's own that do not fit", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ tokens: 4, batchSize: 8 });
  const good = sampler.allocate();
  const bad: [unknown, string, string][] = [
    [7, "TypeError", "out must be a batch, got 7"],
    [null, "TypeError", "out must be a batch, got null"],
    [{}, "TypeError", "out.starts must be a Float64Array, got undefined"],
    [{ ...good, values: null }, "TypeError", "out.values must be a Float32Array, got null"],
    [{ ...good, values: new Float64Array(32) }, "TypeError", "out.values must be a Float32Array, got "],
    [{ ...good, values: Array.from(good.values) }, "TypeError", "out.values must be a Float32Array, got "],
    [
      { ...good, values: new DataView(new ArrayBuffer(128)) },
      "TypeError",
      "out.values must be a Float32Array, got ",
    ],
    [{ ...good, values: new Float32Array(31) }, "RangeError", "out.values must have length 32, got 31"],
    [{ ...good, steps: new BigUint64Array(32) }, "TypeError", "out.steps must be a BigInt64Array, got "],
    [{ ...good, mask: new Uint8ClampedArray(32) }, "TypeError", "out.mask must be a Uint8Array, got "],
    [{ ...good, lengths: new Int32Array(9) }, "RangeError", "out.lengths must have length 8, got 9"],
    [{ ...good, starts: new Float64Array(0) }, "RangeError", "out.starts must have length 8, got 0"],
  ];
  for (const [out, name, message] of bad) {
    assert.throws(() => sampler.next(out as never), (error: Error) => {
      assert.ok(`${error}`.startsWith(`${name}: Cannot sample: ${message}`), `${error}`);
      return true;
    });
  }
  assert.equal(sampler.state().position, 0);
  const dense = store.sampler({ steps: 2, fields: { a: 1 }, batchSize: 8 });
  assert.throws(() => dense.next({ ...dense.allocate(), fields: {} } as never), {
    message: "Cannot sample: out.fields.a.values must be a Float32Array, got undefined",
  });
});

function transfer(array: Float32Array): void {
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
}

test("next() into arrays that were transferred, resized or lie in shared memory", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ tokens: 4, batchSize: 8, seed: 1 });
  const twin = store.sampler({ tokens: 4, batchSize: 8, seed: 1 });
  const transferred = sampler.allocate();
  transfer(transferred.values);
  assert.throws(() => sampler.next(transferred), {
    message: "Cannot sample: out.values must have length 32, got 0",
  });
  const buffer = new ArrayBuffer(128, { maxByteLength: 256 });
  const resized = { ...sampler.allocate(), values: new Float32Array(buffer) };
  assert.deepEqual(sampler.next(resized)!.values, twin.next()!.values);
  buffer.resize(0);
  assert.throws(() => sampler.next(resized), {
    message: "Cannot sample: out.values must have length 32, got 0",
  });
  const shared = { ...sampler.allocate(), values: new Float32Array(new SharedArrayBuffer(128)) };
  assert.deepEqual([...sampler.next(shared)!.values], [...twin.next()!.values]);
  // The sampler's own arrays are made anew when they are taken away.
  const own = sampler.next()!;
  const wanted = twin.next()!;
  assert.deepEqual(own.values, wanted.values);
  transfer(own.values);
  assert.equal(own.values.length, 0);
  assert.deepEqual(sampler.next()!.values, twin.next()!.values);
});

test("next() refuses arrays that share memory", () => {
  using store = makeStore(30);
  const sampler = store.sampler({ tokens: 4, batchSize: 8, order: { kind: "prioritized" } });
  const buffer = new ArrayBuffer(1024);
  const good = sampler.allocate();
  const twice = new Float64Array(8);
  const cases: [object, string][] = [
    [
      { ...good, starts: twice, weights: twice },
      "out.weights must have memory of its own, got some of out.starts",
    ],
    [
      { ...good, mask: new Uint8Array(buffer, 31, 32), values: new Float32Array(buffer, 32, 32) },
      "out.values must have memory of its own, got some of out.mask",
    ],
  ];
  for (const [out, message] of cases) {
    assert.throws(() => sampler.next(out as never), {
      name: "RangeError",
      message: `Cannot sample: ${message}`,
    });
  }
  assert.deepEqual([...new Uint8Array(buffer), ...twice].filter((byte) => byte !== 0), []);
  const beside = { ...good, mask: new Uint8Array(buffer, 0, 32), values: new Float32Array(buffer, 32, 32) };
  assert.equal(sampler.next(beside), beside);
  const dense = store.sampler({ steps: 2, fields: { a: 1, done: 1 }, batchSize: 8 });
  const { fields, ...rest } = dense.allocate();
  const shared = { a: fields.a, done: { ...fields.done, values: fields.a.values } };
  assert.throws(() => dense.next({ ...rest, fields: shared }), {
    message:
      "Cannot sample: out.fields.done.values must have memory of its own, got some of out.fields.a.values",
  });
});

test("next() reads a batch once a call, and fills what it has then", () => {
  using store = makeStore(30);
  const options = { steps: 2, fields: { a: 1, done: 1 }, batchSize: 8, seed: 1 } as const;
  const [sampler, twin] = [store.sampler(options), store.sampler(options)];
  const reads: string[] = [];
  const watched = <Held extends object>(held: Held, path: string): Held =>
    new Proxy(held, {
      get(target, name): unknown {
        reads.push(`${path}.${String(name)}`);
        const value = Reflect.get(target, name) as object;
        return Object.getPrototypeOf(value) === Object.prototype
          ? watched(value, `${path}.${String(name)}`)
          : value;
      },
    });
  const out = sampler.allocate();
  for (let round = 0; round < 3; round++) {
    if (round === 2) Object.assign(out.fields.a, { values: new Float32Array(16) });
    reads.length = 0;
    sampler.next(watched(out, "out"));
    assert.deepEqual(reads.filter((name, i) => reads.indexOf(name) !== i), []);
    assert.deepEqual(out, twin.next()!);
  }
});

test("next() fills the arrays of its own batch, whatever was done to it", () => {
  using store = makeStore(30);
  const options = { tokens: 4, batchSize: 8, seed: 1 } as const;
  const [sampler, twin] = [store.sampler(options), store.sampler(options)];
  const batch = sampler.next()! as object as Record<string, unknown>;
  twin.next();
  const { values, starts } = batch as { values: Float32Array; starts: Float64Array };
  const newestTokens = { tokens: 4 } as const;
  const context = store.context(newestTokens) as object as Record<string, unknown>;
  const newest = context.values as Float32Array;
  const harms: ((holder: Record<string, unknown>, array: Float32Array) => void)[] = [
    (holder) => holder.values = new Float32Array(1),
    (holder) => holder.starts = null,
    (holder) => holder.size = 1e9,
    (_, array) => Object.defineProperty(array, "length", { value: 1e9 }),
    (_, array) =>
      Object.defineProperty(array, "set", { value: () => assert.fail("the caller's own was called") }),
    (_, array) => Object.setPrototypeOf(array, null),
  ];
  for (const harm of harms) {
    harm(batch, values);
    harm(context, newest);
    sampler.next();
    const wanted = twin.next()!;
    assert.deepEqual(starts, wanted.starts);
    assert.deepEqual(Array.from({ length: 32 }, (_, i) => values[i]), [...wanted.values]);
    newest[3] = 7;
    store.context(newestTokens);
    assert.deepEqual(Array.from({ length: 4 }, (_, i) => newest[i]), [28, 0, 29, 1]);
  }
});

test("next() returns a batch of one's own, also one of another sampler of the same shape", () => {
  using store = makeStore(30);
  const [first, second] = [store.sampler({ tokens: 4, seed: 1 }), store.sampler({ tokens: 4, seed: 2 })];
  const out = first.allocate();
  assert.equal(first.next(out), out);
  const kept = out.values.slice();
  assert.equal(second.next(out), out);
  assert.notDeepEqual(out.values, kept);
  assert.deepEqual(store.sampler({ tokens: 4, seed: 1 }).next()!.values, kept);
});

test("sampler() makes two samplers of one store that do not disturb each other", () => {
  using store = makeStore(300);
  const options = { tokens: 4, episodes: { end: "done" }, order: "shuffle", batchSize: 16 } as const;
  const alone = [1, 2].map((seed) => {
    const sampler = store.sampler({ ...options, seed });
    return Array.from({ length: 20 }, () => [...sampler.next()!.starts]);
  });
  const samplers = [1, 2].map((seed) => store.sampler({ ...options, seed }));
  const together: number[][][] = [[], []];
  for (let round = 0; round < 20; round++) {
    samplers.forEach((sampler, i) => together[i].push([...sampler.next()!.starts]));
  }
  assert.deepEqual(together, alone);
});

test("sampler() with random options, called at random, ends well or with an error of ours", () => {
  for (let seed = 1; seed <= 40; seed++) withSeed(seed, "fuzz", () => fuzz(seed, 60));
});
