import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import { EnvironmentPool } from "./environment_pool.ts";
import type { SamplerPlan } from "./plan.ts";
import { type Pool, StorePool } from "./pool.ts";

/** What a sampler of a store draws from. */
export function poolOf(source: DrawSource, plan: SamplerPlan, batch: BatchPlan): Pool {
  const { episodes } = plan.window;
  if (episodes.kind !== "end" || episodes.environment === null) return new StorePool(source, plan, batch);
  return new EnvironmentPool(source, plan, { ...episodes, environment: episodes.environment }, batch);
}
