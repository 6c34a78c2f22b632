/** A mixture looks at its stores only where one has changed: so it must see every change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { until } from "../support/replicate/until.ts";
import { Child } from "../torture/child.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { a: 0, done: 1 } as const;

/** A store of one row. */
function makeStore(value: number): StreamStore<typeof fields> {
  const store = new StreamStore(fields);
  store.append(0, { a: value });
  return store;
}

test("mixture() has each step of each store in its next batch, of one that is only read once it is committed", () =>
  withDirectory((directory) => {
    using writer = StreamStore.open(`${directory}/run.stream`, { fields, commitEvery: false });
    const written = [makeStore(0), makeStore(1000), writer];
    writer.append(0, { a: 2000 });
    writer.flush();
    using reader = StreamStore.open<typeof fields>(`${directory}/run.stream`, { mode: "read" });
    const newest = [0, 1000, 2000];
    const mixture = StreamStore.mixture([written[0], written[1], reader], {
      steps: 1,
      fields: { a: 1 },
      order: { kind: "recent", steps: 1 },
      batchSize: 60,
      seed: 1,
    });
    const check = () => {
      const { sources, fields: { a } } = mixture.next()!;
      assert.deepEqual(new Set(sources), new Set([0, 1, 2]));
      assert.deepEqual([...a.values], Array.from(sources!, (source) => newest[source]));
    };
    for (const source of [0, 2, 1, 1, 2, 0, 2]) {
      check();
      check();
      const { rowCount } = written[source];
      written[source].append(rowCount, { a: 1000 * source + rowCount });
      if (source === 2) {
        check();
        writer.flush();
      }
      newest[source] = 1000 * source + rowCount;
    }
    check();
    written[0].append(written[0].rowCount, { a: 77 });
    written[1].close();
    assert.throws(() => mixture.next(), { code: "closed", message: /sources\[1\]/ });
    written[0].close();
  }));

test("mixture() of stores that are only read has what another process has committed to one of them", () =>
  withDirectory(async (directory) => {
    const paths = ["one", "other", "third"].map((name) => `${directory}/${name}.stream`);
    for (const path of paths) {
      using store = StreamStore.open(path, { fields });
      store.append(0, { a: 0 });
    }
    const readers = paths.map((path) => StreamStore.open<typeof fields>(path, { mode: "read" }));
    const order = { kind: "recent", steps: 1 } as const;
    const mixture = StreamStore.mixture(readers, {
      steps: 1,
      fields: { a: 1 },
      order,
      batchSize: 60,
      seed: 1,
    });
    const newest = () => {
      const { sources, fields: { a } } = mixture.next()!;
      return readers.map((_, source) => a.values[sources!.indexOf(source)]);
    };
    assert.deepEqual(newest(), [0, 0, 0]);
    assert.deepEqual(newest(), [0, 0, 0]);
    const child = new Child("../support/children/episode_writer.ts", { path: paths[1] });
    await until(() => newest()[1] > 0);
    const [first, seen, last] = newest();
    assert.deepEqual([first, last], [0, 0]);
    await until(() => newest()[1] > seen);
    assert.equal(await child.kill(), "SIGKILL", child.errors);
    readers[2].close();
    assert.throws(() => mixture.next(), { code: "closed", message: /sources\[2\]/ });
    for (const reader of readers) reader.close();
  }));
