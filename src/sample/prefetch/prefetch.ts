import { StreamStoreError } from "../../error.ts";
import type { ExtraMap } from "../../extras.ts";
import type { AnyBatch, BatchOf } from "../batch.ts";
import type { BatchPlan, DrawSource } from "../batch_plan.ts";
import type { SamplerPlan } from "../plan.ts";
import { poolOf } from "../pool_of.ts";
import { Sampler } from "../sampler.ts";
import type { SamplerState } from "../state.ts";
import { BatchesAhead } from "./batches_ahead.ts";

/**
 * Draws batches of windows ahead, in a Worker that opens the store by its path and fills shared memory. The order is that
 * of a sampler without prefetching; windows are drawn from what was committed when they are drawn, up to `prefetch`
 * batches early.
 *
 * With the order `prioritized` windows are drawn here and filled in the Worker. Draws ahead are as of when they were
 * drawn: the call that gives a batch draws the one that comes `prefetch` calls later, and what `updatePriorities` says
 * meanwhile counts from the next draw on. A batch whose rows were dropped before the Worker came to it is drawn again.
 *
 * It pays where the trainer works while the next batches are made: one that is ready is taken within 1 or 2 µs. A loop
 * that only takes batches gains nothing. The two threads wake each other for several batches at once, as far as
 * `prefetch` allows: of small batches 8 and more ahead cost less than 2.
 *
 * Use it with `for await`: leaving the loop ends the Worker. Otherwise `close` does.
 *
 * A bundler must be given the Worker as another entry: a file `streamstore_worker.ts` beside the program's own that
 * imports `@streamstore/streamstore/worker`.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
 * for (let step = 0; step < 100; step++) store.append(step, { reward: step });
 * const sampler = store.sampler({ tokens: 10, batchSize: 4, order: "sequential", prefetch: 2 });
 * let windows = 0;
 * for await (const batch of sampler) windows += batch.size;
 * assert.equal(windows, 91);
 * ```
 */
export class PrefetchingSampler<Batch = AnyBatch> implements AsyncIterable<Batch> {
  readonly #source: DrawSource;
  /** Checks states, keeps priorities, and draws by them. */
  readonly #sampler: Sampler;
  readonly #ahead: BatchesAhead;

  /** Made by `store.sampler`. */
  constructor(source: DrawSource, path: string, plan: SamplerPlan, batch: BatchPlan) {
    this.#source = source;
    this.#sampler = new Sampler(poolOf(source, plan, batch), plan, batch);
    this.#ahead = new BatchesAhead({ path, plan, batch }, this.#sampler);
  }

