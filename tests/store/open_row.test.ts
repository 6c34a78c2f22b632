/**
 * The last row is open until a later step is appended: it may grow after a commit, and after the store was closed. What
 * is derived from rows and kept must be what it would be if the row had come at once.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { StepValues } from "../../src/append/values.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 0, observation: 1, episode: 2, reward: 3, done: 4 } as const;
type Store = StreamStore<typeof fields>;
type Values = StepValues<typeof fields>;

/** By how the last row is written to: in the open store, or in one that was closed or left in between. */
const ways = {
  "a commit": (store: Store) => {
    store.flush();
    return store;
  },
  "a sync": (store: Store) => {
    store.sync();
    return store;
  },
  "closing and opening": (store: Store, path: string) => {
    store.close();
    return StreamStore.open<typeof fields>(path);
  },
};

/** The parts of a row, each with later fields than the one before. */
function partsOf(step: number, random: Random): Values[] {
  const isEnd = random.below(4) === 0;
  const observation = random.below(5) === 0 ? [] : [step, -step];
  const first: Values = { action: step % 3, observation };
  const parts: Values[] = [first, { episode: Math.floor(step / 5) }, { reward: step / 2, done: isEnd }];
  if (random.below(3) === 0) return [Object.assign({}, ...parts)];
  return parts.filter(() => random.below(6) > 0);
}

const samplers = [
  {
    steps: 3,
    fields: { action: 1, reward: 1 },
    episodes: { end: "done", sessions: "join" },
    boundary: "pad-right",
  },
  { steps: 2, fields: { observation: 2, done: 1 }, episodes: { id: "episode" }, boundary: "pad-left" },
] as const;

/** Everything that is derived from the rows of a store, in a form that can be compared. */
function derivedFrom(store: Store): unknown {
  const windows = samplers.map((options) => {
    const batches = [];
    const sampler = store.sampler({ ...options, order: "sequential", batchSize: 64 });
    for (const { starts, mask, fields } of sampler) {
      const columns = Object.values(fields).map(({ values, mask }) => [[...values], [...mask ?? []]]);
      batches.push([[...starts], [...mask ?? []], columns]);
    }
    return batches;
  });
  const contexts = samplers.map(({ steps, fields, episodes }) => {
    const found = store.context({ steps, fields, episodes } as { steps: 3; fields: { action: 1 } });
    return [[...found.mask], Object.values(found.fields).map(({ values }) => [...values])];
  });
  const stats = Object.entries(store.stats()).map(([name, field]) => {
    const { rowCount, count, missing, min, max, mean } = field;
    return { name, rowCount, count, missing, min, max, mean };
  });
  return { rows: store.rows(), windows, contexts, stats };
}

for (const [name, between] of Object.entries(ways)) {
  test(`a row that grows after ${name} is what it would be at once, for all that is derived from it`, () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      const random = new Random(8);
      let writer: Store = StreamStore.open(path, { fields, commitEvery: false });
      using reader: Store = StreamStore.open(path, { mode: "read" });
      using model = new StreamStore(fields);
      try {
        for (let step = 0; step < 24; step++) {
          for (const part of partsOf(step, random)) {
            writer.append(step, part);
            model.append(step, part);
            writer = between(writer, path);
            reader.refresh();
            using whole = new StreamStore(fields);
            for (const { step, ...values } of model.rows()) whole.append(step, values as Values);
            const expected = derivedFrom(whole);
            assert.deepEqual(derivedFrom(writer), expected, `writer, step ${step}`);
            assert.deepEqual(derivedFrom(reader), expected, `reader, step ${step}`);
          }
        }
      } finally {
        writer.close();
      }
    }));
}

test("the file that keeps episodes says nothing of a last row that was open when it was written", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const count = 2 ** 20 + 10;
    const options = {
      steps: 2,
      fields: { episode: 1 },
      episodes: { end: "done", sessions: "join" },
      order: "sequential",
    } as const;
    {
      using store = StreamStore.open(path, { fields });
      const done = new Uint8Array(count);
      const step = Float64Array.from(done, (_, row) => row);
      store.appendColumns({ step, episode: new Uint8Array(count), done });
      store.append(count, { episode: 1 });
      store.sync();
      store.sampler(options).next();
      assert.ok(readdirSync(path).some((entry) => entry.startsWith("episodes-")));
    }
    using store: Store = StreamStore.open(path);
    store.append(count, { done: true });
    store.append(count + 1, { episode: 2, done: false });
    store.append(count + 2, { episode: 2, done: false });
    const sampler = store.sampler(
      { ...options, order: { kind: "recent", steps: 6 }, batchSize: 4 } as never,
    ) as {
      next(): { starts: ArrayLike<number> } | null;
    };
    // No window goes from the row that has ended its episode to the one after it.
    const starts = new Set<number>();
    for (let i = 0; i < 200; i++) for (const start of Array.from(sampler.next()!.starts)) starts.add(start);
    assert.ok(!starts.has(count), "a window goes beyond its episode");
  }));
