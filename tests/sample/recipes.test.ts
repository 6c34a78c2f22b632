/** The recipes of docs/sampling.md, as they stand there: their values, beside what others publish. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { returnsOfAll, returnsRecipe, rewarded } from "../support/sampler/recipes.ts";

/**
 * What TorchRL's MultiStep of n_steps_max = n - 1 gives for a trajectory, by its published definition: rewards convolved
 * with the powers of gamma, zeros behind the end, and `steps_to_next_obs` clamped to n. `./run interop` has its own values.
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
  const returnsOf = await returnsRecipe();
  const { store, episodes } = rewarded();
  for (const [n, gamma] of [[1, 0.9], [3, 0.99], [5, 1], [12, 0.5]]) {
    const found = returnsOfAll(store, returnsOf, n, gamma);
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
  store.close();
});
