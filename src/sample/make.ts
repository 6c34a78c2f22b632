import type { BatchOf } from "./batch.ts";
import { Checks } from "./checks.ts";
import type { PrefetchOptions } from "./options.ts";
import { parseSamplerOptions, readOptions } from "./parse_options.ts";
import { PrefetchingSampler } from "./prefetch/prefetch.ts";
import { Sampler, type SampleSource } from "./sampler.ts";

/**
 * The sampler that {@linkcode StreamStore.sampler} makes of options: with `prefetch` one that works ahead, and where
 * only the program's run decides whether there is a `prefetch`, either.
 */
export type SamplerOf<Options> = [Ahead<Options>] extends [undefined] ? Sampler<BatchOf<Options>>
  : undefined extends Ahead<Options> ? Sampler<BatchOf<Options>> | PrefetchingSampler<BatchOf<Options>>
  : PrefetchingSampler<BatchOf<Options>>;

/**
 * What options say of `prefetch`.
 *
 * @internal
 */
type Ahead<Options> = "prefetch" extends keyof Options ? Options["prefetch"] : undefined;

/** Batches that are made ahead at most: each is memory of its own. */
const prefetchMax = 64;

/** A sampler as its options say. `directory` is null for a temporary store. */
export function makeSampler(
  source: SampleSource,
  directory: string | null,
  given: PrefetchOptions,
): Sampler | PrefetchingSampler {
  const checks = new Checks("Cannot make a sampler");
  checks.object("options", given);
  const options = readOptions(given);
  const plan = parseSamplerOptions(options, source.fields, checks.action);
  const { prefetch, ...rest } = options;
  if (prefetch === undefined) return new Sampler(source, plan);
  if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > prefetchMax) {
    throw checks.refuse("prefetch", `a whole number from 1 to ${prefetchMax}`, prefetch);
  }
  if (directory === null) {
    throw checks.refuse("prefetch", "left out for a temporary store, which no Worker can open", prefetch);
  }
  if (plan.order.kind === "prioritized") {
    throw checks.refuse(
      "prefetch",
      "left out where the order is prioritized, which depends on updates",
      prefetch,
    );
  }
  return new PrefetchingSampler(source, directory, rest, plan, prefetch);
}
