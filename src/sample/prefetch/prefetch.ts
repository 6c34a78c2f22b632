import { StreamStoreError } from "../../error.ts";
import type { AnyBatch, BatchOf } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import { type BatchPlan, planBatch, type SampleSource } from "../batch_plan.ts";
import { Checks } from "../checks.ts";
import type { PrefetchOptions } from "../options.ts";
import { parseSamplerOptions } from "../parse_options.ts";
import type { SamplerPlan } from "../plan.ts";
import {
  type BatchReport,
  closedError,
  errorOf,
  type LastReport,
  type Order,
  type Report,
  reportError,
} from "./messages.ts";
import { Sampler } from "../sampler.ts";
import type { SamplerState } from "../state.ts";

/** Translated modules stay beside each other. A bundler puts all into one file, and the Worker's into another. */
const ending = /\/prefetch\.(ts|js)$/.exec(import.meta.url)?.[1];
const workerName = ending === undefined ? "streamstore_worker.js" : `worker.${ending}`;
const workerUrl = new URL(`./${workerName}`, import.meta.url).href;

/**
 * Draws batches of windows ahead, in a Worker that opens the store by its path and fills shared memory. The order is that
 * of a sampler without prefetching; windows are drawn from what was committed when they are drawn, up to `prefetch`
 * batches early.
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
  readonly #source: SampleSource;
  readonly #job: { readonly path: string; readonly plan: SamplerPlan; readonly batch: BatchPlan };
  readonly #layout: BatchLayout;
  /** Checks states, and has that of the last batch that was handed out. */
  readonly #sampler: Sampler;
  #worker: Worker | null = null;
  #buffers: ReturnType<BatchLayout["over"]>[] = [];
  #generation = 0;
  #hasCrashed = false;
  #ready: BatchReport[] = [];
  /** What comes after the batches that are ready: the end or an error. */
  #last: LastReport | null = null;
  #wake: (() => void) | null = null;
  #heldSlot: number | null = null;
  #state: SamplerState;

  /** Made by `store.sampler`. */
  constructor(source: SampleSource, path: string, plan: SamplerPlan, batch: BatchPlan) {
    this.#source = source;
    this.#job = { path, plan, batch };
    this.#sampler = new Sampler(source, plan, batch);
    this.#layout = new BatchLayout(batch);
    this.#state = this.#sampler.state();
  }

  /** The seed, given or random. */
  get seed(): bigint {
    return BigInt(this.#state.seed);
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
    if (this.#wake !== null) {
      throw new StreamStoreError(
        "busy",
        "Cannot sample: the batch before must have come, got a second call of next",
      );
    }
    this.#source.prepare("sample");
    if (this.#worker === null) this.#start();
    this.#release();
    if (this.#ready.length === 0 && this.#last === null) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const report = this.#ready.shift();
    if (report === undefined) return this.#finish();
    this.#state = report.state;
    this.#heldSlot = report.slot;
    const { filled, shown } = this.#buffers[report.slot];
    return (report.size === filled.size ? shown : this.#layout.head(filled, report.size)) as Batch;
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
    return this.#state;
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
    this.#state = this.#sampler.state();
    if (this.#worker === null) return;
    this.#generation++;
    this.#last = null;
    this.#send({ kind: "restore", state: this.#state, generation: this.#generation });
    for (const { slot } of this.#ready.splice(0)) this.#send({ kind: "free", slot });
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
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    this.#ready = [];
    this.#heldSlot = null;
    this.#last = reportError(closedError(), 0);
    this.#notify();
    this.#last = null;
    if (this.#hasCrashed) return worker.terminate();
    // It closes its store before it ends; one that is stuck is ended all the same.
    const timer = setTimeout(() => worker.terminate(), 5000);
    worker.onmessage = ({ data }: { data: Report }) => {
      if (data.kind === "ready") worker.postMessage({ kind: "close" } satisfies Order);
      if (data.kind !== "closed") return;
      clearTimeout(timer);
      worker.terminate();
    };
    worker.postMessage({ kind: "close" } satisfies Order);
  }

  /** The same as `close`, for `using sampler = …`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #start(): void {
    const worker = new Worker(workerUrl, { type: "module" });
    const buffers = Array.from(
      { length: this.#job.plan.prefetch! + 1 },
      () => new SharedArrayBuffer(this.#layout.byteLength),
    );
    this.#buffers = buffers.map((buffer) => this.#layout.over(buffer));
    this.#worker = worker;
    this.#last = null;
    this.#hasCrashed = false;
    this.#generation++;
    worker.onmessage = ({ data }: { data: Report }) => {
      if (data.kind !== "ready") return this.#take(data);
      // The sampler may have been restored since, which the Worker has not heard of.
      const [state, generation] = [this.#state, this.#generation];
      this.#send({ kind: "start", ...this.#job, buffers, state, generation });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#hasCrashed = true;
      const crash = new StreamStoreError(
        "internal",
        `Cannot sample: the Worker has crashed: ${event.message}`,
      );
      this.#take(reportError(crash, this.#generation));
    };
  }

  #take(report: Report): void {
    const isOld = "generation" in report && report.generation !== this.#generation;
    if (report.kind === "batch") {
      if (isOld) this.#send({ kind: "free", slot: report.slot });
      else this.#ready.push(report);
    } else if ((report.kind === "end" || report.kind === "error") && !isOld) this.#last = report;
    this.#notify();
  }

  #notify(): void {
    if (this.#ready.length === 0 && this.#last === null) return;
    this.#wake?.();
    this.#wake = null;
  }

  /** The end of the last epoch, or the error, after which another Worker can try again. */
  #finish(): null {
    const last = this.#last;
    if (last?.kind === "end") {
      this.#state = last.state;
      return null;
    }
    this.close();
    throw errorOf(last);
  }

  /** Gives back the batch that was handed out last. */
  #release(): void {
    if (this.#heldSlot !== null) this.#send({ kind: "free", slot: this.#heldSlot });
    this.#heldSlot = null;
  }

  #send(order: Order): void {
    this.#worker?.postMessage(order);
  }
}

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

/** A sampler as its options say. `directory` is null for a temporary store. */
export function makeSampler(
  source: SampleSource,
  directory: string | null,
  given: PrefetchOptions,
): Sampler | PrefetchingSampler {
  const checks = new Checks("Cannot make a sampler");
  const plan = parseSamplerOptions(given, source.fields, checks);
  if (plan.prefetch !== null && directory === null) {
    const allowed = "left out for a temporary store, which no Worker can open";
    throw checks.refuse("prefetch", allowed, plan.prefetch);
  }
  source.prepare("make a sampler");
  const batch = planBatch(plan, [source], checks.action);
  return plan.prefetch === null
    ? new Sampler(source, plan, batch)
    : new PrefetchingSampler(source, directory!, plan, batch);
}
