/** The recipe of n-step returns, held against TorchRL's own `MultiStep`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { returnsOfAll, returnsRecipe, rewarded } from "../support/sampler/recipes.ts";

const python = process.env.STREAMSTORE_PEERS ?? null;
const skip = python === null && "needs ./run interop after ./run bench --peers, which installs torchrl";
const script = fileURLToPath(new URL("multi_step.py", import.meta.url));

/** By row. TorchRL computes in float32. */
interface Found {
  readonly sum: readonly number[];
  readonly steps: readonly number[];
  readonly gamma: readonly number[];
}

test(
  "the recipe of n-step returns gives the rewards, steps and discounts of TorchRL's MultiStep",
  { skip },
  async () => {
    const returnsOf = await returnsRecipe();
    const { store, episodes } = rewarded();
    const cases = [[1, 0.9], [3, 0.99], [5, 1], [12, 0.5]];
    const request = {
      rewards: episodes.flat(),
      done: episodes.flatMap((rewards, i) =>
        rewards.map((_, at) => i + 1 < episodes.length && at + 1 === rewards.length)
      ),
      cases,
    };
    const options = { input: JSON.stringify(request), encoding: "utf8", timeout: 300_000 } as const;
    const all: Found[] = JSON.parse(execFileSync(python!, ["-B", script], options));
    for (const [i, [n, gamma]] of cases.entries()) {
      const ours = returnsOfAll(store, returnsOf, n, gamma);
      assert.equal(all[i].sum.length, 300);
      for (const [row, { sum, steps, discount }] of ours.entries()) {
        const what = `row ${row}, n ${n}`;
        assert.ok(Math.abs(sum - all[i].sum[row]) < 1e-5, `${what}: ${sum}, not ${all[i].sum[row]}`);
        assert.equal(steps, all[i].steps[row], what);
        // Of an end the recipe says by a discount of 0 that no value follows; TorchRL leaves that to `done`.
        assert.ok(discount === 0 || Math.abs(discount - all[i].gamma[row]) < 1e-6, what);
      }
      assert.ok(ours.some(({ discount }) => discount > 0));
    }
    store.close();
  },
);

if (skip !== false) console.log(`Not run: ${skip}`);
