/** `/api/batch`: what the page shows of a batch, beside windows that plain loops cut out of the rows. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import type { BatchAnswer, Shown } from "../../src/view/protocol.ts";
import { batchRoute } from "../../src/view/routes/batch.ts";
import { runFlags } from "../support/runtime.ts";
import { ask, refusal } from "../support/view/asked.ts";

const batchOf = (store: StreamStore, options: unknown, path?: string) =>
  ask<BatchAnswer>(batchRoute, store, { options: JSON.stringify(options) }, { path });

/** Row `r` is step `10 r`; every fifth ends an episode; every third has no reward. */
function fill(store: StreamStore, rows = 40): void {
  for (let row = 0; row < rows; row++) {
    const values = { observation: [row, -row], done: row % 5 === 4 };
    store.append(10 * row, row % 3 === 0 ? values : { ...values, reward: row / 2 });
  }
}

const newStore = () => {
  const store = new StreamStore({ observation: "float32", reward: "float64", done: "bool" });
  fill(store);
  return store as unknown as StreamStore;
};

test("/api/batch gives values, masks, rows and steps of padded windows, the n-th batch whatever was asked before", async () => {
  using store = newStore();
  const options = {
    steps: 3,
    fields: { observation: 2, reward: 1 },
    episodes: { end: "done" },
    boundary: "pad-left",
    order: "sequential",
    batchSize: 4,
  };
  // Window w ends with row w, and begins no earlier than the episode of that row.
  const rowsOf = (window: number) =>
    [2, 1, 0].map((back) =>
      Math.floor((window - back) / 5) === Math.floor(window / 5) ? window - back : null
    );
  for (const batch of [2, 0, 9, 1, 1]) {
    const { fields: [observation, reward], windows, size } = await batchOf(store, { ...options, batch });
    const rows = Array.from({ length: 4 }, (_, w) => rowsOf(4 * batch + w)).flat();
    assert.equal(size, 4);
    for (const field of [observation, reward]) {
      assert.deepEqual(field.rows, rows);
      assert.deepEqual(field.steps, rows.map((row) => row === null ? null : 10 * row));
      assert.deepEqual(field.present, rows.map((row) => row === null ? 0 : 1));
    }
    assert.deepEqual(observation.shape, [4, 3, 2]);
    assert.deepEqual(
      observation.values.map(Number),
      rows.flatMap((row) => row === null ? [0, 0] : [row, -row]),
    );
    assert.deepEqual(observation.mask, rows.flatMap((row) => row === null ? [0, 0] : [1, 1]));
    const hasReward = (row: number | null) => row !== null && row % 3 !== 0;
    assert.deepEqual(reward.mask, rows.map((row) => hasReward(row) ? 1 : 0));
    assert.deepEqual(reward.values, rows.map((row) => hasReward(row) ? row! / 2 : 0));
    assert.deepEqual(
      windows.map(({ firstRow, endRow }) => [firstRow, endRow]),
      Array.from(
        { length: 4 },
        (_, w) => [rowsOf(4 * batch + w).find((row) => row !== null), 4 * batch + w + 1],
      ),
    );
  }
  const { batchCount, size, fields } = await batchOf(store, { ...options, batch: 12 });
  assert.deepEqual([batchCount, size, fields], [10, 0, []]);
});

