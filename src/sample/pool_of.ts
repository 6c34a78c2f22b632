import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import { EnvironmentPool } from "./environment_pool.ts";
import { environmentsOf } from "./parse_episodes.ts";
import type { SamplerPlan } from "./plan.ts";
import { type Pool, StorePool } from "./pool.ts";

/** What a sampler of a store draws from. */
export function poolOf(source: DrawSource, plan: SamplerPlan, batch: BatchPlan): Pool {
  const environments = environmentsOf(plan);
  if (environments === null) return new StorePool(source, plan, batch);
  return new EnvironmentPool(source, plan, environments, batch);
}