  /** The seed, given or random. */
  get seed(): bigint {
    return BigInt(this.#ahead.state.seed);
  }

  /**
   * The next batch, or null after the last epoch. It is valid until the next call. The first call starts the Worker.
   *
   * @returns Columns of shape `[B, T]`, or `[B, S, W]` for dense fields, over shared memory.
   * @throws {RangeError} As `next` of {@link Sampler}. The call after it tries again, with another Worker.
   * @throws {StreamStoreError} If the store is closed, or the sampler was closed meanwhile (`closed`), the last call has
   * not ended (`busy`), the Worker cannot open or read the store, or it has crashed or was ended from outside
   * (`internal`): the last is found out about a second after the last batch that it had made.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * using sampler = store.sampler({ tokens: 2, batchSize: 4, order: "sequential", prefetch: 2 });
   * const batch = (await sampler.next())!;
   * assert.deepEqual([...batch.starts], [0, 1, 2, 3]);
   * ```
   */
  async next(): Promise<Batch | null> {
    if (this.#ahead.isAwaited) {
      throw new StreamStoreError(
        "busy",
        "Cannot sample: the batch before must have come, got a second call of next",
      );
    }
    this.#source.prepare("sample");
    return await this.#ahead.next() as Batch | null;
  }

  /**
   * Batches until the last epoch ends. Leaving the loop ends the Worker.
   *
   * @returns An iterator that calls `next`.
   * @throws {RangeError} As `next` does.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * let windows = 0;
   * const options = { tokens: 2, order: "shuffle", epochs: 1, prefetch: 2 } as const;
   * for await (const { size } of store.sampler(options)) windows += size;
   * assert.equal(windows, 9);
   * ```
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    try {
      for (let batch = await this.next(); batch !== null; batch = await this.next()) yield batch;
    } finally {
      this.close();
    }
  }

  /**
   * Where the sampler stands after the last batch that `next` returned. Batches made ahead do not count.
   *
   * @returns What `restore` takes, also that of a sampler without `prefetch`.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * using sampler = store.sampler({ tokens: 2, batchSize: 4, order: "shuffle", prefetch: 2 });
   * await sampler.next();
   * assert.equal(sampler.state().position, 4);
   * ```
   */
  state(): SamplerState {
    return this.#ahead.state;
  }

  /**
   * As that of {@link Sampler}. Batches made ahead are thrown away.
   *
   * @param state What `state` gave, also after JSON.
   * @throws {RangeError} If the state is that of another kind of sampler, or of a longer stream.
   * @throws {TypeError} If it is no object.
   * @throws {StreamStoreError} If the store is closed (`closed`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * using sampler = store.sampler({ tokens: 2, batchSize: 4, order: "sequential", prefetch: 2 });
   * const state = sampler.state();
   * await sampler.next();
   * sampler.restore(state);
   * assert.deepEqual([...(await sampler.next())!.starts], [0, 1, 2, 3]);
   * ```
   */
  restore(state: SamplerState): void {
    this.#sampler.restore(state);
    this.#ahead.restore(this.#sampler.state());
  }

  /**
   * As that of {@link Sampler}: what is drawn from now on follows it. Batches that were drawn ahead stay as they are.
   *
   * @param ids The `ids` of a batch, shape `[B]`, or some of them.
   * @param priorities A finite number >= 0 for each, shape `[B]`. Where an id comes twice the last counts.
   * @throws {RangeError} If an id is that of no window or a priority is no such number. None is set then.
   * @throws {TypeError} If the order is not prioritized, or one of the two is no list or typed array.
   * @throws {StreamStoreError} If the store is closed (`closed`), or this is called by what another call has to read,
   * such as a getter (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * using sampler = store.sampler({ tokens: 1, order: { kind: "prioritized" }, batchSize: 4, prefetch: 1 });
   * await sampler.next();
   * sampler.updatePriorities([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
   * await sampler.next(); // was drawn with the first
   * assert.deepEqual([...(await sampler.next())!.starts], [9, 9, 9, 9]);
   * ```
   */
  updatePriorities(ids: ArrayLike<number>, priorities: ArrayLike<number>): void {
    this.#sampler.updatePriorities(ids, priorities);
  }

  /**
   * As that of {@link Sampler}: all priorities as they are now.
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
   * const folder = mkdtempSync(`${tmpdir()}/example-`);
   * using store = StreamStore.open(`${folder}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * using sampler = store.sampler({ tokens: 1, order: { kind: "prioritized" }, prefetch: 2 });
   * sampler.savePriorities(`${folder}/priorities`);
   * assert.equal(statSync(`${folder}/priorities`).size, 48 + 8 * 10 + 32);
   * ```
   */
  savePriorities(path: string): void {
    this.#sampler.savePriorities(path);
  }

  /**
   * As that of {@link Sampler}: what is drawn from now on follows them. To go on where a run was, load and then `restore`,
   * which throws away what was drawn ahead.
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
   * const folder = mkdtempSync(`${tmpdir()}/example-`);
   * using store = StreamStore.open(`${folder}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const options = { tokens: 1, order: { kind: "prioritized" }, batchSize: 4, prefetch: 2 } as const;
   * using sampler = store.sampler(options);
   * sampler.updatePriorities([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
   * sampler.savePriorities(`${folder}/priorities`);
   *
   * using other = store.sampler(options);
   * other.loadPriorities(`${folder}/priorities`);
   * assert.deepEqual([...(await other.next())!.starts], [9, 9, 9, 9]);
   * ```
   */
  loadPriorities(path: string): void {
    this.#sampler.loadPriorities(path);
  }

  /**
   * Ends the Worker. The next call of `next` starts another one, which goes on. Closing twice does nothing.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * using store = StreamStore.open(`${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`, { fields: { reward: 0 } });
   * for (let step = 0; step < 10; step++) store.append(step, { reward: step });
   * const sampler = store.sampler({ tokens: 2, batchSize: 4, order: "sequential", prefetch: 2 });
   * await sampler.next();
   * sampler.close();
   * assert.equal((await sampler.next())!.starts[0], 4);
   * sampler.close();
   * ```
   */
  close(): void {
    this.#ahead.close();
  }

  /** The same as `close`, for `using sampler = …`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The sampler that {@linkcode StreamStore.sampler} makes of options: with `prefetch` one that works ahead, and where
 * only the program's run decides whether there is a `prefetch`, either.
 */
export type SamplerOf<Options, Extras extends ExtraMap = ExtraMap> = [Ahead<Options>] extends [undefined]
  ? Sampler<BatchOf<Options, Extras>>
  : undefined extends Ahead<Options>
    ? Sampler<BatchOf<Options, Extras>> | PrefetchingSampler<BatchOf<Options, Extras>>
  : PrefetchingSampler<BatchOf<Options, Extras>>;

/**
 * What options say of `prefetch`.
 *
 * @internal
 */
type Ahead<Options> = "prefetch" extends keyof Options ? Options["prefetch"] : undefined;
