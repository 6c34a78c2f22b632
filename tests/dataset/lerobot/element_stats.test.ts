import assert from "node:assert/strict";
import { test } from "node:test";
import { ElementStats } from "../../../src/dataset/lerobot/element_stats.ts";
import { isNear } from "../../support/lerobot/datasets.ts";
import { Random } from "../../support/support.ts";

test("ElementStats are those of plain arithmetic", () => {
  const random = new Random(5);
  for (const shape of [[1], [3], [2, 3], [2, 2, 2]]) {
    const [size, perFrame] = [
      shape.at(-1)!,
      shape.slice(0, -1).reduce((product, length) => product * length, 1),
    ];
    const frames = 1 + random.below(400);
    const values = Float64Array.from({ length: frames * perFrame * size }, () => 1e6 + random.float());
    const stats = new ElementStats(shape, frames);
    for (let frame = 0; frame < frames;) {
      const count = Math.min(frames - frame, 1 + random.below(50));
      stats.add(values.subarray(frame * perFrame * size, (frame + count) * perFrame * size));
      frame += count;
    }
    const result = stats.result();
    for (let element = 0; element < size; element++) {
      const column = values.filter((_, i) => i % size === element).sort();
      const mean = column.reduce((sum, value) => sum + (value - 1e6), 0) / column.length + 1e6;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
      assert.deepEqual([result.min[element], result.max[element]], [column[0], column.at(-1)]);
      assert.ok(isNear(result.mean[element], mean, 1e-14));
      assert.ok(Math.abs(result.std[element] - Math.sqrt(variance)) < 1e-9);
      assert.equal(result.q10[element], column[Math.ceil(0.1 * column.length) - 1]);
      assert.equal(result.q99[element], column[Math.ceil(0.99 * column.length) - 1]);
    }
    assert.deepEqual(result.count, [frames]);
  }
});

test("ElementStats of very many frames have the quantiles of an even share of them", () => {
  const frames = 3_000_000;
  const stats = new ElementStats([2], frames);
  const part = new Float64Array(2000);
  for (let frame = 0; frame < frames; frame += 1000) {
    for (let i = 0; i < 1000; i++) {
      part[2 * i] = (frame + i) / frames;
      part[2 * i + 1] = -part[2 * i];
    }
    stats.add(part);
  }
  const { q01, q50, q99 } = stats.result();
  assert.ok(
    [q01[0] - 0.01, q50[0] - 0.5, q99[0] - 0.99, q99[1] + 0.01].every((error) => Math.abs(error) < 1e-3),
  );
});
