/** `/api/episodes` and `/api/curve`, beside plain loops over the rows. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { CurveAnswer, EpisodeRow, EpisodesAnswer } from "../../src/view/protocol.ts";
import { curveRoute } from "../../src/view/routes/curve.ts";
import { episodesRoute } from "../../src/view/routes/episodes.ts";
import { Random } from "../support/support.ts";
import { ask, refusal } from "../support/view/asked.ts";

type Query = Readonly<Record<string, string | number | readonly string[]>>;
interface ModelRow {
  readonly done: number;
  readonly cut: number;
  readonly id: number;
  readonly env: number;
  readonly reward: number | null;
}

/** An episode of plain loops: its rows. */
interface Expected {
  readonly rows: number[];
  isOver: boolean;
}

const fields = { done: "bool", cut: "uint8", id: "int64", env: "uint8", reward: "float64" } as const;

function randomRow(random: Random, row: number): ModelRow {
  return {
    done: random.below(9) === 0 ? 1 : 0,
    cut: random.below(11) === 0 ? 2 : 0,
    id: Math.floor(row / 7) % 5,
    env: [3, 8, 5][random.below(3)],
    reward: random.below(6) === 0 ? null : random.below(8) === 0 ? NaN : random.below(100) - 50,
  };
}

function appendRow(store: StreamStore, step: number, { reward, ...row }: ModelRow): void {
  store.append(step, reward === null ? row : { ...row, reward });
}

/** Row by row: `streamOf` says whose a row is, `begins` whether it begins an episode, `ends` whether it is the last. */
function episodesBy(
  rows: readonly ModelRow[],
  { streamOf, begins, ends }: {
    readonly streamOf: (row: ModelRow) => number;
    readonly begins: (row: number, before: number) => boolean;
    readonly ends: (row: ModelRow) => boolean;
  },
): Expected[] {
  const all: Expected[] = [];
  const open = new Map<number, Expected>();
  rows.forEach((row, at) => {
    let episode = open.get(streamOf(row));
    if (episode === undefined || episode.isOver || begins(at, episode.rows.at(-1)!)) {
      if (episode !== undefined) episode.isOver = true;
      episode = { rows: [], isOver: false };
      all.push(episode);
      open.set(streamOf(row), episode);
    }
    episode.rows.push(at);
    if (ends(row)) episode.isOver = true;
  });
  return all;
}

/** What the list must say of an episode. */
function expectedRow(
  rows: readonly ModelRow[],
  { rows: own, isOver }: Expected,
  episode: number,
): Partial<EpisodeRow> {
  const rewards = own.map((row) => rows[row].reward ?? 0).filter((reward) => !Number.isNaN(reward));
  return {
    episode,
    firstRow: own[0],
    endRow: own.at(-1)! + 1,
    length: own.length,
    sum: rewards.reduce((sum, reward) => sum + reward, 0),
    open: !isOver,
  };
}

const known = (rows: readonly ModelRow[], sessions: readonly number[]) => {
  const began = (row: number, before: number) =>
    sessions.some((session) => session > before && session <= row);
  const isDone = ({ done, cut }: ModelRow) => done !== 0 || cut !== 0;
  const one = () => 0;
  const never = () => false;
  return [
    [{ end: ["done"] }, { streamOf: one, begins: began, ends: ({ done }: ModelRow) => done !== 0 }],
    [{ end: ["done", "cut"] }, { streamOf: one, begins: began, ends: isDone }],
    [{ end: ["done"], sessions: "join" }, {
      streamOf: one,
      begins: never,
      ends: ({ done }: ModelRow) => done !== 0,
    }],
    [{ end: ["done", "cut"], environment: "env" }, {
      streamOf: ({ env }: ModelRow) => env,
      begins: began,
      ends: isDone,
    }],
    [{ id: "id" }, {
      streamOf: one,
      begins: (row: number, before: number) => rows[row].id !== rows[before].id,
      ends: never,
    }],
    [{ rule: "rows" }, { streamOf: one, begins: never, ends: () => true }],
  ] as const;
};

