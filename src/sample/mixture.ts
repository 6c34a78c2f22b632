import { builtin } from "../native/builtin.ts";
import type { AnyBatch } from "./batch.ts";
import { BatchLayout } from "./batch_layout.ts";
import { planBatch, type SampleSource } from "./batch_plan.ts";
import { Checks } from "./checks.ts";
import { drawNumbers, streams } from "./draws.ts";
import { checkExtras, ExtraFiller } from "./extra_fill.ts";
import { Filler, type Filling, fillingOf } from "./fill.ts";
import type { MixtureOptions } from "./options.ts";
import { checkAny, Cursor } from "./orders.ts";
import { parseSamplerOptions, readMixtureOptions } from "./parse_options.ts";
import type { SamplerPlan } from "./plan.ts";
import { readState, type SamplerState, stateOf } from "./state.ts";
import { allocatePlaces, type Places, type Windows, windowsOf } from "./windows.ts";

/** One store of a mixture, and the places in the batch that go to it. */
interface Part {
  readonly source: SampleSource;
  /** What is done with it, as errors say it: `sample from sources[1]`. */
  readonly action: string;
  readonly windows: Windows;
  readonly filler: Filler;
  readonly places: Places;
  readonly slots: Int32Array;
  readonly indices: Float64Array;
  readonly ordinals: Float64Array;
  count: number;
}

/**
 * Draws batches of windows from several stores. `batch.sources`, shape `[B]`, says which window is from which. With
 * `normalize: true` the statistics are those of all the stores together.
 *
 * Random numbers are those of {@link Sampler}: the store of a window and the window are functions of the seed and of
 * the draw's number.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using one = new StreamStore({ reward: 0 });
 * using other = new StreamStore({ reward: 0 });
 * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
 * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
 * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
 *
 * const { size, sources: drawn, values } = mixture.next();
 * for (let i = 0; i < size; i++) assert.equal(values[2 * i], drawn![i]);
 * ```
 */
export class Mixture<Batch = AnyBatch> implements Iterable<Batch> {
  readonly #plan: SamplerPlan;
  readonly #extraFiller: ExtraFiller;
  readonly #parts: readonly Part[];
  /** The sum of the weights up to each source, as a share of all. */
  readonly #limits: Float64Array;
  readonly #cursor: Cursor;
  readonly #layout: BatchLayout;
  readonly #indices: Float64Array;
  readonly #units: Float64Array;
  #seed: bigint;

