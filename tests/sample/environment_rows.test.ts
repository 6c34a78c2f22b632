/** Rows of environments at offsets, chosen ones, text beside them, and draws that follow priorities ahead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PrefetchingSampler, StreamStore } from "../../mod.ts";
import {
  asked,
  type Batch,
  drawn,
  episodesOf,
  fields,
  grow,
  type Row,
} from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

const { episodes } = asked;

interface AroundBatch {
  readonly size: number;
  readonly starts: ArrayLike<number>;
  readonly steps: ArrayLike<bigint>;
  readonly mask: ArrayLike<number>;
  readonly fields: Record<
    string,
    {
      readonly values: ArrayLike<number>;
      readonly mask: ArrayLike<number>;
      readonly offsetMask: ArrayLike<number>;
      readonly offsets: ArrayLike<number>;
    }
  >;
}

/** Every number of a slot, whose anchor is the row that it starts with. */
function checkAround(
  batch: AroundBatch,
  slot: number,
  rows: readonly Row[],
  repeats: boolean,
  firstRow = 0,
): void {
  const anchor = batch.starts[slot];
  const episode = episodesOf(rows).find((known) => known.rows.includes(anchor))!.rows
    .filter((row) => row >= firstRow);
  const at = episode.indexOf(anchor);
  assert.deepEqual([batch.steps[slot], batch.mask[slot]], [BigInt(anchor), 1]);
  for (const [name, { values, mask, offsetMask, offsets }] of Object.entries(batch.fields)) {
    for (let i = 0; i < offsets.length; i++) {
      const place = slot * offsets.length + i;
      const inside = episode[at + offsets[i]];
      const near = inside ?? (offsets[i] < 0 ? episode[0] : episode.at(-1)!);
      const number = name === "a" ? near : rows[near].env;
      const wanted = inside === undefined ? [repeats ? number : 0, 0, 0] : [number, 1, 1];
      const what = `${name} at ${offsets[i]} of ${anchor} in ${episode}`;
      assert.deepEqual([values[place], mask[place], offsetMask[place]], wanted, what);
    }
  }
}

const around = {
  a: { width: 1, offsets: [-2, -1, 0, 1, 2, 3] },
  env: { width: 1, offsets: [1, -40, 7] },
} as const;

test("fields at offsets follow the environment of their anchor, to the edges of its episode", () => {
  for (const [seed, environments] of [[1, 1], [2, 3], [3, 12]]) {
    const random = new Random(seed);
    for (const boundary of ["edge", "zero"] as const) {
      using store = new StreamStore(fields);
      const rows: Row[] = [];
      const stride = 1 + random.below(2);
      const options = { fields: around, episodes, boundary, stride, batchSize: 9, seed: 4 } as const;
      const uniform = store.sampler(options);
      for (const count of [1, 24, 35]) {
        grow(store, rows, random, count, environments);
        const anchors = episodesOf(rows).flatMap((known) => known.rows.filter((_, at) => at % stride === 0));
        const found: number[] = [];
        for (const batch of store.sampler({ ...options, order: "sequential" })) {
          for (let slot = 0; slot < batch.size; slot++) {
            checkAround(batch as never, slot, rows, boundary === "edge");
            found.push(batch.starts[slot]);
          }
        }
        assert.deepEqual(found, anchors);
        const batch = uniform.next()!;
        for (let slot = 0; slot < 9; slot++) checkAround(batch as never, slot, rows, boundary === "edge");
      }
    }
  }
});

