import { StreamStoreError } from "../../error.ts";
import { builtin } from "../../native/builtin.ts";
import { runtime } from "../../native/load.ts";
import { type StartedWorker, startWorker, workerUrl } from "../../native/worker.ts";
import type { AnyBatch, ExtraWindows } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import type { BatchPlan } from "../batch_plan.ts";
import { giveExtras } from "../extra_fill.ts";
import type { SamplerPlan } from "../plan.ts";
import type { SamplerState } from "../state.ts";
import type { Sampler } from "../sampler.ts";
import { drawnBytes, DrawsAhead, isDrawnFirst } from "./drawn.ts";
import { errorOf, type LastReport, type Order, type Report, reportError } from "./messages.ts";
import { allocateRing, type BatchReport, Taker } from "./ring.ts";

/**
 * A trainer that is faster than the Worker waits for a batch without giving up its turn, as it would make it itself; for
 * no longer than this, after which a message wakes it, some ten microseconds late.
 */
const waitMsMax = 1;

/** Batches that are ready need no turn of the event loop. It gets one so often, for timers and for what else goes on. */
const turnMs = 10;

/**
 * Nobody is told of a Worker that was ended from outside. While a batch is waited for its thread is looked for so often;
 * a Worker that has not said which it is may take so long to load its modules.
 */
