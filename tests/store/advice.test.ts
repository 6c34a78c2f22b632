/** Errors that a new user meets: each says what to do instead. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type MixtureOptions, StreamStore } from "../../mod.ts";

/** What a call throws, as `class: message`. */
async function thrown(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return String(error);
  }
  return "nothing";
}

/** Nanoseconds since 1970, as most people would compute them first: an integer that a number has rounded. */
const nanoseconds = 1795565252182 * 1e6;
const bigintAdvice = "; BigInt keeps what a number rounds, as in BigInt(Date.now()) * 1000000n";
const date = new Date(0);

// deno-lint-ignore no-explicit-any -- the calls are wrong on purpose
type AnyStore = any;

function makeStore(): AnyStore {
  return new StreamStore({ reward: 0, id: { type: 1, dtype: "int64" } });
}

test("append() tells what is no step from what is no list, and a step left out from a wrong one", async () => {
  using store = makeStore();
  const wrong = "TypeError: Cannot append: a step must be a safe integer or an int64 bigint, got";
  const first = "; the step comes before the fields: append(step, { … })";
  const calls: [() => unknown, string][] = [
    [() => store.append({ reward: 1 }), `${wrong} a value of class Object${first}`],
    [() => store.append(), `${wrong} undefined${first}`],
    [
      () => store.append(date, { reward: 1 }),
      `${wrong} a value of class Date; getTime() gives its milliseconds`,
    ],
    [() => store.append({}, { reward: 1 }), `${wrong} a value of class Object`],
    [() => store.append(null, { reward: 1 }), `${wrong} null`],
    [() => store.append("1", { reward: 1 }), `${wrong} "1"`],
    [
      () => store.append([date], ["reward"], [1]),
      `${wrong} a value of class Date; getTime() gives its milliseconds`,
    ],
    [
      () => store.append({ length: 1 }, ["reward"], [1]),
      "TypeError: Cannot append: steps must be a list where several are appended, got a value of class Object",
    ],
    [
      () => store.append([1], { reward: 1 }),
      "TypeError: Cannot append: fields must be a list where several are appended, got a value of class Object",
    ],
    [
      () => store.appendColumns({ step: [date], reward: [1] }),
      "TypeError: Cannot append columns: step[0] must be a safe integer or an int64 bigint, got a value of class Date; getTime() gives its milliseconds",
    ],
    [
      () => store.rowOfStep(date),
      "TypeError: Cannot find a row: a step must be a safe integer or an int64 bigint, got a value of class Date; getTime() gives its milliseconds",
    ],
  ];
  for (const [call, message] of calls) assert.equal(await thrown(call), message);
  assert.equal(store.rowCount, 0);
});

test("an integer that a number has rounded is refused with the bigint that is not, wherever integers are taken", async () => {
  using store = makeStore();
  const step = `a safe integer or an int64 bigint, got ${nanoseconds}${bigintAdvice}`;
  const calls: [() => unknown, string][] = [
    [() => store.append(nanoseconds, { reward: 1 }), `Cannot append: a step must be ${step}`],
    [() => store.append([nanoseconds], ["reward"], [1]), `Cannot append: a step must be ${step}`],
    [
      () => store.appendColumns({ step: [nanoseconds], reward: [1] }),
      `Cannot append columns: step[0] must be ${step}`,
    ],
    [
      () => store.appendColumns({ step: Float64Array.of(nanoseconds), reward: [1] }),
      `Cannot append columns: step[0] must be ${step}`,
    ],
    [() => store.rowOfStep(nanoseconds), `Cannot find a row: a step must be ${step}`],
    [
      () => store.append(0, { id: nanoseconds }),
      `Cannot append field "id": a value of an int64 field must be a bigint or a safe integer, got ${nanoseconds}${bigintAdvice}`,
    ],
    [
      () => store.append(0, { id: [nanoseconds] }),
      `Cannot append field "id": a value of an int64 field must be a bigint or a safe integer, got ${nanoseconds}${bigintAdvice}`,
    ],
    [
      () => store.appendColumns({ step: [0], id: [nanoseconds] }),
      `Cannot append columns: "id" at value 0 must be an integer that fits int64, got ${nanoseconds}${bigintAdvice}`,
    ],
  ];
  for (const [call, message] of calls) assert.equal(await thrown(call), `RangeError: ${message}`);
  for (const other of [0.5, NaN, Infinity, 1e300]) {
    const message = await thrown(() => store.append(other, { reward: 1 }));
    assert.doesNotMatch(message, /BigInt/);
    assert.match(
      message,
      /^RangeError: Cannot append: a step must be a safe integer or an int64 bigint, got /,
    );
  }
  assert.equal(store.rowCount, 0);
  store.append(BigInt(1795565252182) * 1000000n, { id: BigInt(1795565252182) * 1000000n });
  assert.equal(store.column("id").values[0], 1795565252182000000n);
});

