/** Batches of a store by their numbers: those that the page is likely to ask for next come without drawing all before. */
import { planBatch } from "../../sample/batch_plan.ts";
import type { AnyBatch } from "../../sample/batch.ts";
import { Checks } from "../../sample/checks.ts";
import type { PrefetchOptions } from "../../sample/options.ts";
import { parseSamplerOptions } from "../../sample/parse_options.ts";
import { sampleSource } from "../../sample/source.ts";
import type { Sampler } from "../../sample/sampler.ts";
import type { SamplerState } from "../../sample/state.ts";
import type { StreamStore } from "../../store.ts";
import { sessionOf } from "../../store/session.ts";
import { BadQuestion } from "../route.ts";
import { Slices } from "../slices.ts";
import { type ParsedRequest, valuesMax } from "./request.ts";

/** Samplers that are kept for a store, the last used ones. */
const drawersMax = 4;

/** What was drawn, before the sampler's arrays are filled anew; or how many batches there are where they end before. */
export type Drawn = { readonly batch: AnyBatch } | { readonly batchCount: number };

/** Draws the batches of one sampler, forwards and back. */
class Drawer {
  readonly #sampler: Sampler<AnyBatch>;
  /** Where the sampler stood before each batch that was drawn. */
  readonly #states: SamplerState[] = [];
  #next = 0;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(store: StreamStore, options: Partial<PrefetchOptions>) {
    checkSize(store, options);
    this.#sampler = store.sampler(withSteps(options) as never) as unknown as Sampler<AnyBatch>;
    this.#states.push(this.#sampler.state());
  }

  /** Hands a batch to `use`, which must be done with its arrays when it returns. */
  draw<Result>(index: number, use: (drawn: Drawn) => Result, signal: AbortSignal): Promise<Result> {
    const drawn = this.#busy.then(() => this.#draw(index, use, signal));
    this.#busy = drawn.catch(() => {});
    return drawn;
  }

  async #draw<Result>(index: number, use: (drawn: Drawn) => Result, signal: AbortSignal): Promise<Result> {
    const from = Math.min(index, this.#states.length - 1);
    if (from !== this.#next) this.#sampler.restore(this.#states[from]);
    this.#next = from;
    const slices = new Slices(signal);
    while (true) {
      const batch = this.#sampler.next();
      if (batch === null) return use({ batchCount: this.#next });
      this.#next++;
      if (this.#states.length === this.#next) this.#states.push(this.#sampler.state());
      if (this.#next > index) return use({ batch });
      await slices.turn();
    }
  }
}

/** The samplers of a store as it is: where it has grown, the n-th batch from the seed is another one. */
interface Drawers {
  readonly end: string;
  readonly byOptions: Map<string, Drawer>;
}

const drawersOf = new WeakMap<StreamStore, Drawers>();

/** Draws the batch that was asked for. What the library says of options is the answer where they cannot be. */
export async function drawBatch<Result>(
  store: StreamStore,
  { options, batch }: ParsedRequest,
  use: (drawn: Drawn) => Result,
  signal: AbortSignal,
): Promise<Result> {
  try {
    return await drawerOf(store, options).draw(batch, use, signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new BadQuestion(error.message);
  }
}

function drawerOf(store: StreamStore, options: Partial<PrefetchOptions>): Drawer {
  const end = `${store.firstRow} ${store.rowCount} ${store.length}`;
  let drawers = drawersOf.get(store);
  if (drawers?.end !== end) drawersOf.set(store, drawers = { end, byOptions: new Map() });
  const { byOptions } = drawers;
  const key = JSON.stringify(options, (_, value) => typeof value === "bigint" ? `${value}n` : value);
  const drawer = byOptions.get(key) ?? new Drawer(store, options);
  byOptions.delete(key);
  byOptions.set(key, drawer);
  if (byOptions.size > drawersMax) byOptions.delete(byOptions.keys().next().value!);
  return drawer;
}

/** By their steps the places of a batch are found in the store, whether or not the user wants them. */
function withSteps(options: Partial<PrefetchOptions>): Partial<PrefetchOptions> {
  const { output = {} } = options;
  return { ...options, output: { ...output, steps: "int64" } };
}

/** As the library plans the batch, without making it. */
function checkSize(store: StreamStore, options: Partial<PrefetchOptions>): void {
  const checks = new Checks("Cannot draw a batch");
  const source = sampleSource(sessionOf(store)!);
  const plan = parseSamplerOptions(options as PrefetchOptions, source, checks);
  const { window, width, batchSize } = planBatch(plan, [source], checks.action);
  const perWindow = window.fields?.reduce(
    (sum, field) => sum + field.width * (field.offsets?.length ?? width),
    0,
  ) ?? width;
  if (batchSize * Math.max(width, perWindow) <= valuesMax) return;
  throw new BadQuestion(
    `Cannot draw a batch: it must have at most ${valuesMax} values, got ${batchSize} x ${perWindow}`,
  );
}