test("/api/episodes gives what loops find by every rule, further as rows arrive, and over writers that ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "view-episodes-"));
  const random = new Random(7);
  const path = join(folder, "run.stream");
  const rows: ModelRow[] = [];
  const sessions: number[] = [];
  // A store keeps the lists of a few rules: each of these goes on with its own.
  const readers: StreamStore[] = [];
  try {
    for (const count of [1, 1, 60, 0, 140, 5000, 1]) {
      {
        using writer = StreamStore.open(path, { fields });
        if (rows.length > 0 && count > 0) sessions.push(rows.length);
        for (let i = 0; i < count; i++) {
          rows.push(randomRow(random, rows.length));
          appendRow(writer as unknown as StreamStore, rows.length - 1, rows.at(-1)!);
        }
      }
      for (const [at, [rule, loops]] of known(rows, sessions).entries()) {
        const reader = readers[at] ??= StreamStore.open(path, { mode: "read" });
        reader.refresh();
        assert.equal(reader.rowCount, rows.length);
        const expected = episodesBy(rows, loops);
        const from = Math.max(0, expected.length - 900);
        const query: Query = { ...rule, sum: "reward", from, to: from + 1000 };
        const answer: EpisodesAnswer = await ask(episodesRoute, reader, query, { path });
        assert.equal(answer.count, expected.length, JSON.stringify(rule));
        assert.deepEqual(
          answer.episodes.map(({ flag: _, ...row }) => row),
          expected.slice(from).map((episode, i) => ({
            ...expectedRow(rows, episode, from + i),
            environment: "environment" in rule ? rows[episode.rows[0]].env : null,
          })),
          JSON.stringify(rule),
        );
      }
    }
  } finally {
    for (const reader of readers) reader.close();
    rmSync(folder, { recursive: true });
  }
});

test("/api/episodes begins episodes where a sampler does", async () => {
  using store = new StreamStore(fields);
  const any = store as unknown as StreamStore;
  const random = new Random(11);
  for (let row = 0; row < 400; row++) appendRow(any, row, randomRow(random, row));
  const starts = (episodes: unknown) => {
    const options = {
      steps: 1,
      fields: { id: 1 },
      stride: 2 ** 31 - 1,
      boundary: "pad-right",
      order: "sequential",
    };
    const batch = any.sampler({ ...options, episodes, batchSize: 1000 } as never) as unknown as {
      next(): { starts: Float64Array };
    };
    return [...batch.next().starts];
  };
  const rules: [Query, unknown][] = [
    [{ end: "done" }, { end: "done" }],
    [{ id: "id" }, { id: "id" }],
    [{ end: ["done", "cut"] }, { end: ["done", "cut"] }],
  ];
  for (const [query, rule] of rules) {
    const { episodes } = await ask<EpisodesAnswer>(episodesRoute, any, { ...query, to: 1000 });
    assert.deepEqual(episodes.map(({ firstRow }) => firstRow), starts(rule));
  }
});

test("/api/episodes orders by length and sum, both ways, a part at a time", async () => {
  using store = new StreamStore(fields);
  const any = store as unknown as StreamStore;
  const random = new Random(3);
  for (let row = 0; row < 1000; row++) {
    appendRow(any, row, { ...randomRow(random, row), reward: random.below(10) });
  }
  const list = (query: Query) =>
    ask<EpisodesAnswer>(episodesRoute, any, { end: "done", sum: "reward", ...query });
  const { count, episodes: all } = await list({ to: 1000 });
  assert.ok(count > 60);
  for (const order of ["length", "sum"] as const) {
    for (const descending of [0, 1]) {
      const sign = descending ? -1 : 1;
      const sorted = all.toSorted((one, other) =>
        sign * (Number(one[order]) - Number(other[order])) || one.episode - other.episode
      );
      const parts = await Promise.all(
        [0, 25, 50].map((from) => list({ order, descending, from, to: from + 25 })),
      );
      assert.deepEqual(parts.flatMap(({ episodes }) => episodes), sorted.slice(0, 75));
    }
  }
  const { episodes: newest } = await list({ descending: 1, from: 0, to: 3 });
  assert.deepEqual(newest, all.slice(-3).reverse());
});

