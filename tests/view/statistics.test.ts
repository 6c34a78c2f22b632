/** `/api/statistics`, beside sorted values, and `/api/health` on whole and damaged stores. */
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { HealthEvent, StatisticsAnswer } from "../../src/view/protocol.ts";
import { healthRoute } from "../../src/view/routes/health.ts";
import { statisticsRoute } from "../../src/view/routes/statistics.ts";
import { Random } from "../support/support.ts";
import { ask, askText, refusal } from "../support/view/asked.ts";

const statistics = (store: StreamStore, query: Record<string, string | number>) =>
  ask<StatisticsAnswer>(statisticsRoute, store, query);

interface Value {
  readonly row: number;
  readonly value: number;
}

/** What sorting and plain sums say. */
function expected(values: readonly Value[], bins: number) {
  const sorted = values.map(({ value }) => value).sort((one, other) => one - other);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const [min, max] = [sorted[0], sorted[sorted.length - 1]];
  const edges = Array.from(
    { length: bins + 1 },
    (_, i) => i === bins ? max : min * (1 - i / bins) + max * (i / bins),
  );
  return {
    mean,
    deviation: Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length),
    quantile: (q: number) => sorted[Math.floor(q * (sorted.length - 1))],
    bins: edges.slice(0, -1).map((from, i) => {
      const to = edges[i + 1];
      const inside = values.filter(({ value }) =>
        value >= from && (i === bins - 1 ? value <= to : value < to)
      );
      return { from, to, count: inside.length, row: inside[0]?.row ?? null };
    }),
    greatest: values.toSorted((one, other) => other.value - one.value || one.row - other.row).slice(0, 10),
    least: values.toSorted((one, other) => one.value - other.value || one.row - other.row).slice(0, 10),
  };
}

const isNear = (got: number | null, wanted: number, part: number) =>
  assert.ok(
    got !== null && Math.abs(got - wanted) <= Math.abs(wanted) * part + 1e-300,
    `${got} for ${wanted}`,
  );

test("/api/statistics gives counts, moments, quantiles, bins and extreme rows of an element of lists", async () => {
  using store = new StreamStore({ other: 0, value: 1 });
  const any = store as unknown as StreamStore;
  const random = new Random(5);
  const rows: (number | null)[] = [];
  for (let row = 0; row < 9000; row++) {
    const kind = random.below(20);
    const value = kind === 0
      ? null
      : kind === 1
      ? NaN
      : kind === 2
      ? -Infinity
      : (random.float() - 0.4) ** 3 * 1e5;
    rows.push(value === 0 ? 1 : value);
    const list = rows[row] === null ? [1] : [1, rows[row]!];
    store.append(row, row % 7 === 6 ? { other: 1 } : { other: 1, value: list });
    if (row % 7 === 6) rows[row] = null;
  }
  const [from, to] = [100, 8800];
  const values = rows.flatMap((value, row) =>
    row >= from && row < to && value !== null && Number.isFinite(value) ? [{ row, value }] : []
  );
  const answer = await statistics(any, { series: "value[1]", from, to, bins: 40 });
  const wanted = expected(values, 40);
  const inRange = rows.slice(from, to);
  assert.deepEqual([answer.from, answer.to, answer.count], [from, to, values.length]);
  assert.equal(answer.missing, inRange.filter((value) => value === null).length);
  assert.equal(answer.notFinite, inRange.filter((value) => value !== null && !Number.isFinite(value)).length);
  isNear(answer.mean, wanted.mean, 1e-12);
  isNear(answer.deviation, wanted.deviation, 1e-12);
  assert.equal(answer.quantiles.length, 7);
  for (const { at, value } of answer.quantiles) isNear(value, wanted.quantile(at), 1 / 257);
  assert.deepEqual(answer.bins, wanted.bins);
  assert.deepEqual(answer.greatest, wanted.greatest);
  assert.deepEqual(answer.least, wanted.least);
});

