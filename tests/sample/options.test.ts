import assert from "node:assert/strict";
import { test } from "node:test";
import { type SamplerOptions, StreamStore } from "../../mod.ts";

const fields = { a: 0, done: 1 } as const;

function makeStore(rows: number): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  for (let step = 0; step < rows; step++) store.append(step, { a: step, done: step % 10 === 9 });
  return store;
}

const whole = "a positive integer up to 2147483647";
const names = "among the fields a, done";

/** Options, the class of the error, and how its message goes on after `Cannot make a sampler: `. */
const refused: readonly (readonly [unknown, string, string])[] = [
  [undefined, "TypeError", "options must be an object, got undefined"],
  [null, "TypeError", "options must be an object, got null"],
  [7, "TypeError", "options must be an object, got 7"],
  [{}, "TypeError", "tokens or steps must say how long a window is, got neither"],
  [{ tokens: 0 }, "RangeError", `tokens must be ${whole}, got 0`],
  [{ tokens: -1 }, "RangeError", `tokens must be ${whole}, got -1`],
  [{ tokens: 1.5 }, "RangeError", `tokens must be ${whole}, got 1.5`],
  [{ tokens: NaN }, "RangeError", `tokens must be ${whole}, got NaN`],
  [{ tokens: Infinity }, "RangeError", `tokens must be ${whole}, got Infinity`],
  [{ tokens: 2 ** 31 }, "RangeError", `tokens must be ${whole}, got 2147483648`],
  [{ tokens: 2 ** 53 }, "RangeError", `tokens must be ${whole}, got 9007199254740992`],
  [{ tokens: "4" }, "RangeError", `tokens must be ${whole}, got "4"`],
  [{ tokens: 4n }, "RangeError", `tokens must be ${whole}, got 4n`],
  [{ tokens: null }, "RangeError", `tokens must be ${whole}, got null`],
  [{ steps: 0 }, "RangeError", `steps must be ${whole}, got 0`],
  [{ steps: 2 ** 32 }, "RangeError", `steps must be ${whole}, got 4294967296`],
  [{ tokens: 4, batch: 3 }, "TypeError", "an option must be one of tokens, steps, fields, "],
  [{ tokens: 4, batchSize: 0 }, "RangeError", `batchSize must be ${whole}, got 0`],
  [{ tokens: 4, batchSize: 2 ** 31 }, "RangeError", `batchSize must be ${whole}, got 2147483648`],
  [{ tokens: 2 ** 20, batchSize: 2 ** 20 }, "RangeError", "a batch must have <= "],
  [{ tokens: 1, batchSize: 2 ** 31 - 1 }, "RangeError", "a batch must have <= "],
  [{ steps: 2 ** 31 - 1, batchSize: 2 }, "RangeError", "a batch must have <= "],
  [{ steps: 2 ** 16, fields: { a: 2 ** 16 }, batchSize: 2 }, "RangeError", "a batch must have <= "],
  [
    { tokens: 4, boundary: "pad" },
    "RangeError",
    'boundary must be within or pad-left or pad-right or cross, got "pad"',
  ],
  [
    { tokens: 4, boundary: 1 },
    "RangeError",
    "boundary must be within or pad-left or pad-right or cross, got 1",
  ],
  [{ tokens: 4, stride: 0 }, "RangeError", `stride must be ${whole}, got 0`],
  [{ tokens: 4, stride: NaN }, "RangeError", `stride must be ${whole}, got NaN`],
  [
    { tokens: 4, seed: -1 },
    "RangeError",
    "seed must be a whole number, below 2 ** 53 or a bigint below 2 ** 64, got -1",
  ],
  [{ tokens: 4, seed: 0.5 }, "RangeError", "seed must be a whole number, "],
  [{ tokens: 4, seed: 2 ** 53 }, "RangeError", "seed must be a whole number, "],
  [{ tokens: 4, seed: 2n ** 64n }, "RangeError", "seed must be a whole number, "],
  [
    { tokens: 4, seed: "1" },
    "RangeError",
    'seed must be a whole number, below 2 ** 53 or a bigint below 2 ** 64, got "1"',
  ],
  [{ tokens: 4, shard: 1 }, "TypeError", "shard must be an object, got 1"],
  [{ tokens: 4, shard: { index: 0 } }, "RangeError", `shard.count must be ${whole}, got undefined`],
  [
    { tokens: 4, shard: { index: 2, count: 2 } },
    "RangeError",
    "shard.index must be a whole number below shard.count, 2, got 2",
  ],
  [{ tokens: 4, shard: { index: NaN, count: 2 } }, "RangeError", "shard.index must be a whole number below "],
  [
    { tokens: 4, shard: { index: 0, count: 2 } },
    "TypeError",
    "shard needs a seed, the same in all 2 shards, or they draw the same windows; got none",
  ],
  [{ tokens: 4, shard: { index: 0, count: 2 }, order: "shuffle" }, "TypeError", "shard needs a seed, "],
  [
    { tokens: 4, shard: { index: 0, count: 2 }, order: { kind: "prioritized" } },
    "TypeError",
    "shard needs a seed, ",
  ],
  [
    { tokens: 4, shard: { index: 0, count: 1, of: 2 } },
    "TypeError",
    "an option must be one of shard.index, shard.count, got shard.of",
  ],
  [{ tokens: 4, epochs: 1 }, "RangeError", "epochs must be left out where the order is uniform, got 1"],
  [{ tokens: 4, order: "shuffle", epochs: 0 }, "RangeError", `epochs must be ${whole}, got 0`],
  [{ tokens: 4, order: "random" }, "RangeError", "order must be uniform, shuffle, sequential, or an object "],
  [{ tokens: 4, order: 5 }, "RangeError", "order must be uniform, shuffle, sequential, or an object "],
  [
    { tokens: 4, order: { kind: "newest" } },
    "RangeError",
    'order.kind must be recent or prioritized, got "newest"',
  ],
  [{ tokens: 4, order: { kind: "recent" } }, "RangeError", `order.steps must be ${whole}, got undefined`],
  [
    { tokens: 4, order: { kind: "recent", steps: 5, decay: 0.5 } },
    "TypeError",
    "order must have steps or decay, got both",
  ],
  [
    { tokens: 4, order: { kind: "recent", decay: 1 } },
    "RangeError",
    "order.decay must be a number between 0 and 1, got 1",
  ],
  [
    { tokens: 4, order: { kind: "recent", decay: NaN } },
    "RangeError",
    "order.decay must be a number between 0 and 1, got NaN",
  ],
  [
    { tokens: 4, order: { kind: "recent", steps: 5, beta: 1 } },
    "TypeError",
    "an option must be one of order.kind, order.steps, ",
  ],
  [
    { tokens: 4, order: { kind: "prioritized", alpha: -1 } },
    "RangeError",
    "order.alpha must be a finite number >= 0, got -1",
  ],
  [
    { tokens: 4, order: { kind: "prioritized", beta: Infinity } },
    "RangeError",
    "order.beta must be a finite number >= 0, got Infinity",
  ],
  [{ tokens: 4, truncate: 1 }, "RangeError", "truncate must be true or false, got 1"],
  [{ tokens: 4, fields: { a: 1 } }, "TypeError", "fields need steps, the rows of a window, got tokens 4"],
  [
    { steps: 4, tokens: 4, fields: { a: 1 } },
    "TypeError",
    "fields must have steps without tokens, got tokens 4",
  ],
  [{ steps: 4, fields: {} }, "RangeError", "fields must name at least one field, got {}"],
  [{ steps: 4, fields: ["a"] }, "TypeError", "fields must be an object, got "],
  [{ steps: 4, fields: { b: 1 } }, "TypeError", `fields must be ${names}, got "b"`],
  [{ steps: 4, fields: { toString: 1 } }, "TypeError", `fields must be ${names}, got "toString"`],
  [{ steps: 4, fields: { a: 0 } }, "RangeError", `fields.a must be ${whole}, got 0`],
  [
    { steps: 4, fields: { a: 1 }, output: { values: null } },
    "TypeError",
    "batches of fields have values and no types, ",
  ],
  [
    { steps: 4, fields: { a: 1 }, output: { types: "int32" } },
    "TypeError",
    "batches of fields have values and no types, ",
  ],
  [{ tokens: 4, output: 5 }, "TypeError", "output must be an object, got 5"],
  [
    { tokens: 4, output: { value: null } },
    "TypeError",
    "an option must be one of output.values, output.types, output.steps, ",
  ],
  [
    { tokens: 4, output: { values: "float8" } },
    "RangeError",
    "output.values must be float32 or float64 or float16 or bfloat16 or uint8 or uint16 or int32 or int64, ",
  ],
  [{ tokens: 4, output: { types: "int8" } }, "RangeError", 'output.types must be int32, got "int8"'],
  [
    { tokens: 4, output: { steps: "int32" } },
    "RangeError",
    'output.steps must be int64 or float64, got "int32"',
  ],
  [{ tokens: 4, episodes: "done" }, "TypeError", 'episodes must be "rows" or an object, got "done"'],
  [{ tokens: 4, episodes: null }, "TypeError", 'episodes must be "rows" or an object, got null'],
  [{ tokens: 4, episodes: ["rows"] }, "TypeError", 'episodes must be "rows" or an object, got '],
  [
    { tokens: 4, episodes: {} },
    "TypeError",
    'episodes must be "rows" or one of { end, sessions, environment }, { id } and { starts }, got {',
  ],
  [
    { tokens: 4, episodes: { sessions: "join" } },
    "TypeError",
    'episodes must be "rows" or one of { end, sessions, environment }, ',
  ],
  [
    { tokens: 4, episodes: { id: "a", sessions: "join" } },
    "TypeError",
    'episodes must be "rows" or one of { end, ',
  ],
  [
    { tokens: 4, episodes: { end: "done", sessions: "cut" } },
    "RangeError",
    'episodes.sessions must be split or join, got "cut"',
  ],
  [{ tokens: 4, episodes: { end: "done", id: "a" } }, "TypeError", 'episodes must be "rows" or one of '],
  [{ tokens: 4, episodes: { end: "stop" } }, "TypeError", `episodes.end must be ${names}, got "stop"`],
  [{ tokens: 4, episodes: { end: [] } }, "RangeError", "episodes.end must name a field, got []"],
  [
    { tokens: 4, episodes: { end: Array(65).fill("done") } },
    "RangeError",
    "episodes.end must name at most 64 fields, got 65",
  ],
  [{ tokens: 4, episodes: { end: ["done", 5] } }, "TypeError", `episodes.end must be ${names}, got 5`],
  [{ tokens: 4, episodes: { end: undefined } }, "TypeError", `episodes.end must be ${names}, got undefined`],
  [{ tokens: 4, episodes: { id: ["a"] } }, "TypeError", `episodes.id must be ${names}, got `],
  [
    { tokens: 4, episodes: { starts: 5 } },
    "TypeError",
    "episodes.starts must be a list or typed array, got 5",
  ],
  [
    { tokens: 4, episodes: { starts: [0, 5, 5] } },
    "RangeError",
    "episodes.starts[2] must be more than 5, the start before it, got 5",
  ],
  [
    { tokens: 4, episodes: { starts: [-1] } },
    "RangeError",
    "episodes.starts[0] must be a row, a whole number, got -1",
  ],
  [
    { tokens: 4, episodes: { starts: [0.5] } },
    "RangeError",
    "episodes.starts[0] must be a row, a whole number, got 0.5",
  ],
  [
    { tokens: 4, episodes: { starts: [2 ** 53] } },
    "RangeError",
    "episodes.starts[0] must be a row, a whole number, ",
  ],
  [
    { tokens: 4, episodes: { starts: ["1"] } },
    "RangeError",
    'episodes.starts[0] must be a row, a whole number, got "1"',
  ],
  [{ tokens: 4, normalize: 1 }, "TypeError", "normalize must be an object, got 1"],
  [{ tokens: 4, normalize: { b: {} } }, "TypeError", `normalize must be ${names}, got "b"`],
  [{ tokens: 4, normalize: { a: 5 } }, "TypeError", "normalize.a must be an object, got 5"],
  [
    { tokens: 4, normalize: { a: { mean: NaN, standardDeviation: 1 } } },
    "RangeError",
    "normalize.a.mean must be a finite number, got NaN",
  ],
  [
    { tokens: 4, normalize: { a: { mean: 0, standardDeviation: -1 } } },
    "RangeError",
    "normalize.a.standardDeviation must be a finite number >= 0, got -1",
  ],
  [
    { tokens: 4, normalize: { a: { mean: 0 } } },
    "RangeError",
    "normalize.a.standardDeviation must be a finite number >= 0, got undefined",
  ],
  [
    { tokens: 4, prefetch: 2 },
    "RangeError",
    "prefetch must be left out for a temporary store, which no Worker can open, got 2",
  ],
  [{ tokens: 4, prefetch: 0 }, "RangeError", "prefetch must be a whole number from 1 to 64, got 0"],
];

