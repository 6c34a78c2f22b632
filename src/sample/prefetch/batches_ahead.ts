import { StreamStoreError } from "../../error.ts";
import type { AnyBatch } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import type { BatchPlan } from "../batch_plan.ts";
import { giveExtras } from "../extra_fill.ts";
import type { SamplerPlan } from "../plan.ts";
import type { SamplerState } from "../state.ts";
import {
  type BatchReport,
  closedError,
  errorOf,
  type LastReport,
  type Order,
  type Report,
  reportError,
} from "./messages.ts";

/** Translated modules stay beside each other. A bundler puts all into one file, and the Worker's into another. */
const ending = /\/batches_ahead\.(ts|js)$/.exec(import.meta.url)?.[1];
const workerName = ending === undefined ? "streamstore_worker.js" : `worker.${ending}`;
const workerUrl = new URL(`./${workerName}`, import.meta.url).href;

/** What a Worker is to make, and of which store. */
export interface Job {
  readonly path: string;
  readonly plan: SamplerPlan;
  readonly batch: BatchPlan;
}

/**
 * Batches that a Worker makes ahead, one after another. The Worker is started by the first, and again by the first after
 * an end of it.
 */
export class BatchesAhead {
  readonly #layout: BatchLayout;
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

  /** @param state Where to begin. */
  constructor(private readonly job: Job, state: SamplerState) {
    this.#layout = new BatchLayout(job.batch);
    this.#state = state;
  }

  /** Where a sampler stands that has made last the batch that was taken last. */
  get state(): SamplerState {
    return this.#state;
  }

  /** Whether a call of `next` has not ended. */
  get isAwaited(): boolean {
    return this.#wake !== null;
  }

  /** The next batch, or null after the last epoch. It is the Worker's again with the next call. */
  async next(): Promise<AnyBatch | null> {
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
    const batch = report.size === filled.size ? shown : this.#layout.head(filled, report.size);
    if (report.extra !== null) giveExtras(batch, report.extra);
    return batch;
  }

  /** Throws away what was made, and goes on from a state. */
  restore(state: SamplerState): void {
    this.#state = state;
    if (this.#worker === null) return;
    this.#generation++;
    this.#last = null;
    this.#send({ kind: "restore", state, generation: this.#generation });
    for (const { slot } of this.#ready.splice(0)) this.#send({ kind: "free", slot });
  }

  /** Ends the Worker. */
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

  #start(): void {
    const worker = new Worker(workerUrl, { type: "module" });
    const buffers = Array.from(
      { length: this.job.plan.prefetch! + 1 },
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
      this.#send({ kind: "start", ...this.job, buffers, state, generation });
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