test("/api/statistics agrees with store.stats, and has a bin for each of a few whole numbers", async () => {
  using store = new StreamStore({ value: "int64", wide: "float64" });
  const any = store as unknown as StreamStore;
  for (let row = 0; row < 2000; row++) {
    store.append(row, { value: (row * 7) % 5 - 2, wide: row % 2 === 0 ? -1.7e308 : 1.7e308 });
  }
  const answer = await statistics(any, { series: "value" });
  const { value } = store.stats();
  assert.equal(answer.count, value.count);
  assert.ok(Math.abs(answer.mean! - value.mean) < 1e-15);
  isNear(answer.deviation, value.standardDeviation, 1e-14);
  assert.deepEqual(
    answer.quantiles.map(({ at }) => value.quantile(at)),
    answer.quantiles.map(({ value }) => value),
  );
  assert.deepEqual(answer.bins.map(({ from, count, row }) => [from, count, row]), [
    [-2, 400, 0],
    [-1, 400, 3],
    [0, 400, 1],
    [1, 400, 4],
    [2, 400, 2],
  ]);
  // Differences of these are no float64.
  const { bins, mean, deviation } = await statistics(any, { series: "wide", bins: 4 });
  assert.ok(Math.abs(mean!) < 1e-14 * 1.7e308, `${mean}`);
  isNear(deviation, 1.7e308, 1e-14);
  assert.deepEqual(bins.map(({ count }) => count), [1000, 0, 0, 1000]);
});

test("/api/statistics puts a value that is the edge of a bin into the bin that begins with it", async () => {
  using store = new StreamStore({ value: 0 });
  // Of 0.29 * 100 the float64 is below 29.
  for (let row = 0; row <= 100; row++) store.append(row, { value: row / 100 });
  const { bins } = await statistics(store as unknown as StreamStore, { series: "value", bins: 100 });
  assert.deepEqual(bins.map(({ row }) => row), Array.from({ length: 100 }, (_, row) => row));
  assert.deepEqual(bins.map(({ count }) => count), [...Array(99).fill(1), 2]);
});

test("/api/statistics of no values is empty, and a question that cannot be is refused", async () => {
  using store = new StreamStore({ value: 0, list: 1 });
  const any = store as unknown as StreamStore;
  store.append(0, { value: NaN, list: [1, 2] });
  const { count, missing, notFinite, mean, quantiles, bins, least } = await statistics(any, {
    series: "value",
  });
  assert.deepEqual([count, missing, notFinite, mean, quantiles, bins, least], [0, 0, 1, null, [], [], []]);
  assert.equal((await statistics(any, { series: "list[2]" })).missing, 1);
  const wrong = [{ series: "none" }, { series: "value", from: 2 }, { series: "value", bins: 0 }, {}];
  for (const query of wrong as Record<string, string | number>[]) {
    assert.match(await refusal(statisticsRoute, any, query), /^400 Cannot tell statistics: /);
  }
});

async function health(store: StreamStore, signal?: AbortSignal): Promise<HealthEvent[]> {
  const { answer, text } = await askText(healthRoute, store, {}, { signal });
  assert.equal(answer.type, "application/x-ndjson");
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test("/api/health says that a store is whole, or which chunks are damaged with their rows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "view-health-"));
  const path = join(folder, "run.stream");
  try {
    {
      using store = StreamStore.open(path, {
        fields: { value: "float64", name: "float64" },
        capacity: 65_536,
      });
      const step = Array.from({ length: 100_000 }, (_, row) => row);
      store.appendColumns({ step, value: step, name: step });
    }
    {
      using store = StreamStore.open(path, { mode: "read" });
      const events = await health(store);
      const last = events.at(-1)!;
      assert.ok(last.done && last.chunkCount > 5 && last.chunksChecked === last.chunkCount);
      assert.deepEqual([last.damaged, last.error, last.recovery?.recoveredRows], [[], undefined, 0]);
      for (const [i, event] of events.slice(0, -1).entries()) {
        assert.ok(
          !event.done && event.chunksChecked < (events[i + 1].chunksChecked || 1),
          JSON.stringify(events),
        );
      }
    }
    // In the second chunk of 65,536 tokens: rows of two tokens from 32,768 on.
    const data = readdirSync(path).find((name) => name.startsWith("data."))!;
    const file = openSync(join(path, data), "r+");
    writeSync(file, Uint8Array.of(1, 2, 3), 0, 3, 8 * (65_536 + 1000));
    closeSync(file);
    using store = StreamStore.open(path, { mode: "read" });
    const { damaged } = (await health(store)).at(-1)!;
    assert.deepEqual(damaged, [{ file: data, chunk: 1, rows: [32_768, 65_536] }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("/api/health stops verifying when nobody listens any longer", async () => {
  using store = new StreamStore({ value: 0 }, { capacity: 65_536 });
  const any = store as unknown as StreamStore;
  for (let row = 0; row < 1000; row++) store.append(row, { value: row });
  const gone = new AbortController();
  gone.abort();
  const [event] = await health(any, gone.signal);
  assert.deepEqual([event.done, event.chunksChecked], [true, 0]);
  assert.match(event.error!, /Nobody/);
});
