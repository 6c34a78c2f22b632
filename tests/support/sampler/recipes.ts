/** The recipes of docs/sampling.md, as they stand there. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StreamStore } from "../../../mod.ts";
import { Random } from "../support.ts";

export interface Return {
  readonly sum: number;
  readonly steps: number;
  readonly discount: number;
  readonly isCut: boolean;
}

export type ReturnsOf = (batch: unknown, n: number, gamma: number) => Return[];

/** The function in the recipe of n-step returns. */
export async function returnsRecipe(): Promise<ReturnsOf> {
  const text = readFileSync(new URL("../../../docs/sampling.md", import.meta.url), "utf8");
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

/** A store of 300 steps with a reward each, and the rewards of its episodes, of which the last has no end yet. */
export function rewarded() {
  const random = new Random(9);
  const store = new StreamStore({ reward: 0, done: 1 });
  const episodes: number[][] = [[]];
  for (let step = 0; step < 300; step++) {
    const reward = random.float() * 2 - 1;
    const done = random.below(9) === 0 && step < 295;
    store.append(step, { reward, done });
    episodes.at(-1)!.push(reward);
    if (done) episodes.push([]);
  }
  return { store, episodes };
}

/** The n-step returns of all rows of such a store, by the recipe. */
export function returnsOfAll(
  store: ReturnType<typeof rewarded>["store"],
  returnsOf: ReturnsOf,
  n: number,
  gamma: number,
) {
  const sampler = store.sampler({
    steps: n + 1,
    fields: { reward: 1, done: 1 },
    episodes: { end: "done" },
    boundary: "pad-right",
    order: "sequential",
    output: { values: "float64" },
    batchSize: 300,
  });
  return returnsOf(sampler.next()!, n, gamma);
}