const watchMs = 200;
const startMsMax = 60_000;

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
  /** Where windows are drawn here, and the Worker fills batches with them. */
  readonly #draws: DrawsAhead | null;
  #worker: StartedWorker | null = null;
  #ring: Taker | null = null;
  #batches: ReturnType<BatchLayout["over"]>[] = [];
  #generation = 0;
  /** Whether the Worker was told what to make. What is sent to it before would be lost. */
  #isTold = false;
  #hasCrashed = false;
  /** The Worker's thread, once it has said which it is; and since when it is waited for, or seen to be gone. */
  #thread: number | null = null;
  #missingSince: number | null = null;
  /** Text and bytes of batches, by number. They come by messages. */
  readonly #extras = new Map<number, ExtraWindows>();
  /** What comes after the batches that are ready: the end or an error. */
  #last: LastReport | null = null;
  #isAwaited = false;
  #wake: (() => void) | null = null;
  /** Whether the batch in the ring is with the caller. */
  #isTaken = false;
  /** Since when the event loop has had no turn; null where it has had one. */
  #turnAsked: number | null = null;
  #state: SamplerState;

  /** @param sampler Begins where it stands, and draws by its priorities. */
  constructor(private readonly job: Job, sampler: Sampler) {
    this.#layout = new BatchLayout(job.batch);
    this.#draws = isDrawnFirst(job.plan) ? new DrawsAhead(sampler, job.plan) : null;
    this.#state = sampler.state();
  }

  /** Where a sampler stands that has made last the batch that was taken last. */
  get state(): SamplerState {
    return this.#state;
  }

  /** Whether a call of `next` has not ended. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** The next batch, or null after the last epoch. It is the Worker's again with the next call. */
  async next(): Promise<AnyBatch | null> {
    if (this.#worker === null) this.#start();
    if (this.#isTaken) this.#ring!.release();
    this.#isTaken = false;
    this.#isAwaited = true;
    try {
      if (this.#isTurnDue()) await new Promise<void>((resolve) => builtin.timers.setImmediate(resolve));
      for (let waits = 0;; waits++) {
        this.#drawAhead();
        const report = this.#peek();
        if (report !== null) return this.#hand(report);
        if (this.#last !== null || this.#worker === null) return this.#finish();
        await this.#more(waits);
      }
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#isAwaited = false;
    }
  }

  #drawAhead(): void {
    if (this.#ring !== null) this.#draws?.fill(this.#ring, this.#batches, this.#generation);
  }

  /** Whether the Worker has nothing to do until more is drawn: it would be waited for in vain. */
  get #isDrawDue(): boolean {
    return this.#draws !== null && this.#ring!.pending === 0;
  }

  /** The oldest batch that is of use, with what belongs to it. */
  #peek(): BatchReport | null {
    const ring = this.#ring;
    let report = ring?.peek() ?? null;
    while (report !== null && report.generation !== this.#generation) {
      this.#extras.delete(ring!.number);
      ring!.release();
      report = ring!.peek();
    }
    if (report === null || report.size === 0 || this.job.plan.extra === null) return report;
    return this.#extras.has(ring!.number) ? report : null;
  }

  #hand({ size, position, epoch }: BatchReport): AnyBatch {
    const { number, slot } = this.#ring!;
    const { filled, shown } = this.#batches[slot];
    // What the Worker could not fill has the size 0.
    const extra = size === 0 ? this.#draws!.again(this.#state, filled) : this.#extras.get(number);
    this.#isTaken = true;
    this.#state = { ...this.#state, position, ...(epoch === undefined ? {} : { epoch }) };
    const batch = size === 0 || size === filled.size ? shown : this.#layout.head(filled, size);
    if (extra !== undefined) giveExtras(batch, extra);
    this.#extras.delete(number);
    return batch;
  }

  /** Waits for a batch or a message. What the Worker says comes by the event loop. */
  async #more(waits: number): Promise<void> {
    const ring = this.#ring!;
    if (this.#isDrawDue) return;
    if (waits === 0 && ring.number > 0 && this.job.plan.extra === null) {
      ring.wait(waitMsMax);
      if (this.#peek() !== null) return;
    }
    const woken = new Promise<void>((resolve) => this.#wake = resolve);
    ring.await();
    if (this.#peek() !== null || this.#isDrawDue) return;
    const watch = setInterval(() => this.#watch(), watchMs);
    await woken;
    clearInterval(watch);
  }

  /**
   * A Worker that has crashed says so itself: it has a second more for that. One that Deno ends goes on until it gives up its
   * turn, but the message that there is a batch is lost.
   */
  #watch(): void {
    const isThere = this.#thread !== null && !this.#hasEnded && this.#peek() === null;
    this.#missingSince = isThere ? null : this.#missingSince ?? performance.now();
    const missingMs = performance.now() - (this.#missingSince ?? Infinity);
    if (missingMs < (this.#thread === null ? startMsMax : 1000)) return;
    const what = this.#thread === null ? `not begun within ${startMsMax / 1000} s` : "ended without a word";
    this.#crash(`the Worker has ${what}, as one that was ended from outside`);
  }

  get #hasEnded(): boolean {
    return this.#thread !== null && runtime.tables.threads.ss_thread_check(this.#thread) === 1;
  }

  #crash(what: string): void {
    this.#hasCrashed = true;
    const crash = new StreamStoreError("internal", `Cannot sample: ${what}`);
    this.#take(reportError(crash, this.#generation));
  }

  #isTurnDue(): boolean {
    const now = performance.now();
    if (this.#turnAsked !== null) return now - this.#turnAsked > turnMs;
    this.#turnAsked = now;
    builtin.timers.setImmediate(() => this.#turnAsked = null);
    return false;
  }

  /** Throws away what was made, and goes on from a state. */
  restore(state: SamplerState): void {
    this.#state = state;
    // A batch that was drawn here is of the time when it was drawn, whenever it is filled.
    if (this.#draws !== null) this.#generation++;
    if (this.#draws !== null || this.#worker === null || !this.#isTold) return;
    this.#generation++;
    this.#last = null;
    this.#send({ kind: "restore", state, generation: this.#generation });
  }

  /** Ends the Worker. */
  close(): void {
    const worker = this.#worker;
    if (worker === null) return;
    const ring = this.#ring;
    this.#worker = this.#ring = this.#last = null;
    this.#extras.clear();
    this.#isTaken = false;
    this.#notify();
    if (this.#hasCrashed || this.#hasEnded) {
      // One that waits for room gives up its turn.
      ring?.order();
      return worker.terminate();
    }
    // It closes its store before it ends; one that is stuck is ended all the same.
    const timer = setTimeout(() => worker.terminate(), 5000);
    worker.onmessage = ({ data }: { data: Report }) => {
      if (data.kind === "ready") worker.postMessage({ kind: "close" } satisfies Order);
      if (data.kind !== "closed") return;
      clearTimeout(timer);
      worker.terminate();
    };
    worker.postMessage({ kind: "close" } satisfies Order);
    ring?.order();
  }

  #start(): void {
    const slotBytes = this.#layout.byteLength + drawnBytes(this.job.plan);
    const memory = allocateRing(this.job.plan.prefetch! + 1, slotBytes);
    this.#draws?.begin(this.#state, memory.slots);
    const worker = startWorker(workerUrl);
    this.#batches = memory.slots.map((slot) => this.#layout.over(slot));
    this.#worker = worker;
    this.#ring = new Taker(memory);
    this.#last = null;
    this.#isTold = this.#hasCrashed = false;
    this.#thread = this.#missingSince = null;
    this.#generation++;
    worker.onmessage = ({ data }: { data: Report }) => {
      if (data.kind !== "ready") return this.#take(data);
      this.#isTold = true;
      this.#thread = data.thread;
      const [state, generation] = [this.#state, this.#generation];
      this.#send({ kind: "start", ...this.job, memory, state, generation });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(`the Worker has crashed: ${event.message}`);
    };
  }

  #take(report: Report): void {
    const isOld = this.#draws === null && "generation" in report && report.generation !== this.#generation;
    if (report.kind === "extra") this.#extras.set(report.number, report.extra);
    if ((report.kind === "end" || report.kind === "error") && !isOld) this.#last = report;
    this.#notify();
  }

  #notify(): void {
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

  #send(order: Order): void {
    this.#worker!.postMessage(order);
    this.#ring!.order();
  }
}
