/** Priorities in mixtures of environments: IDs are a store and the row of an anchor, whatever environments come. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { chiSquare, chiSquareLimit } from "../support/sampler/drawing.ts";
import {
  asked,
  type Batch,
  drawn,
  episodesOf,
  fields,
  grow,
  type Row,
  type Store,
  windowsOf,
} from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";

type Boundary = "within" | "pad-left";

interface Pair {
  readonly store: Store;
  readonly rows: Row[];
}

interface MixedBatch extends Batch {
  readonly sources: ArrayLike<number>;
  readonly ids: Float64Array;
  readonly probabilities: Float64Array;
  readonly weights: Float64Array;
}

interface Mixture {
  next(): MixedBatch;
  state(): unknown;
  restore(state: unknown): void;
  add(store: Store): void;
  updatePriorities(ids: ArrayLike<number>, priorities: ArrayLike<number>): void;
  savePriorities(path: string): void;
  loadPriorities(path: string): void;
}

const order = { kind: "prioritized", alpha: 1, beta: 0.5 } as const;

function mix(pairs: readonly Pair[], options: Record<string, unknown> = {}): Mixture {
  const all = { ...asked, order, batchSize: 250, seed: 5, ...options };
  return StreamStore.mixture(pairs.map(({ store }) => store), all as never) as never;
}

function makePairs(random: Random, sizes: readonly number[]): Pair[] {
  return sizes.map((count, i) => {
    const pair = { store: new StreamStore(fields), rows: [] };
    grow(pair.store, pair.rows, random, count, 2 + i);
    return pair;
  });
}

/** All windows by their IDs: the store, and the row of the anchor. */
function enumerate(pairs: readonly Pair[], boundary: Boundary): Map<number, string> {
  return new Map(
    pairs.flatMap(({ rows }, source) =>
      windowsOf(rows, { boundary }).map((window): [number, string] => {
        const anchor = boundary === "pad-left" ? window.at(-1)! : window[0]!;
        return [source * 2 ** 40 + anchor, JSON.stringify(window)];
      })
    ),
  );
}

/** Checks each window of a batch against the one that its ID names. */
function checkBatch(batch: MixedBatch, pairs: readonly Pair[], known: ReadonlyMap<number, string>): void {
  for (let slot = 0; slot < batch.size; slot++) {
    const cut = (array: ArrayLike<unknown>, each = 3) =>
      Array.prototype.slice.call(array, slot * each, (slot + 1) * each);
    const one = {
      size: 1,
      starts: cut(batch.starts, 1),
      lengths: cut(batch.lengths, 1),
      mask: cut(batch.mask),
      steps: cut(batch.steps),
      fields: Object.fromEntries(
        Object.entries(batch.fields).map(([name, { values, mask }]) => [name, {
          values: cut(values),
          mask: cut(mask),
        }]),
      ),
    };
    const source = batch.sources[slot];
    assert.equal(Math.floor(batch.ids[slot] / 2 ** 40), source);
    assert.equal(drawn(one as never, pairs[source].rows)[0], known.get(batch.ids[slot]));
  }
}

/** Draws so often that every window shows how likely it is. */
function checkDraws(
  mixture: Mixture,
  pairs: readonly Pair[],
  known: ReadonlyMap<number, string>,
  priorities: ReadonlyMap<number, number>,
): void {
  assert.deepEqual([...priorities.keys()].sort(), [...known.keys()].sort());
  const total = [...priorities.values()].reduce((a, b) => a + b);
  const counts = new Map([...known.keys()].map((id) => [id, 0]));
  const rounds = 60;
  for (let round = 0; round < rounds; round++) {
    const batch = mixture.next();
    if (round % 20 === 0) checkBatch(batch, pairs, known);
    batch.ids.forEach((id, i) => {
      counts.set(id, counts.get(id)! + 1);
      assert.ok(Math.abs(batch.probabilities[i] - priorities.get(id)! / total) < 1e-12);
    });
  }
  const drawable = [...priorities].filter(([, priority]) => priority > 0);
  const of = (list: readonly (readonly [number, number])[]) => list.map(([id]) => counts.get(id)!);
  assert.equal(of(drawable).reduce((a, b) => a + b), rounds * 250);
  const statistic = chiSquare(of(drawable), drawable.map(([, each]) => each / total * rounds * 250));
  assert.ok(statistic < chiSquareLimit(drawable.length - 1), `chi-square ${statistic}`);
}

