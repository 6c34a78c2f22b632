import type { AnyBatch } from "./batch.ts";
import { BatchLayout } from "./batch_layout.ts";
import type { BatchPlan } from "./batch_plan.ts";
import { Cursor, type Draw, type DrawContext, drawOf } from "./orders.ts";
import type { SamplerPlan } from "./plan.ts";
import type { Pool, RowMemory } from "./pool.ts";
import { PrioritizedDraw } from "./prioritized.ts";
import { allocatePlaces, type EpochState, type Places } from "./space.ts";
import { readState, type SamplerState, stateOf } from "./state.ts";

/** Draws the windows of the next batch, by their priorities, for somebody else to fill it. */
export let drawPlaces: (sampler: Sampler, batch: AnyBatch, places: Places, rows: RowMemory | null) => void;

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
  readonly #pool: Pool;
  readonly #plan: SamplerPlan;
  readonly #cursor: Cursor;
  readonly #context: DrawContext;
  readonly #draw: Draw;
  readonly #layout: BatchLayout;
  readonly #places: Places;

  /** Made by `store.sampler`. */
  constructor(pool: Pool, plan: SamplerPlan, batch: BatchPlan) {
    const { batchSize, order, epochs } = plan;
    this.#pool = pool;
    this.#plan = plan;
    this.#cursor = new Cursor(plan.shard);
    const { native, windows } = pool;
    this.#context = { native, windows, cursor: this.#cursor, seed: plan.seed };
    this.#draw = order.kind === "prioritized"
      ? new PrioritizedDraw(this.#context, batchSize, order)
      : pool.drawOf?.(this.#context, batchSize) ?? drawOf(order, this.#context, batchSize, epochs);
    this.#layout = new BatchLayout(batch);
    this.#places = allocatePlaces(batchSize);
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
    const pool = this.#pool;
    const reading = <Read>(read: () => Read) => pool.reading("sample", read);
    const { filled, shown } = this.#layout.pick(out as AnyBatch | undefined, reading);
    pool.prepare("sample");
    const { position, epoch } = this.place;
    try {
      const size = this.#draw.draw(this.#plan.batchSize, this.#places);
      if (size === 0) return null;
      this.#fill(filled, size);
      const batch = size === this.#plan.batchSize ? shown : this.#layout.head(filled, size);
      pool.giveExtras(batch, size, this.#places);
      return batch as Batch;
    } catch (error) {
      // Draws that nobody got are made again.
      this.#setPosition(position, epoch);
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
    const state = stateOf(this.#plan, this.#context.seed, this.#cursor.position, this.#draw.epoch);
    const sources = this.#pool.sourcesText?.(this.#pool.sourceCount!);
    return sources === undefined ? state : { ...state, sources };
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
    const read = this.#pool.reading(action, () => readState(state, this.#plan, this.#pool));
    this.#pool.prepare(action);
    this.#pool.checkHeld(read);
    this.#context.seed = BigInt(read.seed);
    this.#setPosition(read.position, read.epoch);
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

  /** What of the state changes with every batch. @internal */
  get place(): { readonly position: number; readonly epoch: EpochState | undefined } {
    return { position: this.#cursor.position, epoch: this.#draw.epoch };
  }

  static {
    drawPlaces = (sampler, batch, places, rows) => {
      sampler.#pool.prepare("sample");
      const size = sampler.#draw.draw(sampler.batchSize, places);
      if (rows !== null) sampler.#pool.list!(size, places, rows);
      if (sampler.#draw instanceof PrioritizedDraw) sampler.#draw.describe(batch, size);
    };
  }

  #changePriorities(action: string, change: (draw: PrioritizedDraw) => void): void {
    this.#pool.prepare(action);
    const draw = this.#draw;
    if (!(draw instanceof PrioritizedDraw)) {
      throw new TypeError(`Cannot ${action}: the order must be prioritized, got ${this.#plan.order.kind}`);
    }
    this.#pool.reading(action, () => change(draw));
  }

  #setPosition(position: number, epoch: EpochState | undefined): void {
    this.#cursor.position = position;
    if (epoch !== undefined && this.#draw.epoch !== undefined) this.#draw.epoch = epoch;
  }

  #fill(batch: AnyBatch, size: number): void {
    this.#pool.fill(batch, size, this.#places);
    const { anchors, starts } = this.#places;
    batch.starts.set(this.#plan.window.reach === null ? starts : anchors);
    if (this.#draw instanceof PrioritizedDraw) this.#draw.describe(batch, size);
  }
}