test("/api/batch gives rows around an anchor, with what lies outside of the episode", async () => {
  using store = newStore();
  const { fields: [observation, done], windows } = await batchOf(store, {
    fields: { observation: { width: 1, offsets: [-2, 0, 1] }, done: 1 },
    truncate: true,
    episodes: { end: "done" },
    boundary: "edge",
    order: "sequential",
    batchSize: 10,
  });
  const rows = Array.from(
    { length: 10 },
    (_, anchor) =>
      [-2, 0, 1].map((offset) =>
        Math.floor((anchor + offset) / 5) === Math.floor(anchor / 5) ? anchor + offset : null
      ),
  );
  assert.deepEqual(observation.offsets, [-2, 0, 1]);
  assert.deepEqual(observation.rows, rows.flat());
  assert.deepEqual(observation.steps, rows.flat().map((row) => row === null ? null : 10 * row));
  assert.deepEqual(observation.present, rows.flat().map((row) => row === null ? 0 : 1));
  // The values there are those of the nearest row of the episode.
  const nearest = (anchor: number, row: number) =>
    Math.min(5 * Math.floor(anchor / 5) + 4, Math.max(5 * Math.floor(anchor / 5), row));
  assert.deepEqual(
    observation.values,
    rows.flatMap((_, anchor) => [-2, 0, 1].map((offset) => nearest(anchor, anchor + offset))),
  );
  assert.deepEqual(done.rows, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(windows[4], { firstRow: 2, endRow: 5 });
});

test("/api/batch follows an environment, also at offsets", async () => {
  using store = new StreamStore({ env: 0, value: 1, done: 2 });
  // Environments 7 and 9 in the turns 7, 9, 9, 7, 9, 9, …
  const rows = Array.from({ length: 30 }, (_, row) => ({ env: row % 3 === 0 ? 7 : 9, value: row, done: 0 }));
  rows.forEach((row, step) => store.append(step, row));
  const episodes = { end: "done", environment: "env" };
  const any = store as unknown as StreamStore;
  const windows = await batchOf(any, {
    steps: 3,
    fields: { value: 1 },
    episodes,
    order: "sequential",
    batchSize: 2,
  });
  assert.deepEqual(windows.fields[0].rows, [0, 3, 6, 3, 6, 9]);
  assert.deepEqual(windows.fields[0].values, [0, 3, 6, 3, 6, 9]);
  const around = await batchOf(any, {
    fields: { value: { width: 1, offsets: [-1, 0, 2] } },
    episodes,
    order: "sequential",
    batchSize: 30,
  });
  const [value] = around.fields;
  assert.ok(value.rows.filter((row) => row !== null).length > 70);
  value.rows.forEach((row, place) => assert.ok(row === null || row === value.values[place]));
  assert.deepEqual(value.rows.map((row) => row === null ? 0 : 1), value.present);
});

test("/api/batch gives windows of tokens with the fields that they are of", async () => {
  using store = newStore();
  const { fields: [tokens] } = await batchOf(store, { tokens: 7, order: "sequential", batchSize: 3 });
  const all = store.rows().flatMap((row, index) =>
    ["observation", "reward", "done"].flatMap((name) => {
      const value = row[name];
      if (value === undefined) return [];
      return (typeof value === "object" ? Array.from(value as Float32Array) : [value]).map((one) =>
        [name, Number(one), index] as const
      );
    })
  );
  const places = [0, 1, 2].flatMap((start) => all.slice(start, start + 7));
  assert.deepEqual(tokens.shape, [3, 7, 1]);
  assert.deepEqual(tokens.types, places.map(([name]) => name));
  assert.deepEqual(tokens.values.map((value) => Number(value) + 0), places.map(([, value]) => value + 0));
  assert.deepEqual(tokens.rows, places.map(([, , row]) => row));
});

test("/api/batch says NaN, infinities and large integers by their names, and decodes bfloat16", async () => {
  using store = new StreamStore({ value: "float32", id: "int64" });
  const values = [NaN, Infinity, -1.5, 3];
  values.forEach((value, step) => store.append(step, { value, id: 2n ** 60n + BigInt(step) }));
  const { fields: [value, id] } = await batchOf(store as unknown as StreamStore, {
    steps: 4,
    fields: { value: { width: 1, dtype: "bfloat16" }, id: { width: 1, dtype: "int64" } },
    batchSize: 1,
  });
  assert.deepEqual([value.dtype, value.values], ["bfloat16", ["NaN", "Infinity", -1.5, 3]]);
  assert.deepEqual(id.values, [0, 1, 2, 3].map((step) => String(2n ** 60n + BigInt(step))));
});

test("/api/batch refuses what the library refuses, in its words, and what would be too large", async () => {
  using store = newStore();
  const refused = (options: unknown) =>
    refusal(batchRoute, store, { options: typeof options === "string" ? options : JSON.stringify(options) });
  const dense = { steps: 2, fields: { reward: 1 } };
  const known: [unknown, RegExp][] = [
    ["{", /^400 Cannot draw a batch: options must be JSON, got "{"$/],
    ["[1]", /^400 .*options must be an object, got an array of 1$/],
    [{ ...dense, batch: -1 }, /^400 .*batch must be from 0 to 9999, got -1$/],
    [{ ...dense, batchSize: 65 }, /^400 .*batchSize must be from 1 to 64, got 65$/],
    [{ ...dense, prefetch: 2 }, /^400 .*prefetch must be left out, got 2$/],
    [{ ...dense, stepz: 2 }, /^400 Cannot draw a batch: an option must be one of .*got stepz$/],
    [{ ...dense, fields: { none: 1 } }, /^400 .*none/],
    [{ ...dense, episodes: { end: "nope" } }, /^400 .*episodes.end must be among the fields .*got "nope"$/],
    [{ ...dense, output: 3 }, /^400 .*output/],
    [{ steps: 50, fields: { reward: 1 } }, /^400 .*50/],
    [{ steps: 4096, fields: { reward: 4096 } }, /^400 .*at most 262144 values, got 8 x 16777216$/],
  ];
  for (const [options, expected] of known) assert.match(await refused(options), expected);
  assert.match(await refusal(batchRoute, store, {}), /^400 .*options must be given, got nothing$/);
});

test("/api/batch gives the program that draws the batch: run, it gives the same values", async () => {
  const folder = mkdtempSync(join(tmpdir(), "view-batch-"));
  const path = join(folder, 'a "run".stream');
  try {
    using writer = StreamStore.open(path, {
      fields: { observation: "float32", reward: "float64", done: "bool" },
    });
    fill(writer as unknown as StreamStore, 3000);
    writer.flush();
    using store = StreamStore.open(path, { mode: "read" });
    const asked = {
      steps: 4,
      fields: { observation: { width: 2, dtype: "float64" }, reward: 1 },
      episodes: { end: ["done"] },
      between: { steps: ["50", null] },
      order: "shuffle",
      seed: "18446744073709551615",
      boundary: "pad-right",
      batchSize: 5,
      batch: 3,
    };
    const { fields, code } = await batchOf(store, asked, path);
    const library = fileURLToPath(new URL("../../mod.ts", import.meta.url));
    const shown =
      "JSON.stringify(Object.values(batch.fields).map(({ values, mask }) => [[...values], [...mask]]))";
    const program = code.replace('"@streamstore/streamstore"', JSON.stringify(library))
      .replace("console.log(batch)", `console.log(${shown})`);
    const file = join(folder, "program.ts");
    writeFileSync(file, program);
    const output = execFileSync(process.execPath, [...runFlags, file], { encoding: "utf8" });
    const expected: [Shown[], number[]][] = fields.map(({ values, mask }) => [[...values], [...mask]]);
    assert.deepEqual(JSON.parse(output), expected);
    assert.match(code, /seed: 18446744073709551615n/);
    assert.match(code, /between: { steps: \[50n, Infinity\] }/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
