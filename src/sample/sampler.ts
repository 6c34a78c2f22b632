import type { AnyBatch } from "./batch.ts";
import { BatchLayout } from "./batch_layout.ts";
import type { BatchPlan, DrawSource } from "./batch_plan.ts";
import { ExtraFiller } from "./extra_fill.ts";
import { Filler, type Filling, fillingOf } from "./fill.ts";
import { Cursor, type Draw, type DrawContext, drawOf } from "./orders.ts";
import type { SamplerPlan } from "./plan.ts";
import { PrioritizedDraw } from "./prioritized.ts";
import { checkHeld, readState, type SamplerState, stateOf } from "./state.ts";
import { allocatePlaces, type Places, windowsOf } from "./windows.ts";

/**
 * Draws batches of windows from a store: `next()` a batch at a time, or `for (const batch of sampler)`.
 *
 * A batch's arrays are filled anew by the next call, unless batches of your own are passed. The same seed gives the same
 * windows in every runtime, whatever the batch size and the number of shards.
 *
 * Random numbers are those of Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), bounded as by
 * Lemire ("Fast random integer generation in an interval", 2019). A shuffle is a keyed bijection (Black and Rogaway,
 * "Ciphers with arbitrary finite domains", 2002), so that it takes no memory. Priorities are those of Schaul et al.,
 * "Prioritized experience replay", 2016.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ action: 0, observation: 1, done: 2 });
 * for (let step = 0; step < 100; step++) {
 *   store.append(step, { action: step % 2, observation: [step, -step], done: step % 10 === 9 });
 * }
 * const sampler = store.sampler({
 *   steps: 4,
 *   fields: { observation: 2, action: 1 },
 *   episodes: { end: "done" },
 *   batchSize: 8,
 *   seed: 1,
 * });
 * const { fields, starts } = sampler.next()!;
 * assert.equal(fields.observation.values.length, 8 * 4 * 2);
 * assert.equal(fields.observation.values[0], starts[0]);
 * ```
 */
export class Sampler<Batch = AnyBatch> implements Iterable<Batch> {
  readonly #source: DrawSource;
  readonly #plan: SamplerPlan;
  readonly #cursor: Cursor;
  readonly #context: DrawContext;
  readonly #draw: Draw;
  readonly #layout: BatchLayout;
  readonly #filler: Filler;
  readonly #extraFiller: ExtraFiller;
  readonly #places: Places;
  readonly #slots: Int32Array;

