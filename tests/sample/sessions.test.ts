/** An episode that had no end when its writer died ends where the next writer begins, whoever looks. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { fields, rowsPerEpisode } from "../support/children/episode_writer.ts";
import { boundaries } from "../support/sampler/cases.ts";
import { compareWindow, type TokenBatch, withSeed } from "../support/sampler/compare.ts";
import { drawStarts } from "../support/sampler/drawing.ts";
import { fields as modelFields, grow, Model, type Store } from "../support/sampler/model.ts";
import { type EpisodeRule, type Rule, windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";
import { Child } from "../torture/child.ts";
import { withDirectory } from "../torture/scratch.ts";

const rules: readonly EpisodeRule[] = [
  { end: "terminated" },
  { end: ["truncated", "terminated"], sessions: "split" },
  { end: ["truncated", "terminated"], sessions: "join" },
];

/** Samplers of every rule, boundary and unit, which go on while the store grows. */
function samplersOf(store: Store) {
  return rules.flatMap((episodes, r) =>
    boundaries.map((boundary, b) => {
      const rule: Rule = {
        unit: (r + b) % 2 === 0 ? "steps" : "tokens",
        length: 3 + b,
        stride: 1 + r,
        boundary,
        episodes,
      };
      const length = rule.unit === "steps" ? { steps: rule.length, tokens: 40 } : { tokens: rule.length };
      const options = {
        ...length,
        boundary,
        episodes,
        stride: rule.stride,
        truncate: true,
        output: { values: "float64" },
      } as const;
      const form = {
        width: length.tokens,
        truncate: true,
        dtype: "float64",
        moments: {},
      } as const;
      const sampler = store.sampler({
        ...options,
        order: "sequential",
        epochs: Infinity,
        batchSize: 1,
      });
      return { rule, form, options, sampler };
    })
  );
}

/** Each goes through all windows once, and the newest window is the last of those that end with a row. */
function compareAll(store: Store, model: Model, samplers: ReturnType<typeof samplersOf>): void {
  for (const { rule, form, options, sampler } of samplers) {
    for (const window of windowsOf(model, rule)) {
      compareWindow(sampler.next() as unknown as TokenBatch, 0, model, rule, window, form);
    }
    if (rule.boundary !== "pad-left" || rule.unit !== "steps") continue;
    const { steps, episodes, truncate, output } = options as typeof options & { readonly steps: number };
    const context = store.context({ steps, episodes, truncate, output, padTo: form.width });
    const last = windowsOf(model, { ...rule, stride: 1 }).at(-1)!;
    compareWindow(context as unknown as TokenBatch, 0, model, rule, last, form);
  }
}

test("sampler() of episodes with an end draws none across the row at which a writer began, unless told to", () =>
  withDirectory((directory) => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = new Random(seed);
      const path = `${directory}/${seed}.stream`;
      const model = new Model();
      StreamStore.open(path, { fields: modelFields }).close();
      const reader: Store = StreamStore.open<typeof modelFields>(path, { mode: "read" });
      let live: ReturnType<typeof samplersOf> | null = null;
      for (let round = 0; round < 5; round++) {
        const store = StreamStore.open(path, { fields: modelFields, commitEvery: false });
        const last = model.rows.at(-1);
        // A row that goes on belongs to the writer that began it.
        if (last !== undefined && !("truncated" in last.cells)) {
          model.append(store, last.step, { truncated: [0n] });
        }
        if (round > 0) model.sessions.push(model.rows.length);
        grow(store, model, random, 1 + random.below(12));
        withSeed(seed, `round ${round}`, () => {
          compareAll(store, model, samplersOf(store));
          store.flush();
          live ??= samplersOf(reader);
          compareAll(reader, model, live);
        });
        store.close();
      }
      reader.close();
    }
  }));

/** The first rows of windows that begin with an episode: one for each of them. */
function expectedStarts(begun: readonly number[], rowCount: number): number[] {
  const starts: number[] = [];
  for (const [i, first] of begun.entries()) {
    for (let row = first; row < (begun[i + 1] ?? rowCount); row += rowsPerEpisode) starts.push(row);
  }
  return starts;
}

