import { Checks, parseSamplerOptions, readOptions, type SamplerOptions } from "./options.ts";
import { PrefetchingSampler } from "./prefetch.ts";
import { Sampler, type SampleSource } from "./sampler.ts";

/** Batches that are made ahead at most: each is memory of its own. */
const prefetchMax = 64;

/** A sampler as its options say. `directory` is null for a temporary store. */
export function makeSampler(
  source: SampleSource,
  directory: string | null,
  given: SamplerOptions & { readonly prefetch?: number },
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
