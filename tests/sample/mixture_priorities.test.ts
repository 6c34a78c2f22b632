import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chiSquare, chiSquareLimit } from "../support/sampler/drawing.ts";
import {
  allWindows,
  keyOf,
  makePairs,
  mix,
  type Mixture,
  simple,
  simpleCase,
} from "../support/sampler/mixtures.ts";
import { windowsOf } from "../support/sampler/oracle.ts";
import { Random } from "../support/support.ts";

test("priorities of a mixture are those of each window, whichever store it is of", () => {
  const folder = mkdtempSync(join(tmpdir(), "mixture-"));
  const pairs = makePairs(new Random(17), [9, 2, 12, 7]);
  const known = allWindows(pairs, simpleCase);
  const order = { kind: "prioritized", alpha: 1 };
  const options = { ...simple, order, batchSize: 250 };
  const mixture = mix(pairs, options);
  const ids = new Map<string, number>();
  for (let round = 0; round < 8; round++) {
    const batch = mixture.next()!;
    batch.ids!.forEach((id, i) => ids.set(`${batch.sources[i]} ${batch.starts[i]}`, id));
  }
  assert.deepEqual([...ids.keys()].sort(), known.map(keyOf).sort());
  const priorityOf = new Map(known.map((each, i) => [keyOf(each), i % 4 === 0 ? 0 : 1 + i % 7]));
  mixture.updatePriorities([...ids.values()], [...ids.keys()].map((key) => priorityOf.get(key)!));
  const total = [...priorityOf.values()].reduce((a, b) => a + b);
  const check = (each: Mixture) => {
    const counts = new Map([...priorityOf.keys()].map((key) => [key, 0]));
    for (let round = 0; round < 100; round++) {
      const { sources, starts, probabilities } = each.next()!;
      for (let i = 0; i < sources.length; i++) {
        const key = `${sources[i]} ${starts[i]}`;
        counts.set(key, counts.get(key)! + 1);
        assert.ok(Math.abs(probabilities![i] - priorityOf.get(key)! / total) < 1e-12);
      }
    }
    const drawable = [...priorityOf].filter(([, priority]) => priority > 0);
    for (const [key, priority] of priorityOf) if (priority === 0) assert.equal(counts.get(key), 0);
    const statistic = chiSquare(
      drawable.map(([key]) => counts.get(key)!),
      drawable.map(([, priority]) => priority / total * 25_000),
    );
    assert.ok(statistic < chiSquareLimit(drawable.length - 1), `chi-square ${statistic}`);
  };
  check(mixture);
  const path = join(folder, "priorities");
  mixture.savePriorities(path);
  const loaded = mix(pairs, options);
  loaded.loadPriorities(path);
  check(loaded);
  assert.throws(
    () => mix(pairs.slice(0, 3), options).loadPriorities(path),
    /^RangeError: Cannot load priorities: .* must be of 3 stores or fewer, got 4/,
  );
  // A store that is added has windows of the highest priority so far.
  const [added] = makePairs(new Random(3), [4]);
  mixture.add(added.store);
  const count = windowsOf(added.model, simpleCase.rule).length;
  const { sources, probabilities } = mixture.next()!;
  const at = sources.indexOf(4);
  assert.ok(Math.abs(probabilities![at] - 7 / (total + 7 * count)) < 1e-12);
  for (const { store } of [...pairs, added]) store.close();
  rmSync(folder, { recursive: true });
});

test("updatePriorities() of a mixture sets all or none, and names what it refuses", () => {
  const pairs = makePairs(new Random(17), [9, 2, 12]);
  const mixture = mix(pairs, { ...simple, order: { kind: "prioritized", alpha: 1 }, batchSize: 100 });
  const { ids } = mixture.next()!;
  const good = [...new Set(ids!)].slice(0, 4);
  const cases: [unknown, unknown, string][] = [
    [[...good, 8], [9, 9, 9, 9, 9], "ids[4] must be that of a window that was drawn, got 8"],
    [
      [...good, 2 ** 40],
      [9, 9, 9, 9, 9],
      "ids[4] must be that of a window that was drawn, got 1099511627776",
    ],
    [[...good, 3 * 2 ** 40], [9, 9, 9, 9, 9], "ids[4] must be that of a window that was drawn, got "],
    [[...good, -1], [9, 9, 9, 9, 9], "ids[4] must be that of a window that was drawn, got -1"],
    [[...good, NaN], [9, 9, 9, 9, 9], "ids[4] must be that of a window that was drawn, got NaN"],
    [[...good, 0.5], [9, 9, 9, 9, 9], "ids[4] must be that of a window that was drawn, got 0.5"],
    [good, [9, 9, -1, 9], "priorities[2] must be a finite number >= 0, got -1"],
    [good, [9, 9, 9, "9"], 'priorities[3] must be a finite number >= 0, got "9"'],
    [good, [9, 9], "there must be as many priorities as ids, got 2 for 4"],
  ];
  for (const [given, priorities, message] of cases) {
    assert.throws(
      () => mixture.updatePriorities(given as number[], priorities as number[]),
      (error: Error) => {
        assert.ok(`${error}`.startsWith(`RangeError: Cannot update priorities: ${message}`), `${error}`);
        return true;
      },
    );
  }
  const { probabilities } = mixture.next()!;
  assert.ok(Math.max(...probabilities!) - Math.min(...probabilities!) < 1e-12);
  for (const { store } of pairs) store.close();
});
