import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStoreError } from "../../mod.ts";
import { Priorities } from "../../src/sample/priorities.ts";
import { readPriorities, writePriorities } from "../../src/sample/priorities_file.ts";
import { sumOf } from "../support/statistics/reference.ts";
import { Random } from "../support/support.ts";

/** The positions that equally spaced units draw, each with its probability. */
function drawEvenly(priorities: Priorities, count: number): Map<number, number> {
  const ids = new Float64Array(count);
  const probabilities = new Float64Array(count);
  priorities.draw(Float64Array.from({ length: count }, (_, i) => (i + 0.5) / count), ids, probabilities);
  return new Map(Array.from(ids, (id, i) => [id, probabilities[i]]));
}

test("Priorities of a seeded walk of fills, updates, clears and drops equal a plain model", () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const priorities = new Priorities({ alpha: 1 });
    const model = new Map<number, number>();
    let [first, end, max] = [0, 0, 1];
    for (let step = 0; step < 400; step++) {
      const action = random.below(10);
      if (action < 4) {
        const to = end + random.below(300);
        priorities.fill(end, to, priorities.max);
        for (let id = end; id < to; id++) model.set(id, max);
        end = to;
      } else if (action < 8 && model.size > 0) {
        const known = [...model.keys()];
        const ids = Array.from({ length: 50 }, () => known[random.below(known.length)]);
        const values = ids.map(() => random.below(4) === 0 ? 0 : Math.exp(10 * random.float() - 5));
        priorities.update(ids, values);
        ids.forEach((id, i) => model.set(id, values[i]));
        max = Math.max(max, ...values);
      } else if (action === 8) {
        const from = first + random.below(end - first + 1);
        const to = from + random.below(end - from + 1);
        priorities.clear(from, to);
        for (let id = from; id < to; id++) model.delete(id);
      } else if (random.below(3) === 0) {
        first += random.below(end - first + 1);
        priorities.dropBefore(first);
        for (const id of model.keys()) if (id < first) model.delete(id);
      }
      const state = `seed ${seed} step ${step}`;
      const positive = [...model].filter(([, value]) => value > 0);
      assert.equal(priorities.count, positive.length, state);
      assert.equal(priorities.first, first, state);
      assert.equal(priorities.end, end, state);
      assert.equal(priorities.max, max, state);
      const sum = sumOf([...model.values()]);
      assert.ok(Math.abs(priorities.total - sum) <= 1e-12 * sum, `${state}: ${priorities.total} for ${sum}`);
      if (positive.length === 0) continue;
      for (const [id, probability] of drawEvenly(priorities, 100)) {
        assert.ok(Math.abs(probability - model.get(id)! / sum) <= 1e-12 * probability, `${state}: ${id}`);
      }
    }
  }
});

test("dropBefore() keeps the room of a stream that grows", () => {
  const priorities = new Priorities({ alpha: 0.6 });
  for (let end = 100; end < 100_000; end += 100) {
    priorities.fill(end - 100, end, 2);
    priorities.dropBefore(end - 400);
    assert.equal(priorities.count, Math.min(end, 400));
  }
  assert.ok([...drawEvenly(priorities, 1000).keys()].every((id) => id >= priorities.first));
  assert.equal(drawEvenly(priorities, 1000).size, 400);
  priorities.dropBefore(1e12);
  assert.equal(priorities.count, 0);
  assert.equal(priorities.total, 0);
  priorities.fill(1e12 + 5, 1e12 + 6, 1);
  assert.deepEqual([...drawEvenly(priorities, 3)], [[1e12 + 5, 1]]);
});

test("fill() with a stride makes every so many positions windows", () => {
  const priorities = new Priorities({ alpha: 1 });
  priorities.fill(5, 5000, 2, 7);
  assert.equal(priorities.count, Math.ceil(4995 / 7));
  assert.equal(priorities.total, 2 * priorities.count);
  const ids = [...drawEvenly(priorities, 10_000).keys()];
  assert.equal(ids.length, priorities.count);
  assert.ok(ids.every((id) => id % 7 === 5));
  assert.throws(() => priorities.update([6], [1]), RangeError);
});