test("priorities of a mixture of environments are those of each window, while environments come in the middle", () => {
  const folder = mkdtempSync(join(tmpdir(), "mixture-"));
  try {
    for (const boundary of ["within", "pad-left"] as const) {
      const random = new Random(17);
      const pairs = makePairs(random, [25, 1, 20]);
      const mixture = mix(pairs, { boundary });
      let known = enumerate(pairs, boundary);
      const priorities = new Map([...known.keys()].map((id) => [id, 1]));
      checkDraws(mixture, pairs, known, priorities);
      [...known.keys()].forEach((id, i) => priorities.set(id, i % 4 === 0 ? 0 : 1 + i % 7));
      mixture.updatePriorities([...priorities.keys()], [...priorities.values()]);
      checkDraws(mixture, pairs, known, priorities);
      const path = join(folder, boundary);
      for (let round = 0; round < 2; round++) {
        mixture.savePriorities(path);
        // Of the first stores more environments come, and what was given to windows of the others stays theirs.
        const before = pairs.map(({ rows }) => episodesOf(rows).length);
        pairs.forEach(({ store, rows }, i) => grow(store, rows, random, 12, 5 + 3 * round + i));
        assert.ok(pairs.every(({ rows }, i) => episodesOf(rows).length > before[i]));
        if (round === 1) {
          pairs.push(...makePairs(random, [15]));
          mixture.add(pairs[3].store);
        }
        known = enumerate(pairs, boundary);
        for (const id of known.keys()) if (!priorities.has(id)) priorities.set(id, 7);
        checkDraws(mixture, pairs, known, priorities);
        // A mixture that loads them later, and another that went the same way, draw the very same.
        const loaded = mix(pairs, { boundary, seed: 1 });
        loaded.loadPriorities(path);
        loaded.restore(mixture.state());
        const [one, other] = [mixture.next(), loaded.next()];
        for (const name of ["ids", "probabilities", "weights"] as const) {
          assert.deepEqual(other[name], one[name], name);
        }
        loaded.updatePriorities([2 ** 41 + 3], [0]);
        if (!known.has(2 ** 41 + 3)) assert.fail("the third store has no such window");
        checkDraws(loaded, pairs, known, new Map(priorities).set(2 ** 41 + 3, 0));
      }
      for (const { store } of pairs) store.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("updatePriorities() of a mixture of environments names what is no window, and passes over what was dropped", () => {
  const pairs = makePairs(new Random(3), [20, 15]);
  const known = enumerate(pairs, "within");
  const mixture = mix(pairs);
  const good = [...known.keys()].slice(0, 3);
  const noAnchor = Array.from({ length: 20 }, (_, row) => row).find((row) => !known.has(row))!;
  for (
    const bad of [noAnchor, 20, 2 ** 40 + 15, 2 * 2 ** 40, -1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 40 - 1]
  ) {
    assert.throws(() => mixture.updatePriorities([...good, bad], [9, 9, 9, 9]), {
      name: "RangeError",
      message: `Cannot update priorities: ids[3] must be that of a window that was drawn, got ${bad}`,
    });
  }
  assert.throws(
    () => mixture.updatePriorities(good, [1, -1, 1]),
    /priorities\[1\] must be a finite number >= 0, got -1/,
  );
  // Nothing of all that was set.
  checkDraws(mixture, pairs, known, new Map([...known.keys()].map((id) => [id, 1])));
  for (const { store } of pairs) store.close();

  using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 20_000 } });
  const append = (count: number) => {
    const step = Float64Array.from({ length: count }, (_, i) => store.rowCount + i);
    store.appendColumns({ step, a: step, env: step.map((row) => row % 7), done: step.map(() => 0) });
    store.flush();
  };
  append(40_000);
  const dropping = mix([{ store, rows: [] }]);
  const ids = dropping.next().ids.slice();
  append(60_000);
  assert.ok(Math.max(...ids) < store.firstRow);
  dropping.updatePriorities(ids, ids.map(() => 1e9));
  const after = dropping.next();
  assert.ok(Math.min(...after.ids) >= store.firstRow);
  assert.ok(Math.max(...after.probabilities) < 1e-4, "no window has got what dropped ones were given");
  dropping.updatePriorities([after.ids[0], after.ids[1]], [1e9, 1e9]);
  assert.deepEqual(new Set(dropping.next().ids), new Set([after.ids[0], after.ids[1]]));
});

test("loadPriorities() takes a mixture of environments for what it is, and refuses those of others", () => {
  const folder = mkdtempSync(join(tmpdir(), "mixture-"));
  const path = join(folder, "priorities");
  const pairs = makePairs(new Random(5), [20, 15]);
  const stores = pairs.map(({ store }) => store);
  const refused = (load: () => void, message: string) =>
    assert.throws(load, {
      name: "RangeError",
      message: `Cannot load priorities: ${path} must be of ${message}`,
    });
  try {
    const mixture = mix(pairs);
    mixture.savePriorities(path);
    refused(() => mix(pairs.slice(0, 1)).loadPriorities(path), "1 stores or fewer, got 2");
    const [small] = makePairs(new Random(5), [1]);
    refused(
      () => mix([pairs[0], small]).loadPriorities(path),
      "1 environments of sources[1] or fewer, got 3",
    );
    const others = [
      stores[0].sampler({ steps: 3, fields: { a: 1 }, order }),
      StreamStore.mixture(stores, { steps: 3, fields: { a: 1 }, order }),
      stores[0].sampler({ ...asked, order }),
    ];
    for (const other of others) {
      refused(() => other.loadPriorities(path), "no mixture of environments, got one");
      other.savePriorities(join(folder, "other"));
      writeFileSync(join(folder, "environments"), readFileSync(path));
      writeFileSync(path, readFileSync(join(folder, "other")));
      refused(() => mixture.loadPriorities(path), "a mixture of environments, got another");
      writeFileSync(path, readFileSync(join(folder, "environments")));
    }
    // Counts that do not fit the sources, with a checksum that does.
    const bytes = readFileSync(path);
    for (const [at, value] of [[16, 3], [16, 1], [16, NaN], [16, 2.5], [24, 9], [24, -1], [24, 0.5]]) {
      const wrong = Uint8Array.from(bytes);
      new DataView(wrong.buffer).setFloat64(at, value, true);
      const content = wrong.subarray(0, wrong.length - 32);
      wrong.set(createHash("sha256").update(content).digest(), content.length);
      writeFileSync(path, wrong);
      assert.throws(() => mixture.loadPriorities(path), { code: "damaged" }, `${value} at ${at}`);
    }
    const known = enumerate(pairs, "within");
    checkDraws(mixture, pairs, known, new Map([...known.keys()].map((id) => [id, 1])));
    small.store.close();
  } finally {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true });
  }
});
