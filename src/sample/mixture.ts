import type { AnyBatch } from "./batch.ts";
import { planBatch, type SampleSource } from "./batch_plan.ts";
import { Checks } from "./checks.ts";
import { checkExtras } from "./extra_fill.ts";
import { MixedPool, type WeightedSource } from "./mixed_pool.ts";
import type { MixtureOptions, MixtureSource } from "./options.ts";
import { parseSamplerOptions, readMixtureOptions } from "./parse_options.ts";
import type { OrderPlan, SamplerPlan } from "./plan.ts";
import { Sampler } from "./sampler.ts";

/** A store of a mixture that has no window to draw. Returned by {@linkcode Mixture.skipped}. */
export interface SkippedSource {
  /** Its place in the list of sources, an index from 0. */
  readonly source: number;
  /** Which rule has left no window. */
  readonly reason: string;
}

/** Reads a source of a mixture as a caller gives it. `name` is what errors call it. */
export type ReadSource = (given: unknown, name: string, checks: Checks) => WeightedSource;

/**
 * A {@link Sampler} over several stores with the same fields. Their windows are one row of numbers, those of the first
 * store first, and every order is over all of them: each window of all stores is as likely, a shuffle gives each once an
 * epoch. Stores that have no window are skipped. `batch.sources`, shape `[B]`, says which window is from which store.
 * With `normalize: true` the statistics are those of all the stores together.
 *
 * With weights a store is drawn from as often as its weight says, and its windows are as likely as one another.
 *
 * `recent` counts in each store by itself: `steps` are the newest rows of each; with `decay` a window is as likely as the
 * windows of the other stores that have as many newer ones in theirs. An epoch is over the windows that the stores had
 * when it began, however any of them grows meanwhile.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using one = new StreamStore({ reward: 0 });
 * using other = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
 * const mixture = StreamStore.mixture([one, other], { tokens: 2, batchSize: 4 });
 *
 * const { size, sources, values } = mixture.next()!;
 * for (let i = 0; i < size; i++) assert.equal(values[2 * i], sources![i]);
 * ```
 */
export class Mixture<Batch = AnyBatch, Store = unknown> extends Sampler<Batch> {
  readonly #pool: MixedPool;
  readonly #plan: SamplerPlan;
  readonly #read: ReadSource;

  /** Made by `StreamStore.mixture`. */
  constructor(sources: readonly WeightedSource[], given: MixtureOptions, read: ReadSource) {
    const checks = new Checks("Cannot make a mixture");
    const options = readMixtureOptions(given, checks);
    checkWeights(sources, checks);
    const stores = sources.map(({ source }) => source);
    for (const [i, store] of stores.entries()) store.prepare(`make a mixture of sources[${i}]`);
    for (let i = 1; i < stores.length; i++) checkFields(stores, i, checks);
    // Their fields are the same, so that one plan is that of all.
    const plan = parseSamplerOptions(options, stores[0], checks);
    if (sources[0].weight !== undefined && plan.order.kind !== "uniform") {
      throw checks.refuse(
        "sources[0].weight",
        `left out where the order is ${plan.order.kind}`,
        sources[0].weight,
      );
    }
    checkExtras(stores, plan.extra, checks);
    const batch = planBatch(plan, stores, checks.action, {
      isMixture: true,
      actions: stores.map((_, i) => `${checks.action} of sources[${i}]`),
    });
    const pool = new MixedPool(sources, plan, batch);
    super(pool, plan, batch);
    this.#pool = pool;
    this.#plan = plan;
    this.#read = read;
  }

  /**
   * Adds a store that is drawn from as well from now on: at once, or where the order has epochs from the next one on. What
   * was drawn before stays what it was, and so do states: one of before goes on as if the store had been added then.
   *
   * @param source The store, or where the others have weights, the store and its weight. It has the last place.
   * @throws {RangeError | TypeError} If it has other fields than the others, or lacks extras that are asked for; or if it
   * has no weight where the others have one, or one where they have none.
   * @throws {StreamStoreError} If a store is closed (`closed`), or this is called by what another call has to read, such
   * as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const mixture = StreamStore.mixture([one], { tokens: 2, batchSize: 100 });
   *
   * mixture.add(other);
   * assert.ok(mixture.next()!.sources!.includes(1));
   * ```
   */
  add(source: Store | MixtureSource<Store>): void {
    const checks = new Checks("Cannot add a source");
    const { sources } = this.#pool;
    const added = this.#pool.reading("add a source", () => this.#read(source, "source", checks));
    const name = `sources[${sources.length}]`;
    added.source.prepare(`add ${name}`);
    checkWeight(added.weight, this.#pool.hasWeights, name, checks);
    const all = [...sources, added.source];
    checkFields(all, sources.length, checks);
    checkExtras(all, this.#plan.extra, checks);
    this.#pool.add(added);
  }

  /**
   * The stores that have no window at the moment, and are skipped.
   *
   * @returns Their places in the list of sources, and why each has none.
   * @throws {StreamStoreError} If a store is closed (`closed`), or this is called by what another call has to read, such
   * as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using empty = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) one.append(step, { reward: step });
   * const mixture = StreamStore.mixture([one, empty], { tokens: 2 });
   *
   * assert.deepEqual(mixture.skipped(), [{ source: 1, reason: "the store holds no tokens" }]);
   * ```
   */
  skipped(): SkippedSource[] {
    this.#pool.prepare("tell which sources are skipped");
    return this.#pool.windows.empty(newestRowsOf(this.#plan.order));
  }
}

function newestRowsOf(order: OrderPlan): number {
  return order.kind === "recent" && "steps" in order ? order.steps : Infinity;
}

/** Of stores with other fields the types of tokens would mean something else. */
function checkFields(stores: readonly SampleSource[], place: number, checks: Checks): void {
  const textOf = ({ fields }: SampleSource) =>
    fields.map(({ name, type, dtype }) => `${name} ${type} ${dtype}`).join(", ");
  const [first, other] = [textOf(stores[0]), textOf(stores[place])];
  if (other === first) return;
  throw new TypeError(
    `${checks.action}: sources[${place}].store must have the fields of the first, ${first}, got ${other}`,
  );
}

function checkWeights(sources: readonly WeightedSource[], checks: Checks): void {
  if (sources.length === 0) throw new RangeError(`${checks.action}: there must be at least 1 store, got 0`);
  const hasWeights = sources[0].weight !== undefined;
  for (const [i, { weight }] of sources.entries()) checkWeight(weight, hasWeights, `sources[${i}]`, checks);
}

function checkWeight(weight: number | undefined, hasWeights: boolean, name: string, checks: Checks): void {
  if (!hasWeights) {
    if (weight === undefined) return;
    throw checks.refuse(`${name}.weight`, "left out, as that of the first", weight);
  }
  checks.number(`${name}.weight`, weight, 0, Infinity);
  if (weight === 0) throw checks.refuse(`${name}.weight`, "a number above 0", weight);
}
