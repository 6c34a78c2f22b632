/** Windows that follow one of several environments whose rows are appended in turn, held against an enumeration. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { chiSquare, chiSquareLimit, countEach } from "../support/sampler/drawing.ts";
import { inTemporaryFolder } from "../support/sampler/growing.ts";
import {
  asked,
  draw,
  drawn,
  fields,
  grow,
  type Row,
  texts,
  windowsOf,
} from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";

test("sampler() follows each environment, for every boundary, stride and order, while the store grows", () => {
  for (const [seed, environments] of [[1, 1], [2, 3], [3, 9]]) {
    const random = new Random(seed);
    for (const boundary of ["within", "pad-left", "pad-right", "cross"] as const) {
      using store = new StreamStore(fields);
      const rows: Row[] = [];
      const [length, stride] = [1 + random.below(4), 1 + random.below(3)];
      const options = { ...asked, steps: length, stride, boundary, seed: 5, batchSize: 11 } as const;
      const uniform = store.sampler({ ...options, batchSize: 50 });
      for (const count of [25, 1, 30]) {
        grow(store, rows, random, count, environments);
        const wanted = texts(windowsOf(rows, { length, stride, boundary }));
        const what = JSON.stringify({ seed, boundary, length, stride, rows: rows.length });
        const all = (order: unknown, rest = {}) =>
          draw(store.sampler({ ...options, order, ...rest } as never), rows, 1e6, length);
        assert.deepEqual(all("sequential"), wanted, what);
        const shuffled = all("shuffle", { epochs: 2 });
        assert.deepEqual(shuffled.slice(0, wanted.length).sort(), wanted.toSorted(), what);
        assert.deepEqual(shuffled.slice(wanted.length).sort(), wanted.toSorted(), what);
        const set = new Set(wanted);
        assert.deepEqual(new Set(draw(uniform, rows, 20 * wanted.length, length)), set, what);
        for (
          const order of [{ kind: "prioritized" }, { kind: "recent", decay: 0.99999 }, {
            kind: "recent",
            steps: 1000,
          }]
        ) {
          const sampler = store.sampler({ ...options, order, batchSize: 50 } as never);
          assert.deepEqual(new Set(draw(sampler, rows, 20 * wanted.length, length)), set, what);
        }
      }
    }
  }
});

test("sampler() of environments draws every window as often, and the newest rows' windows of the whole store", () => {
  using store = new StreamStore(fields);
  const rows: Row[] = [];
  grow(store, rows, new Random(4), 60, 4);
  const wanted = texts(windowsOf(rows));
  const found = draw(store.sampler({ ...asked, batchSize: 500, seed: 3 }), rows, 40_000);
  const counts = countEach(found.map((window) => wanted.indexOf(window)), wanted.length);
  assert.ok(chiSquare(counts, counts.map(() => 40_000 / wanted.length)) < chiSquareLimit(wanted.length - 1));
  const order = { kind: "recent", steps: 20 } as const;
  const recent = windowsOf(rows).filter(([anchor]) => anchor! >= 40);
  assert.deepEqual(
    new Set(draw(store.sampler({ ...asked, order, seed: 3 }), rows, 3000)),
    new Set(texts(recent)),
  );
  const between = { steps: [20, 50] } as const;
  const inside = windowsOf(rows.slice(0, 50)).filter((window) => window[0]! >= 20);
  assert.deepEqual(
    draw(store.sampler({ ...asked, between, order: "sequential" }), rows, 1e6).sort(),
    texts(inside).sort(),
  );
});

test("sampler() of environments goes on from any state, with other batches and shards, and ahead in a Worker", () =>
  inTemporaryFolder((folder) => {
    const store = StreamStore.open(`${folder}/run.stream`, { fields });
    const rows: Row[] = [];
    const random = new Random(6);
    grow(store, rows, random, 50, 5);
    for (const order of ["uniform", "shuffle", "sequential", { kind: "recent", decay: 0.8 }] as const) {
      const options = { ...asked, order, seed: 8 } as const;
      const count = windowsOf(rows).length;
      const whole = draw(store.sampler({ ...options, batchSize: 1 }), rows, count);
      for (let position = 0; position < count; position += 4) {
        const sampler = store.sampler({ ...options, batchSize: 4 });
        for (let at = 0; at < position; at += 4) sampler.next();
        const state = JSON.parse(JSON.stringify(sampler.state()));
        // Another sampler finds the environments anew, also in a store that has grown since.
        const other = store.sampler({ ...options, seed: 1, batchSize: 3 });
        other.restore(state);
        assert.deepEqual(draw(other, rows, count - position), whole.slice(position), JSON.stringify(order));
        const merged: string[] = [];
        for (let index = 0; index < 2; index++) {
          const shard = store.sampler({ ...options, batchSize: 5, shard: { index, count: 2 } });
          shard.restore(state);
          draw(shard, rows, Math.ceil((count - position - index) / 2)).forEach((window, i) =>
            merged[index + 2 * i] = window
          );
        }
        assert.deepEqual(merged, whole.slice(position), JSON.stringify(order));
      }
      assert.throws(
        () =>
          store.sampler({ ...options, episodes: { end: "done" } }).restore(store.sampler(options).state()),
        /state\.episodes must be that of the same episodes option/,
      );
    }
    const sampler = store.sampler({ ...asked, order: "shuffle", epochs: 1, batchSize: 4, seed: 2 });
    const first = draw(sampler, rows, 4);
    const state = sampler.state();
    const wanted = texts(windowsOf(rows));
    grow(store, rows, random, 20, 7);
    const other = store.sampler({ ...asked, order: "shuffle", epochs: 1, batchSize: 4 });
    other.restore(state);
    const rest = draw(sampler, rows, 1e6);
    assert.deepEqual(draw(other, rows, 1e6), rest);
    assert.deepEqual([...first, ...rest].sort(), wanted.sort());
    store.close();
  }));

test("a prefetching sampler follows environments as one that does not work ahead", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sampler-"));
  const store = StreamStore.open(`${folder}/run.stream`, { fields });
  const rows: Row[] = [];
  grow(store, rows, new Random(6), 50, 5);
  const options = { ...asked, order: "shuffle", epochs: 2, batchSize: 7, seed: 8 } as const;
  const plain = draw(store.sampler(options), rows, 1e6);
  const ahead: string[] = [];
  for await (const batch of store.sampler({ ...options, prefetch: 2 })) ahead.push(...drawn(batch, rows));
  assert.deepEqual(ahead, plain);
  store.close();
  rmSync(folder, { recursive: true });
});

test("an episode of an environment ends where a writer began, unless sessions joins", () =>
  inTemporaryFolder((folder) => {
    const rows: Row[] = [];
    const random = new Random(9);
    const path = `${folder}/run.stream`;
    for (let session = 0; session < 4; session++) {
      using store = StreamStore.open(path, { fields });
      const before = rows.length;
      grow(store, rows, random, 12, 3);
      for (let i = before; i < rows.length; i++) rows[i] = { ...rows[i], session };
      for (const sessions of ["split", "join"] as const) {
        const episodes = { ...asked.episodes, sessions };
        const found = draw(store.sampler({ ...asked, episodes, order: "sequential" }), rows, 1e6);
        assert.deepEqual(found, texts(windowsOf(rows, { sessions })), `${sessions} ${session}`);
      }
    }
  }));

test("the last row of an environment is drawn at once, and ends its episode only once it is over", () => {
  using store = new StreamStore(fields);
  const sampler = store.sampler({ ...asked, steps: 2, batchSize: 30, seed: 1 });
  const starts = () => new Set(sampler.next()!.starts);
  store.append(0, { a: 0, env: 1 });
  store.append(1, { a: 1, env: 2 });
  assert.throws(
    () => sampler.next(),
    /^RangeError: Cannot sample: there must be a valid window of 2 steps in one of 2 environments, got none: environment 1 holds 1 steps/,
  );
  store.append(2, { a: 2, env: 1 });
  assert.deepEqual(starts(), new Set([0]));
  // Row 2 gets its end only now: it still is the last of its episode.
  store.append(2, { done: true });
  store.append(3, { a: 3, env: 1 });
  assert.deepEqual(starts(), new Set([0]));
  store.append(4, { a: 4, env: 1 });
  assert.deepEqual(starts(), new Set([0, 3]));
  // A row that gets its environment in a second append.
  store.append(5, { a: 5 });
  assert.deepEqual(starts(), new Set([0, 3]));
  store.append(5, { env: 2 });
  assert.deepEqual(starts(), new Set([0, 1, 3]));
  store.append(6, { a: 6 });
  store.append(7, { a: 7, env: 1 });
  assert.throws(
    () => sampler.next(),
    /^RangeError: Cannot find the episodes: row 6 must have a value of "env", which says whose it is, got none/,
  );
});

test("sampler() of environments passes over rows that were dropped", () => {
  for (const boundary of ["within", "pad-left"] as const) {
    using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 20_000 } });
    const rows: Row[] = [];
    const append = (count: number) => {
      const step = Float64Array.from({ length: count }, (_, i) => rows.length + i);
      const env = step.map((row) => row % 7);
      const done = step.map((row) => row % 50 === 49 ? 1 : 0);
      step.forEach((_, i) => rows.push({ env: env[i], done: done[i] === 1, session: 0 }));
      store.appendColumns({ step, a: step, env, done });
      store.flush();
    };
    append(40_000);
    const options = { ...asked, boundary, batchSize: 1000, seed: 3 } as const;
    const sampler = store.sampler(options);
    const shuffle = store.sampler({ ...options, order: "shuffle", epochs: 1 });
    draw(sampler, rows, 1000);
    const early = draw(shuffle, rows, 1000);
    const state = shuffle.state();
    append(60_000);
    assert.ok(store.firstRow > 40_000);
    const held = new Set(texts(windowsOf(rows, { boundary, firstRow: store.firstRow })));
    for (const window of draw(sampler, rows, 5000)) assert.ok(held.has(window), window);
    // All that the epoch was over is gone.
    assert.deepEqual(draw(shuffle, rows, 1e6), []);
    assert.equal(new Set(early).size, early.length);
    const other = store.sampler({ ...options, order: "shuffle", epochs: 1 });
    other.restore(state);
    assert.throws(
      () => other.next(),
      /windows of the state's epoch must still be held, got 0; rows of it were dropped/,
    );
  }
});

test("sampler() tells apart thousands of environments, whatever their IDs, and one without an end", () => {
  using store = new StreamStore({ a: 0, env: { type: 1, dtype: "int64" }, done: 2 });
  const environments = 4000;
  const count = 5 * environments;
  const step = Float64Array.from({ length: count }, (_, i) => i);
  const env = BigInt64Array.from(step, (row) => -(2n ** 60n) + BigInt(row % environments));
  store.appendColumns({ step, a: step, env, done: step.map(() => 0) });
  const sampler = store.sampler({ ...asked, fields: { a: 1 }, order: "sequential", batchSize: 1000 });
  let windows = 0;
  for (const { size, fields: { a } } of sampler) {
    windows += size;
    for (let i = 0; i < size; i++) {
      assert.equal(a.values[3 * i + 1] - a.values[3 * i], environments);
      assert.equal(a.values[3 * i + 2] - a.values[3 * i], 2 * environments);
    }
  }
  assert.equal(windows, 3 * environments);
});

test("environments are refused by name where nothing follows them", () => {
  using store = new StreamStore(fields, { extra: { note: "string" } });
  store.append(0, { a: 1, env: 1, done: 0 });
  const { episodes } = asked;
  const cases: [() => unknown, string][] = [
    [
      () => store.sampler({ tokens: 3, episodes }),
      'Cannot make a sampler: episodes.environment must be left out where windows are tokens: those of one do not stand side by side, and fields take its rows, got "env"',
    ],
    [
      () => store.sampler({ steps: 3, episodes }),
      "Cannot make a sampler: episodes.environment must be left out where windows are tokens",
    ],
    [
      () => store.sampler({ ...asked, episodes: { end: "done", environment: "x" as "a" } }),
      'Cannot make a sampler: episodes.environment must be among the fields a, env, done, got "x"',
    ],
    [
      () => store.sampler({ ...asked, episodes: { id: "env", environment: "env" } as never }),
      'Cannot make a sampler: episodes must be "rows" or one of { end, sessions, environment }, { id } and { starts }, got { id, environment }',
    ],
  ];
  for (const [call, message] of cases) {
    assert.throws(call, (error: Error) => error.message.startsWith(message) || assert.fail(error.message));
  }
});