test("gatherRows() gives the windows of environments at rows, and refuses a row that is no anchor", () => {
  const random = new Random(8);
  for (const boundary of ["within", "pad-left", "pad-right", "cross"] as const) {
    using store = new StreamStore(fields);
    const rows: Row[] = [];
    const options = { ...asked, boundary } as const;
    for (const count of [1, 70, 90]) {
      grow(store, rows, random, count, 4);
      const anchors: number[] = [];
      const wanted: string[] = [];
      for (const { rows: episode } of episodesOf(rows, { isWhole: boundary === "cross" })) {
        episode.forEach((anchor, at) => {
          const start = boundary === "pad-left" ? at - 2 : at;
          const window: (number | null)[] = [0, 1, 2].map((i) => episode[start + i] ?? null);
          if (window.includes(null) && !boundary.startsWith("pad")) {
            const more = boundary === "cross" ? "environment" : "episode";
            assert.throws(
              () => store.gatherRows([anchor], options),
              (error: Error) =>
                error.message ===
                  `Cannot gather rows: rows[0] must be a row with 2 more of its ${more} after it, got ${anchor}`,
            );
          } else {
            anchors.push(anchor);
            wanted.push(JSON.stringify(window));
          }
        });
      }
      const order = anchors.map((_, i) => i).sort(() => random.float() - 0.5);
      const chosen = order.map((i) => anchors[i]);
      const batch = store.gatherRows(chosen, options);
      assert.deepEqual(drawn(batch as unknown as Batch, rows), order.map((i) => wanted[i]));
      if (chosen.length > 1) store.gatherRows(chosen, options, batch);
      for (const [bad, text] of [[rows.length, rows.length], [-1, -1], [0.5, 0.5]]) {
        assert.throws(
          () => store.gatherRows([...chosen.slice(0, 1), bad], options),
          new RegExp(
            `^RangeError: Cannot gather rows: rows\\[${
              Math.min(1, chosen.length)
            }\\] must be a whole number from 0 to ${rows.length - 1}, got ${text}$`,
          ),
        );
      }
    }
    assert.equal(store.gatherRows([], options).size, 0);
  }
});

test("gatherRows() gives rows at offsets of their own environments", () => {
  const random = new Random(9);
  using store = new StreamStore(fields);
  const rows: Row[] = [];
  const options = { fields: around, episodes, boundary: "edge" } as const;
  for (const count of [1, 60, 40]) {
    grow(store, rows, random, count, 5);
    const chosen = Array.from({ length: 30 }, () => random.below(rows.length));
    const batch = store.gatherRows(chosen, options);
    assert.deepEqual([...batch.starts], chosen);
    chosen.forEach((_, slot) => checkAround(batch as never, slot, rows, true));
  }
});

test("rows of environments that were dropped are in no window, at no offset, and cannot be gathered", () => {
  using store = new StreamStore(fields, { capacity: 65_536, retain: { rows: 20_000 } });
  const rows: Row[] = [];
  const append = (count: number, spread: number) => {
    const step = Float64Array.from({ length: count }, (_, i) => rows.length + i);
    const env = step.map((row) => (row * row) % spread);
    const done = step.map((row) => row % 500 === 499 ? 1 : 0);
    step.forEach((_, i) => rows.push({ env: env[i], done: done[i] === 1, session: 0 }));
    store.appendColumns({ step, a: step, env, done });
    store.flush();
  };
  const options = { fields: around, episodes, boundary: "edge" } as const;
  const sampler = store.sampler({ ...options, seed: 2, batchSize: 40 });
  append(30_000, 7);
  sampler.next();
  append(90_000, 5);
  const { firstRow } = store;
  assert.ok(firstRow > 60_000);
  const owners = new Map<number, readonly number[]>();
  for (const episode of episodesOf(rows)) episode.rows.forEach((row) => owners.set(row, episode.rows));
  const check = (batch: AroundBatch, slot: number) => {
    const anchor = batch.starts[slot];
    const held = owners.get(anchor)!.filter((row) => row >= firstRow);
    const { values, offsets, offsetMask } = batch.fields.a;
    for (let i = 0; i < offsets.length; i++) {
      const inside = held[held.indexOf(anchor) + offsets[i]];
      const near = inside ?? (offsets[i] < 0 ? held[0] : held.at(-1)!);
      const place = slot * offsets.length + i;
      assert.deepEqual([values[place], offsetMask[place]], [near, inside === undefined ? 0 : 1]);
    }
  };
  for (let round = 0; round < 5; round++) {
    const batch = sampler.next()!;
    for (let slot = 0; slot < 40; slot++) check(batch as never, slot);
  }
  const gathered = store.gatherRows([firstRow, firstRow + 1, rows.length - 1], options);
  for (let slot = 0; slot < 3; slot++) check(gathered as never, slot);
  assert.throws(() => store.gatherRows([firstRow - 1], asked), /rows\[0\] must be a whole number from/);
});

