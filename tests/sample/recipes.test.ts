/** The recipes of docs/sampling.md, as they stand there: their values, beside what others publish. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

interface Return {
  readonly sum: number;
  readonly steps: number;
  readonly discount: number;
  readonly isCut: boolean;
}

type ReturnsOf = (batch: unknown, n: number, gamma: number) => Return[];

/** The function in the recipe's block of code. */
async function recipe(): Promise<ReturnsOf> {
  const text = readFileSync(new URL("../../docs/sampling.md", import.meta.url), "utf8");
  const [code] = /interface Windows[^]*?\n}\n[^]*?\n}\n/.exec(text) ?? assert.fail("no recipe");
  const folder = mkdtempSync(join(tmpdir(), "recipe-"));
  try {
    const path = join(folder, "recipe.ts");
    writeFileSync(path, `${code}\nexport { returnsOf };\n`);
    return (await import(pathToFileURL(path).href)).returnsOf;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * What TorchRL's MultiStep of n_steps_max = n - 1 gives for a trajectory, by its published definition: rewards convolved
 * with the powers of gamma, zeros behind the end, and `steps_to_next_obs` clamped to n.
 */
function multiStep(
  rewards: readonly number[],
  n: number,
  gamma: number,
): { reward: number; steps: number }[] {
  return rewards.map((_, at) => {
    const padded = Array.from({ length: n }, (_, i) => rewards[at + i] ?? 0);
    return {
      reward: padded.reduce((sum, reward, i) => sum + reward * gamma ** i, 0),
      steps: Math.min(n, rewards.length - at),
    };
  });
}

test("sampler() gives the windows from which n-step returns are TorchRL's", async () => {
  const returnsOf = await recipe();
  const random = new Random(9);
  using store = new StreamStore({ reward: 0, done: 1 });
  const episodes: number[][] = [[]];
  for (let step = 0; step < 300; step++) {
    const reward = random.float() * 2 - 1;
    const done = random.below(9) === 0 && step < 295;
    store.append(step, { reward, done });
    episodes.at(-1)!.push(reward);
    if (done) episodes.push([]);
  }
  for (const [n, gamma] of [[1, 0.9], [3, 0.99], [5, 1], [12, 0.5]]) {
    const sampler = store.sampler({
      steps: n + 1,
      fields: { reward: 1, done: 1 },
      episodes: { end: "done" },
      boundary: "pad-right",
      order: "sequential",
      output: { values: "float64" },
      batchSize: 300,
    });
    const found = returnsOf(sampler.next()!, n, gamma);
    const expected = episodes.flatMap((rewards, episode) =>
      multiStep(rewards, n, gamma).map((one, at) => ({
        ...one,
        // The last episode has no end yet.
        end: at + n < rewards.length ? "goes on" : episode === episodes.length - 1 ? "cut" : "done",
      }))
    );
    assert.equal(found.length, 300);
    for (const [row, { sum, steps, discount, isCut }] of found.entries()) {
      const { reward, steps: wanted, end } = expected[row];
      assert.ok(Math.abs(sum - reward) < 1e-12, `row ${row}, n ${n}: ${sum}, not ${reward}`);
      assert.deepEqual([steps, isCut], [wanted, end === "cut"], `row ${row}, n ${n}`);
      assert.equal(discount, end === "done" ? 0 : gamma ** steps);
    }
  }
});