  /** Made by `StreamStore.mixture`. */
  constructor(
    sources: readonly { readonly source: SampleSource; readonly weight: number }[],
    given: MixtureOptions,
  ) {
    const checks = new Checks("Cannot make a mixture");
    const options = readMixtureOptions(given, checks);
    this.#limits = parseWeights(sources, checks);
    const stores = sources.map(({ source }) => source);
    for (const [i, store] of stores.entries()) store.prepare(`make a mixture of sources[${i}]`);
    checkFields(stores, checks);
    // Their fields are the same, so that one plan is that of all.
    const plan = parseSamplerOptions({ ...options, order: "uniform" }, stores[0], checks);
    checkExtras(stores, plan.extra, checks);
    const batch = planBatch(plan, stores, checks.action, {
      isMixture: true,
      actions: stores.map((_, i) => `${checks.action} of sources[${i}]`),
    });
    const { batchSize } = plan;
    this.#plan = plan;
    this.#extraFiller = new ExtraFiller(batch, stores);
    this.#seed = plan.seed;
    this.#cursor = new Cursor(plan.shard);
    this.#layout = new BatchLayout(batch);
    this.#parts = stores.map((source, i) => {
      const action = `sample from sources[${i}]`;
      return {
        source,
        action,
        windows: windowsOf(source, plan),
        filler: new Filler(source, batch, { action: `Cannot ${action}` }),
        places: allocatePlaces(batchSize),
        slots: new Int32Array(batchSize),
        indices: new Float64Array(batchSize),
        ordinals: new Float64Array(batchSize),
        count: 0,
      };
    });
    this.#indices = new Float64Array(batchSize);
    this.#units = new Float64Array(batchSize);
  }

  /** The seed, given or random. */
  get seed(): bigint {
    return this.#seed;
  }

  /**
   * A batch of one's own, to be filled by `next(batch)`.
   *
   * @returns Arrays of this mixture's dtypes and shapes, filled with 0.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
   * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
   *
   * const batch = mixture.allocate();
   * assert.equal(mixture.next(batch), batch);
   * ```
   */
  allocate(): Batch {
    return this.#layout.allocate() as Batch;
  }

  /**
   * The next batch, the mixture's own and filled anew by the next call, or `out`.
   *
   * @param out A batch that `allocate` or this mixture has made, or one with arrays of the same classes and lengths.
   * @returns Columns of shape `[B, T]`, or `[B, S, W]` for dense fields.
   * @throws {RangeError} If a store that is drawn from has no valid window, or a window is wider than the output.
   * @throws {RangeError | TypeError} If `out` has other arrays than this mixture's batches.
   * @throws {StreamStoreError} If a store is closed (`closed`), or this is called by what another call has to read,
   * such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
   * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
   *
   * assert.equal(mixture.next().values.length, 4 * 2);
   * ```
   */
  next(out?: Batch): Batch {
    const reading = <Read>(read: () => Read) => this.#reading("sample", read);
    const { filled, shown } = this.#layout.pick(out as AnyBatch | undefined, reading);
    for (const { source, action } of this.#parts) source.connection.checkIdle(action);
    for (const { source, action } of this.#parts) source.prepare(action);
    this.#share(filled);
    for (const [i, part] of this.#parts.entries()) this.#drawFrom(part, i, filled);
    this.#extraFiller.give(shown as AnyBatch, this.#parts.map((part) => this.#fillingOf(part)), reading);
    this.#cursor.advance(this.#plan.batchSize);
    return shown as Batch;
  }

  /**
   * Batches without end.
   *
   * @returns An iterator that calls `next`.
   * @throws {RangeError} As `next` does.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
   * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
   *
   * let windows = 0;
   * for (const { size } of mixture) if ((windows += size) >= 100) break;
   * assert.equal(windows, 100);
   * ```
   */
  *[Symbol.iterator](): Generator<Batch, never, undefined> {
    for (;;) yield this.next();
  }

  /**
   * Where the mixture stands: JSON of under 300 bytes.
   *
   * @returns What `restore` takes.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
   * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
   *
   * mixture.next();
   * assert.equal(mixture.state().position, 4);
   * ```
   */
  state(): SamplerState {
    return { ...stateOf(this.#plan, this.#seed, this.#cursor.position), sources: this.#sources() };
  }

  /**
   * Goes on where a mixture with the same number of stores, weights, windows and episodes stood, with its seed.
   *
   * @param state What `state` gave, also after JSON.
   * @throws {RangeError} If the state is that of another kind of sampler, or of other weights.
   * @throws {TypeError} If it is no object.
   * @throws {StreamStoreError} If this is called by what another call has to read, such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using one = new StreamStore({ reward: 0 });
   * using other = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 9; step++) [one, other].forEach((store, i) => store.append(step, { reward: i }));
   * const sources = [{ store: one, weight: 1 }, { store: other, weight: 1 }];
   * const mixture = StreamStore.mixture(sources, { tokens: 2, batchSize: 4 });
   *
   * const state = mixture.state();
   * const first = [...mixture.next().starts];
   * mixture.restore(state);
   * assert.deepEqual([...mixture.next().starts], first);
   * ```
   */
  restore(state: SamplerState): void {
    const { seed, position } = this.#reading(
      "restore a sampler",
      () => readState(state, this.#plan, this.#sources()),
    );
    this.#seed = BigInt(seed);
    this.#cursor.position = position;
  }

  #sources(): string {
    const hash = builtin.crypto.createHash("sha256").update(this.#limits).digest("hex");
    return `${this.#limits.length} ${hash.slice(0, 8)}`;
  }

  /** Reads what the caller hands over, in which its own code may run: a call that writes, of every store. */
  #reading<Read>(action: string, read: () => Read): Read {
    const connections = new Set(this.#parts.map(({ source }) => source.connection));
    let task = read;
    for (const connection of connections) {
      const within = task;
      task = () => connection.write(action, within);
    }
    return task();
  }

  /** Decides which place of the batch is drawn from which store. */
  #share(batch: AnyBatch): void {
    const native = this.#parts[0].source.connection.tables.sampler;
    const { batchSize } = this.#plan;
    this.#cursor.fill(this.#indices, batchSize);
    const key = { seed: this.#seed, stream: streams.sources, bound: 1 };
    drawNumbers(native, "unit", key, this.#indices, batchSize, this.#units);
    for (const part of this.#parts) part.count = 0;
    for (let slot = 0; slot < batchSize; slot++) {
      const chosen = this.#limits.findIndex((limit) => this.#units[slot] < limit);
      const part = this.#parts[chosen];
      part.slots[part.count] = slot;
      part.indices[part.count++] = this.#indices[slot];
      batch.sources![slot] = chosen;
    }
  }

  #drawFrom(part: Part, number: number, batch: AnyBatch): void {
    if (part.count === 0) return;
    const { windows, indices, ordinals, places, slots, count } = part;
    const native = part.source.connection.tables.sampler;
    const population = windows.population();
    checkAny(windows, population, population.from, { action: `Cannot ${part.action}` });
    const bound = population.total - population.from;
    const key = { seed: this.#seed, stream: streams.mixture + number, bound };
    drawNumbers(native, "uniform", key, indices, count, ordinals);
    for (let i = 0; i < count; i++) ordinals[i] += population.from;
    windows.locate(population, ordinals, count, places);
    const filling = this.#fillingOf(part);
    part.filler.fill(batch, this.#plan.batchSize, filling);
    for (let i = 0; i < count; i++) batch.starts[slots[i]] = filling.starts[i];
  }

  #fillingOf({ count, places, slots }: Part): Filling {
    return fillingOf(this.#plan.window, places, slots, count);
  }
}

/** Of stores with other fields the types of tokens would mean something else. */
function checkFields(stores: readonly SampleSource[], checks: Checks): void {
  const [first, ...others] = stores.map(({ fields }) =>
    fields.map(({ name, type, dtype }) => `${name} ${type} ${dtype}`).join(", ")
  );
  const different = others.findIndex((other) => other !== first);
  if (different === -1) return;
  throw new TypeError(
    `${checks.action}: sources[${different + 1}].store must have the fields of the first, ${first}, got ${
      others[different]
    }`,
  );
}

function parseWeights(sources: readonly { readonly weight: number }[], checks: Checks): Float64Array {
  if (sources.length === 0) throw new RangeError(`${checks.action}: there must be at least 1 store, got 0`);
  let sum = 0;
  const limits = Float64Array.from(sources, ({ weight }, i) => {
    checks.number(`sources[${i}].weight`, weight, 0, Infinity);
    if (weight === 0) throw checks.refuse(`sources[${i}].weight`, "a number above 0", weight);
    return sum += weight;
  });
  for (let i = 0; i < limits.length; i++) limits[i] /= sum;
  limits[limits.length - 1] = 1;
  return limits;
}