test("/api/episodes leaves out those whose rows were dropped, and keeps the numbers of the others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "view-episodes-"));
  const path = join(folder, "run.stream");
  try {
    using writer = StreamStore.open(path, {
      fields: { value: "uint8", done: "uint8" },
      retain: { rows: 20_000 },
      capacity: 65_536,
    });
    let step = 0;
    const append = (rows: number) => {
      const steps = Array.from({ length: rows }, (_, i) => step + i);
      const done = steps.map((step) => step % 10 === 9 ? 1 : 0);
      writer.appendColumns({ step: steps, value: steps.map(() => 1), done });
      step += rows;
      writer.flush();
    };
    append(15_000);
    using store = StreamStore.open(path, { mode: "read" });
    const list = () =>
      ask<EpisodesAnswer>(episodesRoute, store, { end: "done", sum: "value", to: 3 }, { path });
    assert.equal((await list()).count, 1500);
    append(200_000);
    append(20_000);
    store.refresh();
    assert.ok(store.firstRow > 100_000);
    const { count, episodes } = await list();
    // The first of which a row is held.
    const first = Math.floor(store.firstRow / 10) * 10;
    assert.ok(episodes[0].firstRow === first || episodes[0].firstRow === store.firstRow);
    assert.equal(episodes[1].firstRow, first + 10);
    assert.equal(count, (store.rowCount - first) / 10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("/api/curve gives least and greatest number of each column of an episode's own rows", async () => {
  using store = new StreamStore({ env: 0, value: 1, done: 2 });
  const any = store as unknown as StreamStore;
  const values = Array.from({ length: 3000 }, (_, row) => row % 50 === 7 ? NaN : Math.sin(row / 30) * row);
  values.forEach((value, row) =>
    store.append(row, { env: row % 3 === 0 ? 1 : 2, value: [0, value], done: 0 })
  );
  const own = values.filter((_, row) => row % 3 !== 0);
  const query = { end: "done", environment: "env", episode: 1, series: "value[1]", columns: 100 };
  const { length, firstRow, columns } = await ask<CurveAnswer>(curveRoute, any, query);
  assert.deepEqual([length, firstRow], [own.length, 1]);
  assert.deepEqual(
    columns,
    Array.from({ length: 100 }, (_, column) => {
      const part = own.slice(column * 20, column * 20 + 20).filter((value) => !Number.isNaN(value));
      return [column * 20, Math.min(...part), Math.max(...part)];
    }),
  );
  const short = await ask<CurveAnswer>(curveRoute, any, {
    rule: "rows",
    episode: 7,
    series: "value[1]",
    columns: 9,
  });
  assert.deepEqual(short.columns, [[0, null, null]]);
});

test("/api/episodes and /api/curve refuse what cannot be", async () => {
  using store = new StreamStore({ done: 0, value: 1 });
  const any = store as unknown as StreamStore;
  store.append(0, { done: 1 });
  const known: [Query, RegExp][] = [
    [{}, /^400 Cannot list episodes: end, id or the rule "rows" must say where episodes are, got nothing$/],
    [{ rule: "row" }, /^400 .*rule must be one of rows, got "row"$/],
    [{ rule: "rows", end: "done" }, /^400 .* got both$/],
    [
      { end: "value2" },
      /^400 Cannot list episodes: episodes.end must be among the fields done, value, got "value2"$/,
    ],
    [{ id: "done", sessions: "join" }, /^400 Cannot list episodes: episodes must be "rows" or one of /],
    [{ end: "done", sessions: "maybe" }, /^400 .*episodes.sessions must be split or join, got "maybe"$/],
    [{ end: "done", environment: "value" }, /^400 .*row 0 must say of which environment it is, got none$/],
    [
      { end: "done", sum: "value[x]" },
      /^400 Cannot list episodes: sum must be one of the fields done, value/,
    ],
    [{ end: "done", order: "sum" }, /^400 .*sum must name a field where it is the order, got none$/],
    [{ end: "done", order: "name" }, /^400 .*order must be one of row, length, sum, got "name"$/],
    [{ end: "done", from: 0, to: 1001 }, /^400 .*to must be a whole number from 0 to 1000, got "1001"$/],
    [{ end: "done", path: "/etc/passwd" }, /^400 .*"path"/],
  ];
  for (const [query, expected] of known) assert.match(await refusal(episodesRoute, any, query), expected);
  const curve = { end: "done", series: "value", columns: 10, episode: 0 };
  assert.match(
    await refusal(curveRoute, any, { ...curve, episode: 1 }),
    /^404 .*episode must be from 0 to 0, got 1$/,
  );
  assert.match(
    await refusal(curveRoute, any, { ...curve, columns: 0 }),
    /^400 .*columns must be a whole number from 1 to 4096/,
  );
});
