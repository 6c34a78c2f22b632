/** The newest window of the environment that has the last row, held against an enumeration after every append. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { asked, episodesOf, fields, type Row, type Store } from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const { episodes } = asked;
const windows = { ...asked, steps: 4, padTo: 6 } as const;
const around = { fields: { a: { width: 1, offsets: [-3, -1, 0, 1] }, env: 1 }, episodes } as const;

/** The held rows of the last row's episode. */
function newest(rows: readonly Row[], sessions: "split" | "join", firstRow = 0): readonly number[] {
  const last = rows.length - 1;
  return episodesOf(rows, { sessions }).find((episode) => episode.rows.includes(last))!.rows
    .filter((row) => row >= firstRow);
}

function check(store: Store, rows: readonly Row[], sessions: "split" | "join" = "split"): void {
  const episode = newest(rows, sessions, store.firstRow);
  const { env } = rows.at(-1)!;
  const taken = episode.slice(-4);
  const padding = Array.from({ length: 6 - taken.length }, () => 0);
  const batch = store.context(contexts[sessions].windows);
  assert.deepEqual([...batch.fields.a.values], [...padding, ...taken], `of ${episode}`);
  assert.deepEqual([...batch.fields.env.values], [...padding, ...taken.map(() => env)]);
  assert.deepEqual([...batch.mask], [...padding, ...taken.map(() => 1)]);
  assert.deepEqual([...batch.steps], [...padding, ...taken].map(BigInt));
  assert.deepEqual([batch.starts[0], batch.lengths[0]], [taken[0], taken.length]);
  const at = store.context(contexts[sessions].around);
  const places = [-3, -1, 0, 1].map((offset) => episode.length - 1 + offset);
  assert.deepEqual(
    [...at.fields.a.values],
    places.map((place) => episode[Math.min(Math.max(0, place), episode.length - 1)]),
  );
  assert.deepEqual(
    [...at.fields.a.offsetMask],
    places.map((place) => place >= 0 && place < episode.length ? 1 : 0),
  );
  assert.deepEqual([at.starts[0], at.steps[0], at.fields.env.values[0]], [
    rows.length - 1,
    BigInt(rows.length - 1),
    env,
  ]);
}

/** A program passes the same objects every time. */
const contexts = { split: contextsOf("split"), join: contextsOf("join") };

function contextsOf<Sessions extends "split" | "join">(sessions: Sessions) {
  const rule = { ...episodes, sessions };
  return { windows: { ...windows, episodes: rule }, around: { ...around, episodes: rule } };
}

function append(store: Store, rows: Row[], random: Random, environments: number): void {
  const [env, done] = [random.below(environments) - 1, random.below(6) === 0];
  const session = rows.at(-1)?.session ?? 0;
  store.append(rows.length, { a: rows.length, env, ...(done ? { done } : {}) });
  rows.push({ env, done, session });
}

test("context() is the newest window of the environment of the last row, in the tail and behind it", () => {
  for (const [seed, environments] of [[1, 1], [2, 3], [3, 20]]) {
    const random = new Random(seed);
    using store = new StreamStore(fields);
    const rows: Row[] = [];
    for (let i = 0; i < 150; i++) {
      append(store, rows, random, environments);
      check(store, rows);
      if (random.below(20) === 0) store.flush();
    }
  }
});

test("context() of an environment ends where a writer began, unless sessions joins", () =>
  withDirectory((directory) => {
    const rows: Row[] = [];
    const random = new Random(4);
    for (let session = 0; session < 5; session++) {
      using store = StreamStore.open(`${directory}/run.stream`, { fields });
      for (let i = 0; i < 12; i++) {
        append(store, rows, random, 4);
        rows[rows.length - 1] = { ...rows.at(-1)!, session };
        check(store, rows, "split");
        check(store, rows, "join");
      }
    }
  }));

test("context() of environments looks as far back as it must, and not at rows that were dropped", () => {
  using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 20_000 } });
  const rows: Row[] = [];
  const block = (count: number) => {
    const step = Float64Array.from({ length: count }, (_, i) => rows.length + i);
    step.forEach((row) => rows.push({ env: row === 5 ? 99 : row % 3, done: false, session: 0 }));
    store.appendColumns({ step, a: step, env: step.map((row) => rows[row].env), done: step.map(() => 0) });
    store.flush();
  };
  block(3000);
  store.append(rows.length, { a: rows.length, env: 99 });
  rows.push({ env: 99, done: false, session: 0 });
  check(store, rows);
  block(90_000);
  assert.ok(store.firstRow > 3000);
  store.append(rows.length, { a: rows.length, env: 99 });
  rows.push({ env: 99, done: false, session: 0 });
  check(store, rows);
});

test("context() of environments refuses a last row that has none, and windows of tokens", () => {
  using store = new StreamStore(fields);
  store.append(0, { a: 1, env: 1 });
  store.append(1, { a: 1 });
  assert.throws(
    () => store.context(windows),
    {
      name: "RangeError",
      message: 'Cannot read a context: row 1 must have a value of "env", which says whose it is, got none',
    },
  );
  assert.throws(
    () => store.context({ tokens: 3, episodes }),
    /^RangeError: Cannot make a context: episodes\.environment must be left out where windows are tokens/,
  );
});
