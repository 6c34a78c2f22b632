import { clearInterval, setInterval } from "node:timers";
import type { Appender } from "./appender.ts";
import { describe } from "./fields.ts";

/** How often something is done: after so many steps, after so much time, or whichever comes first. */
export interface Interval {
  readonly steps?: number;
  /** Milliseconds. Time counts only while the event loop runs. */
  readonly ms?: number;
}

/** How often steps are committed, so that readers see them, and how often they are made durable. */
export interface ScheduleOptions {
  readonly commitEvery?: Interval;
  readonly syncEvery?: Interval;
}

/** Commits and syncs a store as its options say. */
export class Schedule {
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #commitSteps: number;
  readonly #syncSteps: number;
  #committedRows: number;
  #syncedRows: number;
  /** What a timer could not do, until somebody can be told. */
  #failure: unknown = null;

  constructor(private readonly appender: Appender, options: ScheduleOptions) {
    this.#commitSteps = options.commitEvery?.steps ?? Infinity;
    this.#syncSteps = options.syncEvery?.steps ?? Infinity;
    this.#committedRows = appender.rowCount;
    this.#syncedRows = appender.rowCount;
    this.#setDueRow();
    appender.onDue = () => this.#run();
    this.#addTimer(options.commitEvery?.ms, () => this.#commit());
    this.#addTimer(options.syncEvery?.ms, () => this.#sync());
  }

  /** Throws what a timer could not do. */
  check(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #run(): void {
    if (this.appender.rowCount >= this.#syncedRows + this.#syncSteps) this.#sync();
    else this.#commit();
  }

  #commit(): void {
    if (this.appender.rowCount > this.#committedRows) this.appender.flush();
    this.#committedRows = this.appender.rowCount;
    this.#setDueRow();
  }

  #sync(): void {
    if (this.appender.rowCount > this.#syncedRows) this.appender.sync();
    this.#syncedRows = this.appender.rowCount;
    this.#committedRows = this.appender.rowCount;
    this.#setDueRow();
  }

  /** One row less than is due: from then on every append asks. */
  #setDueRow(): void {
    this.appender.dueRow =
      Math.min(this.#committedRows + this.#commitSteps, this.#syncedRows + this.#syncSteps) - 1;
  }

  #addTimer(ms: number | undefined, action: () => void): void {
    if (ms === undefined) return;
    const timer = setInterval(() => {
      try {
        action();
      } catch (error) {
        this.#failure ??= error;
      }
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}

/** Throws for an interval that is none, before anything is opened. */
export function checkIntervals(options: ScheduleOptions): void {
  for (const [name, interval] of Object.entries(options)) {
    for (const [unit, count] of Object.entries((interval ?? {}) as Record<string, unknown>)) {
      const isUnit = unit === "steps" || unit === "ms";
      if (isUnit && (count === undefined || (Number.isInteger(count) && count as number > 0))) continue;
      throw new RangeError(
        `Cannot open a store: ${name} must be { steps, ms } of positive integers, got ${unit} ${
          describe(count)
        }`,
      );
    }
  }
}