test("sampler() names an option that it refuses with its value and what is allowed", () => {
  using store = makeStore(30);
  for (const [options, name, message] of refused) {
    assert.throws(() => store.sampler(options as never), (error: Error) => {
      const what = `${name}: Cannot make a sampler: ${message}`;
      assert.ok(`${error}`.startsWith(what), `${error}\nis not\n${what}`);
      return true;
    });
  }
});

test("next() without a valid window says which rule left none", () => {
  const end = { end: "done" } as const;
  const cases: [number, SamplerOptions<keyof typeof fields>, string][] = [
    [0, { tokens: 4 }, "4 tokens, got none: the store holds no tokens"],
    [0, { steps: 4, boundary: "pad-left" }, "4 steps, got none: the store holds no steps"],
    [
      1,
      { tokens: 4 },
      "4 tokens, got none: the store holds 2 tokens; boundary pad-left or pad-right would pad",
    ],
    [3, { steps: 4, boundary: "cross" }, "4 steps, got none: the store holds 3 steps; boundary pad-left or "],
    [
      30,
      { steps: 4, between: { steps: [30, Infinity] } },
      "4 steps, got none: the part that between says holds no steps",
    ],
    [
      30,
      { steps: 4, between: { steps: [28, 29 + 10] } },
      "4 steps, got none: the part that between says holds 2 steps; boundary pad-left or ",
    ],
    [
      30,
      { steps: 11, episodes: end },
      "11 steps, got none: each of 3 episodes is shorter, and boundary within ",
    ],
    [
      30,
      { steps: 6, episodes: end, order: { kind: "recent", steps: 5 } },
      "6 steps, got none: of 15 valid windows none has its anchor in the newest 5 rows",
    ],
  ];
  for (const [rows, options, reason] of cases) {
    for (const order of [options.order, "shuffle", "sequential", { kind: "prioritized" }] as const) {
      if (options.order !== undefined && order !== options.order) continue;
      using store = makeStore(rows);
      const width = options.steps === undefined ? {} : { tokens: 100 };
      const sampler = store.sampler({ ...options, ...width, order });
      const state = sampler.state();
      assert.throws(() => sampler.next(), (error: Error) => {
        const what = `RangeError: Cannot sample: there must be a valid window of ${reason}`;
        assert.ok(`${error}`.startsWith(what), `${error}\nis not\n${what}`);
        return true;
      });
      assert.deepEqual(sampler.state(), state);
      if (options.order !== undefined) continue;
      // Once there are windows it goes on.
      for (let step = rows; step < rows + 40; step++) store.append(step, { a: step, done: false });
      assert.ok(sampler.next()!.size > 0);
    }
  }
});

test("sampler() of steps as tokens needs their width where no row can tell it", () => {
  using store = new StreamStore({ a: 0 });
  assert.throws(() => store.sampler({ steps: 2 }), /tokens must say how wide windows of steps are/);
  const sampler = store.sampler({ steps: 2, tokens: 4, batchSize: 1 });
  for (let step = 0; step < 2; step++) store.append(step, { a: [1, 2] });
  assert.deepEqual([...sampler.next()!.values], [1, 2, 1, 2]);
});