test("text beside the rows of environments is that of each row, in windows and at anchors", async () => {
  const random = new Random(3);
  await withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, { fields, extra: { note: "string" } });
    for (let row = 0; row < 80; row++) {
      store.append(row, { a: row, env: random.below(4), done: random.below(6) === 0 }, {
        note: `row ${row}`,
      });
    }
    const check = (
      batch: { size: number; mask: Uint8Array; fields: unknown; extra: unknown },
      length: number,
    ) => {
      const { a } = batch.fields as { a: { values: ArrayLike<number> } };
      const { note } = batch.extra as { note: (string | null)[][] };
      for (let i = 0; i < batch.size * length; i++) {
        const wanted = batch.mask[i] === 0 ? null : `row ${a.values[i]}`;
        assert.equal(note[Math.floor(i / length)][i % length], wanted);
      }
    };
    const windows = { ...asked, boundary: "pad-left", extra: ["note"], batchSize: 7, seed: 1 } as const;
    const anchors = {
      fields: { a: 1, env: { width: 1, offsets: [0, 1] } },
      episodes,
      extra: ["note"],
    } as const;
    for (let round = 0; round < 9; round++) check(store.sampler(windows).next() as never, 3);
    check(store.sampler({ ...anchors, batchSize: 50, seed: 1 }).next() as never, 1);
    const { batchSize: _, seed: __, ...chosen } = windows;
    check(store.gatherRows([7, 3, 79, 3], chosen) as never, 3);
    check(store.gatherRows([7, 3, 79, 3], anchors) as never, 1);
    for (const order of ["shuffle", { kind: "prioritized" }] as const) {
      using ahead = store.sampler({ ...windows, order, prefetch: 2 });
      for (let round = 0; round < 9; round++) check((await ahead.next()) as never, 3);
    }
  });
});

test("draws of environments that follow priorities are filled ahead as they are without a Worker", () =>
  withDirectory(async (directory) => {
    using store = StreamStore.open(`${directory}/run.stream`, { fields });
    const rows: Row[] = [];
    const random = new Random(5);
    grow(store, rows, random, 60, 4);
    const copyOf = (batch: unknown) =>
      JSON.stringify(batch, (_, value) => {
        if (typeof value === "bigint") return `${value}`;
        return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
      });
    const order = { kind: "prioritized", alpha: 0.7, beta: 0.5 } as const;
    for (
      const options of [{ ...asked, boundary: "pad-right" }, {
        fields: around,
        episodes,
        boundary: "edge",
      }] as const
    ) {
      const plain = store.sampler({ ...options, order, batchSize: 8, seed: 5 } as never);
      using ahead = store.sampler(
        { ...options, order, batchSize: 8, seed: 5, prefetch: 1 } as never,
      ) as unknown as PrefetchingSampler;
      const waiting = [copyOf(plain.next()), copyOf(plain.next())];
      for (let call = 0; call < 25; call++) {
        const batch = (await ahead.next()) as unknown as { ids: Float64Array };
        assert.equal(copyOf(batch), waiting.shift(), `call ${call}`);
        const ids = batch.ids.slice();
        const priorities = Array.from(ids, () => random.below(5) === 0 ? 0 : 10 * random.float());
        for (const sampler of [ahead, plain]) (sampler as typeof plain).updatePriorities(ids, priorities);
        if (call % 5 === 3) grow(store, rows, random, 11, 6);
        waiting.push(copyOf(plain.next()));
      }
    }
  }));
