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
 * It pays where the trainer works while the next batches are made: one that is ready is taken within 1 or 2 µs. A loop
 * that only takes batches gains nothing.
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
  /** Checks states. */
  readonly #sampler: Sampler;
  readonly #ahead: BatchesAhead;

  /** Made by `store.sampler`. */
  constructor(source: DrawSource, path: string, plan: SamplerPlan, batch: BatchPlan) {
    this.#source = source;
    this.#sampler = new Sampler(poolOf(source, plan, batch), plan, batch);
    this.#ahead = new BatchesAhead({ path, plan, batch }, this.#sampler.state());
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
   * not ended (`busy`), the Worker cannot open or read the store, or it has crashed (`internal`).
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