test("sampler() ends the episode of a writer that was killed, in a sampler that was there before as in new ones", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    using reader = StreamStore.open<typeof fields>(path, { mode: "read" });
    // As long a stride as an episode can be: an anchor each.
    const options = {
      steps: 1,
      fields: { a: 1 },
      stride: rowsPerEpisode,
      episodes: { end: "done" },
      batchSize: 1000,
      seed: 1,
    } as const;
    const sequential = { ...options, order: "sequential", epochs: Infinity, batchSize: 1 } as const;
    const live = reader.sampler(sequential);
    using ahead = reader.sampler({ ...sequential, prefetch: 1 });
    const begun: number[] = [];
    for (const rows of [10, 17, 3]) {
      const child = new Child("../support/children/episode_writer.ts", { path });
      await child.waitForLines(rows);
      assert.equal(await child.kill(), "SIGKILL", child.errors);
      begun.push(Number(child.firstLine));
    }
    using store = StreamStore.open(path, { fields });
    begun.push(store.rowCount);
    for (let i = 0; i < 5; i++) store.append(store.rowCount, { a: store.rowCount, done: false });
    store.flush();
    assert.deepEqual(store.sessions, begun);
    const expected = expectedStarts(begun, store.rowCount);
    const count = expected.length;
    assert.deepEqual(drawStarts(live, count), expected);
    const taken: number[] = [];
    for (let i = 0; i < count; i++) taken.push((await ahead.next())!.starts[0]);
    assert.deepEqual(taken, expected);
    for (const one of [store, reader]) {
      assert.deepEqual(drawStarts(one.sampler({ ...options, order: "sequential" }), 1000), expected);
      const drawn = new Set([
        ...drawStarts(one.sampler({ ...options, order: "shuffle", epochs: 1 }), 1000),
        ...drawStarts(one.sampler({ ...options, order: { kind: "prioritized" } }), 1000),
        ...drawStarts(StreamStore.mixture([{ store: one, weight: 1 }], options), 1000),
      ]);
      assert.deepEqual([...drawn].sort((a, b) => a - b), expected);
      const { steps, fields, episodes } = options;
      assert.equal(one.context({ steps, fields, episodes, padTo: 20 }).starts[0], store.rowCount - 1);
      const context = { steps: 20, fields, episodes } as const;
      assert.equal(one.context(context).lengths[0], 5);
      const joined = { ...context, episodes: { ...episodes, sessions: "join" } } as const;
      const open = (begun[3] - begun[2]) % rowsPerEpisode;
      assert.ok(open > 0 ? one.context(joined).lengths[0] >= 5 + open : true);
    }
  }));

test("sampler() of split and of joined sessions keeps two indexes, and two states", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    // So many that what is found is kept in files.
    const rows = 2 ** 20 + 10;
    const begun = [0, rows, 2 * rows];
    for (const first of begun) {
      using store = StreamStore.open(path, { fields: { done: "bool" } });
      const step = Float64Array.from({ length: rows }, (_, i) => first + i);
      store.appendColumns({ step, done: new Uint8Array(rows) });
    }
    const options = { steps: 1, tokens: 1, stride: rows + 1, order: "sequential" } as const;
    const end = { end: "done" } as const;
    const joined = { end: "done", sessions: "join" } as const;
    const all = [0, rows + 1, 2 * (rows + 1)];
    // The second time from what the first has kept.
    for (let round = 0; round < 2; round++) {
      using store = StreamStore.open<{ done: "bool" }>(path, { mode: "read" });
      const split = store.sampler({ ...options, episodes: end });
      const one = store.sampler({ ...options, episodes: joined });
      assert.deepEqual(drawStarts(split, 10), begun);
      assert.deepEqual(drawStarts(one, 10), all);
      assert.throws(
        () => split.restore(one.state()),
        /state\.episodes must be that of the same episodes option/,
      );
    }
  }));

test("sampler() of split sessions throws as often as it is asked where marks are damaged", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    for (let round = 0; round < 3; round++) {
      using store = StreamStore.open(path, { fields });
      for (let row = 0; row < 10; row++) store.append(store.rowCount, { a: row, done: false });
    }
    const marks = readFileSync(`${path}/marks`);
    new DataView(marks.buffer, marks.byteOffset).setBigUint64(2 * 16, 5n, true);
    writeFileSync(`${path}/marks`, marks);
    using store = StreamStore.open<typeof fields>(path, { mode: "read" });
    const options = { steps: 2, fields: { a: 1 } } as const;
    const sampler = store.sampler({ ...options, episodes: { end: "done" } });
    for (let i = 0; i < 3; i++) assert.throws(() => sampler.next(), { code: "damaged" });
    const joined = store.sampler({ ...options, episodes: { end: "done", sessions: "join" } });
    assert.ok(joined.next()!.size > 0);
  }));