test("update() of a million leaves, a million times, leaves the exact sum as the total", () => {
  const random = new Random(7);
  const leaves = new Float64Array(1_000_000).fill(1);
  const priorities = new Priorities({ alpha: 1 });
  priorities.fill(0, leaves.length, 1);
  const ids = new Float64Array(4096);
  const values = new Float64Array(4096);
  for (let round = 0; round < 245; round++) {
    for (let i = 0; i < ids.length; i++) {
      ids[i] = random.below(leaves.length);
      values[i] = random.float() < 0.1 ? 0 : 1e4 * random.float();
      leaves[ids[i]] = values[i];
    }
    priorities.update(ids, values);
  }
  const sum = sumOf([...leaves]);
  assert.ok(Math.abs(priorities.total - sum) <= 1e-12 * sum);
  assert.equal(priorities.count, leaves.filter((leaf) => leaf > 0).length);
});

test("draw() follows priority ** alpha (chi-square)", () => {
  const random = new Random(11);
  const priorities = new Priorities({ alpha: 0.5 });
  priorities.fill(0, 100, 0);
  const weights = Array.from({ length: 100 }, (_, id) => id % 9);
  priorities.update(weights.map((_, id) => id), weights.map((weight) => weight ** 2));
  const sum = weights.reduce((a, b) => a + b);
  const counts = new Float64Array(100);
  const [units, ids, probabilities] = [1, 2, 3].map(() => new Float64Array(1000));
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < units.length; i++) units[i] = random.float();
    priorities.draw(units, ids, probabilities);
    for (const id of ids) counts[id]++;
  }
  let chiSquare = 0;
  weights.forEach((weight, id) => {
    const expected = 200_000 * weight / sum;
    if (weight === 0) assert.equal(counts[id], 0);
    else chiSquare += (counts[id] - expected) ** 2 / expected;
  });
  // 88 leaves above zero: of samples with 87 degrees of freedom 99.9 % stay below 133.5.
  assert.ok(chiSquare < 133.5, `chi-square is ${chiSquare}`);
});

test("draw() of huge, tiny and subnormal priorities gives no id out of range", () => {
  const justBelowOne = 1 - 2 ** -53;
  for (const alpha of [0.3, 1, 2]) {
    for (const values of [[1e150, 1e-150, 5e-324, 0], [5e-324], [0, 0, 1e-300, 0], [1, 1e300 ** (1 / 2)]]) {
      const priorities = new Priorities({ alpha });
      priorities.fill(3, 3 + values.length, 0);
      priorities.update(values.map((_, i) => 3 + i), values);
      assert.equal(priorities.count, values.filter((value) => value > 0).length);
      const units = Float64Array.of(0, justBelowOne, 0.5, 1e-300, 1 / 3);
      const [ids, probabilities] = [new Float64Array(5), new Float64Array(5)];
      priorities.draw(units, ids, probabilities);
      for (let i = 0; i < 5; i++) {
        assert.ok(values[ids[i] - 3] > 0, `drew ${ids[i]}`);
        assert.ok(probabilities[i] > 0 && probabilities[i] <= 1);
      }
    }
  }
});