test("StreamStore() refuses retain that is no object of limits, with the unit of time", async () => {
  const advice = "; { ms: 300000 } keeps the rows of 5 minutes";
  const cases: [unknown, string, string][] = [
    ["5m", "TypeError", '"5m"'],
    [300_000, "TypeError", "300000"],
    [true, "TypeError", "true"],
    [null, "TypeError", "null"],
    [[300_000], "TypeError", "an array of 1"],
    [new Map([["ms", 1]]), "TypeError", "a value of class Map"],
    [{ ms: "5m" }, "RangeError", 'ms "5m"'],
    [{ minutes: 5 }, "RangeError", "minutes 5"],
    [{ rows: 1.5 }, "RangeError", "rows 1.5"],
  ];
  const folder = mkdtempSync(join(tmpdir(), "streamstore-advice-"));
  try {
    for (const [retain, name, got] of cases) {
      const told = got.startsWith("rows") ? "" : advice;
      const message =
        `${name}: Cannot open a store: retain must be { rows, bytes, ms } of positive integers, got ${got}${told}`;
      const options = { retain } as AnyStore;
      assert.equal(await thrown(() => new StreamStore({ a: 0 }, options)), message);
      const path = join(folder, "run.stream");
      assert.equal(await thrown(() => StreamStore.open(path, { ...options, fields: { a: 0 } })), message);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("loadDataset() of a name that is no path, nor the Hub's, says which path was meant", async () => {
  using store = makeStore();
  for (const name of ["cartpole", "data/runs/cartpole", "-a/b"]) {
    const told = `its name must be user/name, or a path that begins with ./ or / or exists, got "${name}"`;
    assert.equal(
      await thrown(() => store.saveDataset(name)),
      `TypeError: Cannot save a dataset: ${told}; as a path it is "./${name}"`,
    );
    assert.equal(
      await thrown(() => store.loadDataset(name)),
      `TypeError: Cannot load a dataset: ${told}; as a path it is "./${name}"`,
    );
  }
  const message = await thrown(() => store.saveDataset("data/cartpole", "train", { token: null }));
  assert.match(message, /a token that may write must be given .*; as a path it is ".\/data\/cartpole"$/);
});

const mixtures: Readonly<
  Record<string, [(store: AnyStore) => void, MixtureOptions<"a"> & { readonly steps: number }, RegExp]>
> = {
  "a source whose rows are wider than the output": [
    (store) => [0, 1, 2].forEach((step) => store.append(step, { a: [1, 2, 3] })),
    { steps: 2, tokens: 2 },
    /^RangeError: Cannot sample from sources\[1\]: the rows of a window must have <= 2 tokens/,
  ],
  "a source whose field is wider than was said": [
    (store) => [0, 1, 2].forEach((step) => store.append(step, { a: [1, 2, 3] })),
    { steps: 2, fields: { a: 1 } },
    /^RangeError: Cannot sample from sources\[1\]: "a" must have <= 1 values a row, got 3 in row/,
  ],
  "a source that is closed": [
    (store) => store.close(),
    { steps: 2, tokens: 2 },
    /^StreamStoreError: Cannot sample from sources\[1\]: the store is closed$/,
  ],
};

for (const [what, [spoil, options, message]] of Object.entries(mixtures)) {
  test(`mixture() names ${what}`, async () => {
    using good = new StreamStore({ a: 0 });
    for (let step = 0; step < 9; step++) good.append(step, { a: step });
    using other = new StreamStore({ a: 0 });
    const sources = [{ store: good, weight: 1 }, { store: other, weight: 9 }];
    const mixture = StreamStore.mixture(sources, { ...options, batchSize: 64, seed: 1 });
    spoil(other);
    assert.match(await thrown(() => mixture.next()), message);
  });
}

test("mixture() names the source that is closed, or has no step to tell a width by", async () => {
  using good = new StreamStore({ a: 0 });
  const closed = new StreamStore({ a: 0 });
  closed.close();
  const sources = [{ store: good, weight: 1 }, { store: closed, weight: 1 }];
  assert.equal(
    await thrown(() => StreamStore.mixture(sources, { steps: 1 })),
    "StreamStoreError: Cannot make a mixture of sources[1]: the store is closed",
  );
  good.append(0, { a: 1 });
  using empty = new StreamStore({ a: 0 });
  assert.match(
    await thrown(() => StreamStore.mixture([sources[0], { store: empty, weight: 1 }], { steps: 1 })),
    /^RangeError: Cannot make a mixture of sources\[1\]: tokens must say how wide/,
  );
});

const interleavedAdvice =
  " and an episode is one run of rows with the same ID; give each a store of its own and " +
  "draw from them by StreamStore.mixture, or sort by the ID when loading";

test("sampler() advises to part rows of several environments, and to pad short episodes", async () => {
  const options = { steps: 8, batchSize: 4, episodes: { id: "environment" } } as const;
  using store = new StreamStore({ environment: 0, a: 1 });
  for (let step = 0; step < 100; step++) store.append(step, { environment: 10 + step % 4, a: step });
  for (const order of ["uniform", "shuffle", "sequential", { kind: "prioritized" }] as const) {
    assert.equal(
      await thrown(() => store.sampler({ ...options, order }).next()),
      "RangeError: Cannot sample: there must be a valid window of 8 steps, got none: each of 100 episodes is " +
        `shorter: row 4 comes back to the ID 10 of row 0,${interleavedAdvice}`,
    );
  }
  using short = new StreamStore({ environment: 0, a: 1 });
  for (let step = 0; step < 100; step++) {
    short.append(step, { environment: Math.floor(step / 4), a: step });
  }
  const message = await thrown(() => short.sampler(options).next());
  assert.match(message, /each of 25 episodes is shorter, and boundary within takes no other; pad-left/);
  // IDs that came back before the rows that are still kept are nobody's concern.
  using dropped = new StreamStore({ environment: 0 }, { retain: { rows: 1 } });
  for (let step = 0; step < 140_000; step++) {
    dropped.append(step, { environment: step < 60_000 ? step % 2 : step });
  }
  dropped.flush();
  assert.ok(dropped.firstRow >= 65_536);
  assert.match(
    await thrown(() => dropped.sampler({ ...options, steps: 20_000 }).next()),
    /is shorter, and boundary within takes no other; pad-left/,
  );
});

test("sampler() reads int64 IDs that come back as bits", async () => {
  using store = new StreamStore({ id: { type: 3, dtype: "int64" } });
  const ids = [2n ** 60n + 1n, 2n ** 60n + 2n];
  for (let step = 0; step < 10; step++) store.append(step, { id: ids[step % 2] });
  const message = await thrown(() => store.sampler({ steps: 4, episodes: { id: "id" } }).next());
  assert.ok(message.includes(`row 2 comes back to the ID ${ids[0]} of row 0,`), message);
});