  /** Made by `store.sampler`. */
  constructor(source: DrawSource, plan: SamplerPlan, batch: BatchPlan) {
    const { batchSize, order, epochs } = plan;
    this.#source = source;
    this.#plan = plan;
    this.#cursor = new Cursor(plan.shard);
    this.#context = {
      native: source.connection.tables.sampler,
      windows: windowsOf(source, plan),
      cursor: this.#cursor,
      seed: plan.seed,
    };
    this.#draw = order.kind === "prioritized"
      ? new PrioritizedDraw(this.#context, batchSize, order)
      : drawOf(order, this.#context, batchSize, epochs);
    this.#layout = new BatchLayout(batch);
    this.#filler = new Filler(source, batch);
    this.#extraFiller = new ExtraFiller(batch, [source]);
    this.#places = allocatePlaces(batchSize);
    this.#slots = Int32Array.from({ length: batchSize }, (_, i) => i);
  }

  /** The seed, given or random. */
  get seed(): bigint {
    return this.#context.seed;
  }

  /** B, windows a batch. */
  get batchSize(): number {
    return this.#plan.batchSize;
  }

  /**
   * A batch of one's own, to be filled by `next(batch)`.
   *
   * @returns Arrays of this sampler's dtypes and shapes, filled with 0.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 2, batchSize: 3 });
   * const batches = [sampler.allocate(), sampler.allocate()];
   * for (const batch of batches) assert.equal(sampler.next(batch), batch);
   * ```
   */
  allocate(): Batch {
    return this.#layout.allocate() as Batch;
  }

  /**
   * The next batch, or null after the last epoch. It is the sampler's own and filled anew by the next call, or `out`.
   *
   * @param out A batch that `allocate` or this sampler has made, or one with arrays of the same classes and lengths.
   * @returns Columns of shape `[B, T]`, or `[B, S, W]` for dense fields, where B is the batch size; fewer than B
   * windows where the last epoch ends.
   * @throws {RangeError} If the store has no valid window, and says which rule has left none; if a window is wider
   * than the output; or if no window has a priority above 0.
   * @throws {RangeError | TypeError} If `out` has other arrays than this sampler's batches.
   * @throws {StreamStoreError} If the store is closed (`closed`), or this is called by what another call has to read,
   * such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 4, order: "sequential", batchSize: 5 });
   * assert.deepEqual([...sampler.next()!.starts], [0, 1, 2, 3, 4]);
   * assert.equal(sampler.next()!.size, 2);
   * assert.equal(sampler.next(), null);
   * ```
   */
  next(out?: Batch): Batch | null {
    const { connection } = this.#source;
    const reading = <Read>(read: () => Read) => connection.write("sample", read);
    const { filled, shown } = this.#layout.pick(out as AnyBatch | undefined, reading);
    this.#prepare("sample");
    const state = this.state();
    try {
      const size = this.#draw.draw(this.#plan.batchSize, this.#places);
      if (size === 0) return null;
      const filling = this.#fill(filled, size);
      const batch = size === this.#plan.batchSize ? shown : this.#layout.head(filled, size);
      this.#extraFiller.give(batch, [filling], reading);
      return batch as Batch;
    } catch (error) {
      // Draws that nobody got are made again.
      this.#setState(state);
      throw error;
    }
  }

  /**
   * Batches until the last epoch ends; without end where there is none.
   *
   * @returns An iterator that calls `next`.
   * @throws {RangeError} As `next` does.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * let windows = 0;
   * for (const { size } of store.sampler({ tokens: 4, order: "shuffle", epochs: 2 })) windows += size;
   * assert.equal(windows, 2 * 7);
   * ```
   */
  *[Symbol.iterator](): Generator<Batch, void, undefined> {
    for (let batch = this.next(); batch !== null; batch = this.next()) yield batch;
  }

  /**
   * Where the sampler stands: JSON of under 300 bytes. Priorities are not in it: see `savePriorities`.
   *
   * @returns What `restore` takes, of this sampler or of another one.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 2, seed: 7, batchSize: 3 });
   * sampler.next();
   * assert.equal(sampler.state().position, 3);
   * ```
   */
  state(): SamplerState {
    return stateOf(this.#plan, this.#context.seed, this.#cursor.position, this.#draw.epoch);
  }

  /**
   * Goes on where a sampler of the same windows and order stood, with its seed; also with another batch size, and with
   * another number of shards if all of them stood at the same place.
   *
   * @param state What `state` gave, also after JSON.
   * @throws {RangeError} If the state is that of another kind of sampler, or of a longer stream.
   * @throws {TypeError} If it is no object.
   * @throws {StreamStoreError} If the store is closed (`closed`), or this is called by what another call has to read,
   * such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 2, order: "shuffle", batchSize: 3 });
   * const state = sampler.state();
   * const first = [...sampler.next()!.starts];
   * sampler.restore(state);
   * assert.deepEqual([...sampler.next()!.starts], first);
   * ```
   */
  restore(state: SamplerState): void {
    const action = "restore a sampler";
    const read = this.#source.connection.write(action, () => readState(state, this.#plan));
    this.#prepare(action);
    checkHeld(read, this.#plan, this.#source.connection);
    this.#setState(read);
  }

  /**
   * Sets the priorities of windows that were drawn, as in Schaul et al., "Prioritized experience replay", 2016. A
   * window that was never given one has the highest so far, and at least 1.
   *
   * @param ids The `ids` of a batch, shape `[B]`, or some of them.
   * @param priorities A finite number >= 0 for each, such as the error of a prediction, shape `[B]`. Where an id comes
   * twice the last counts.
   * @throws {RangeError} If an id is that of no window or a priority is no such number. None is set then.
   * @throws {TypeError} If the order is not prioritized, or one of the two is no list or typed array.
   * @throws {StreamStoreError} If the store is closed (`closed`), or this is called by what another call has to read,
   * such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 1, order: { kind: "prioritized", alpha: 1 }, batchSize: 50 });
   * sampler.updatePriorities([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
   * assert.ok(sampler.next()!.starts.every((start) => start === 9));
   * ```
   */
  updatePriorities(ids: ArrayLike<number>, priorities: ArrayLike<number>): void {
    this.#changePriorities("update priorities", (draw) => draw.update(ids, priorities));
  }

  /**
   * Writes all priorities to a file, for a sampler over the same store to load. The file is there whole or not at all,
   * and is durable when the call returns.
   *
   * @param path Of the file. Its folder must exist; a file that is there is replaced.
   * @throws {TypeError} If the order is not prioritized, or the path no string.
   * @throws {StreamStoreError} If the store is closed (`closed`), or the file cannot be written.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync, statSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/priorities`;
   * const order = { kind: "prioritized", alpha: 1 } as const;
   * const sampler = store.sampler({ tokens: 1, order });
   * sampler.updatePriorities([4], [1000]);
   * sampler.savePriorities(path);
   *
   * assert.equal(statSync(path).size, 48 + 8 * 10 + 32);
   * ```
   */
  savePriorities(path: string): void {
    this.#changePriorities("save priorities", (draw) => draw.save(path));
  }

  /**
   * Reads the priorities that `savePriorities` wrote. Windows that came later have the highest priority.
   *
   * @param path Of the file.
   * @throws {RangeError} If it is of a longer stream, or was saved with another `alpha`.
   * @throws {TypeError} If the order is not prioritized, or the path no string.
   * @throws {StreamStoreError} If the store is closed (`closed`), or the file is not there (`not-found`) or damaged
   * (`damaged`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = new StreamStore({ reward: 0 });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/priorities`;
   * const order = { kind: "prioritized", alpha: 1 } as const;
   * const sampler = store.sampler({ tokens: 1, order });
   * sampler.updatePriorities([4], [1000]);
   * sampler.savePriorities(path);
   *
   * const other = store.sampler({ tokens: 1, order, batchSize: 100 });
   * other.loadPriorities(path);
   * assert.ok(other.next()!.starts.filter((start) => start === 4).length > 50);
   * ```
   */
  loadPriorities(path: string): void {
    this.#changePriorities("load priorities", (draw) => draw.load(path));
  }

  /** What is called from within a call that reads what the caller hands over is refused: it is not the draws' turn. */
  #prepare(action: string): void {
    this.#source.connection.checkIdle(action);
    this.#source.prepare(action);
  }

  #changePriorities(action: string, change: (draw: PrioritizedDraw) => void): void {
    this.#prepare(action);
    const draw = this.#draw;
    if (!(draw instanceof PrioritizedDraw)) {
      throw new TypeError(`Cannot ${action}: the order must be prioritized, got ${this.#plan.order.kind}`);
    }
    this.#source.connection.write(action, () => change(draw));
  }

  #setState(state: SamplerState): void {
    this.#context.seed = BigInt(state.seed);
    this.#cursor.position = state.position;
    if (state.epoch !== undefined && this.#draw.epoch !== undefined) this.#draw.epoch = state.epoch;
  }

  #fill(batch: AnyBatch, size: number): Filling {
    const filling = fillingOf(this.#plan.window, this.#places, this.#slots, size);
    this.#filler.fill(batch, this.#plan.batchSize, filling);
    batch.starts.set(filling.starts);
    if (this.#draw instanceof PrioritizedDraw) this.#draw.describe(batch, size);
    return filling;
  }
}