test("update(), fill() and draw() say what is wrong and change nothing", () => {
  const priorities = new Priorities({ alpha: 1 });
  priorities.fill(0, 10, 1);
  priorities.clear(4, 5);
  priorities.dropBefore(2);
  const cases: [number[], unknown[], RegExp][] = [
    [
      [5, 10],
      [3, 1],
      /^Cannot update priorities: ids\[1\] must be the position of a window from 2 to 9, got 10$/,
    ],
    [[5, 4], [3, 1], /ids\[1\] .* got 4$/],
    [[1], [3], /ids\[0\] .* got 1$/],
    [[5.5], [3], /got 5.5$/],
    [[NaN], [3], /got NaN$/],
    [[-1], [3], /got -1$/],
    [[5, 6], [3, -1], /^Cannot update priorities: priorities\[1\] must be a finite number >= 0, got -1$/],
    [[5, 6], [3, NaN], /priorities\[1\] .* got NaN$/],
    [[5, 6], [3, Infinity], /priorities\[1\] .* got Infinity$/],
    [[5, 6], [3, "1"], /priorities\[1\] .* got "1"$/],
    [
      [5, 6],
      [3, 1.7e308],
      /^Cannot update priorities: the sum of priority \*\* alpha must be <= 2 \*\* 1023, got priorities\[1\] 1.7e\+308$/,
    ],
    [[5], [], /as many priorities as ids, got 0 for 1$/],
  ];
  for (const [ids, values, message] of cases) {
    assert.throws(() => priorities.update(ids, values as number[]), { name: "RangeError", message });
    assert.equal(priorities.total, 7);
    assert.equal(priorities.count, 7);
    assert.equal(priorities.max, 1);
  }
  const other: [() => unknown, RegExp][] = [
    [() => priorities.fill(0, 3, 1), /range must begin at 2 or later and not end before, got 0 to 3$/],
    [() => priorities.fill(9, 8, 1), /got 9 to 8$/],
    [() => priorities.fill(2, 3, -1), /must be a finite number >= 0, got -1$/],
    [() => priorities.fill(2, 3, 1, 0), /stride must be a whole number from 1 up, got 0$/],
    [() => priorities.fill(2.5, 3, 1), /whole number from 0 up, got 2.5$/],
    [() => priorities.fill(10, 20, 1.7e308), /the sum of priority/],
    [() => priorities.dropBefore(NaN), /whole number/],
    [() => new Priorities({ alpha: -1 }), /alpha must be a finite number >= 0, got -1$/],
    [() => new Priorities({ alpha: NaN }), /got NaN$/],
    [
      () => priorities.draw(new Float64Array(2), new Float64Array(2), new Float64Array(1)),
      /must have length 2, got 2 and 1$/,
    ],
    [
      () => priorities.draw(Float64Array.of(0, 1), new Float64Array(2), new Float64Array(2)),
      /units\[1\] must be in \[0, 1\), got 1$/,
    ],
    [
      () => new Priorities({ alpha: 1 }).draw(new Float64Array(1), new Float64Array(1), new Float64Array(1)),
      /^Cannot draw: at least one priority must be above 0, got none$/,
    ],
  ];
  for (const [call, message] of other) assert.throws(call, { name: "RangeError", message });
  assert.equal(priorities.end, 10);
  assert.equal(priorities.total, 7);
});

test("save() and load() go on with the same tree, and a damaged or foreign file changes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "priorities-"));
  try {
    const path = join(folder, "priorities");
    const saved = new Priorities({ alpha: 0.7 });
    saved.fill(0, 5000, 1);
    saved.clear(100, 120);
    saved.update([200, 300, 4999], [0, 9, 1e-9]);
    saved.dropBefore(77);
    const save = (priorities: Priorities, to: string) =>
      writePriorities(to, { sources: [priorities.saved()] });
    save(saved, path);
    save(saved, path);
    assert.deepEqual(readdirSync(folder), ["priorities"]);
    const load = (priorities: Priorities, from: string) => {
      const { sources: [found, ...others] } = readPriorities(from);
      assert.equal(others.length, 0);
      priorities.load(from, found);
    };
    const loaded = new Priorities({ alpha: 0.7 });
    load(loaded, path);
    for (const key of ["first", "end", "count", "max", "total"] as const) {
      assert.equal(loaded[key], saved[key], key);
    }
    assert.deepEqual(drawEvenly(loaded, 9999), drawEvenly(saved, 9999));
    // A window of priority 0 is still one, and what was cleared is none.
    loaded.update([200], [1]);
    assert.throws(() => loaded.update([110], [1]), RangeError);

    const bytes = readFileSync(path);
    const count = loaded.count;
    const damages: [string, Uint8Array][] = [
      ["empty", new Uint8Array(0)],
      ["foreign", new TextEncoder().encode("{}".repeat(100))],
      ["cut", bytes.subarray(0, bytes.length - 1)],
      ["cut by a leaf", Uint8Array.from([...bytes.subarray(0, 8000), ...bytes.subarray(8008)])],
      ...[9, 16, 24, 32, 40, 48, 5000, bytes.length - 1].map((at): [string, Uint8Array] => {
        const flipped = Uint8Array.from(bytes);
        flipped[at] ^= 1;
        return [`flipped at ${at}`, flipped];
      }),
    ];
    for (const [name, damaged] of damages) {
      writeFileSync(path, damaged);
      assert.throws(
        () => load(loaded, path),
        (error) => error instanceof StreamStoreError && error.code === "damaged",
        name,
      );
      assert.equal(loaded.count, count);
    }
    writeFileSync(path, bytes);
    assert.throws(() => load(new Priorities({ alpha: 0.5 }), path), {
      name: "RangeError",
      message: `Cannot load priorities from ${path}: alpha must be 0.7, as it was saved with, got 0.5`,
    });
    assert.throws(() => load(loaded, join(folder, "none")), { code: "not-found" });
    assert.throws(() => save(loaded, join(folder, "none", "none")), { code: "not-found" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
