import { builtin } from "../native/builtin.ts";
import type { Appender } from "../append/appender.ts";
import { StreamStoreError } from "../error.ts";
import { describe } from "../fields.ts";

/**
 * How often something is done: after so many steps, after so much time, or whichever comes first. Part of
 * {@linkcode ScheduleOptions}.
 */
export interface Interval {
  /** Steps that were appended, a whole number above 0. */
  readonly steps?: number;
  /** Milliseconds, a whole number above 0 and below 2 ** 31. Time counts only while the event loop runs. */
  readonly ms?: number;
}

/**
 * How often steps are committed, so that readers see them, and how often they are made durable. Without either that is
 * when the tail is full, or when `flush`, `sync`, `close` or a read of the writer's own does it. What could not be
 * done is thrown by the next call of `append`, `flush`, `sync` or `close`. Part of {@linkcode OpenOptions}.
 */
export interface ScheduleOptions {
  /** How often readers see new steps, in steps or milliseconds. */
  readonly commitEvery?: Interval;
  /** How often steps are made durable, which also commits them, in steps or milliseconds. */
  readonly syncEvery?: Interval;
}

/** Commits and syncs a store as its options say. */
export class Schedule {
  readonly #timers: ReturnType<typeof builtin.timers.setInterval>[] = [];
  readonly #commitSteps: number;
  readonly #syncSteps: number;
  #committedRows: number;
  #syncedRows: number;
  /** What could not be done, until somebody can be told: the step that it was due after is appended all the same. */
  #failure: unknown = null;

  constructor(private readonly appender: Appender, options: ScheduleOptions) {
    this.#commitSteps = options.commitEvery?.steps ?? Infinity;
    this.#syncSteps = options.syncEvery?.steps ?? Infinity;
    this.#committedRows = appender.rowCount;
    this.#syncedRows = appender.rowCount;
    this.#setDueRow();
    this.#addTimer(options.commitEvery?.ms, () => this.#commit());
    this.#addTimer(options.syncEvery?.ms, () => this.#sync());
  }

  /** Throws what could not be done since the last call. */
  check(): void {
    const failure = this.#failure;
    if (failure === null) return;
    this.#failure = null;
    this.#setDueRow();
    throw failure;
  }

  /** Does what is due at the number of rows there are. */
  run(): void {
    this.#attempt(() => {
      if (this.appender.rowCount >= this.#syncedRows + this.#syncSteps) this.#sync();
      else this.#commit();
    });
  }

  /** The same where there are enough rows for it; what has just failed waits for the next call. */
  runDue(): void {
    if (this.#failure === null && this.appender.rowCount > this.appender.dueRow) this.run();
  }

  /** Rows were committed behind the appender's back. */
  noteBatch(): void {
    this.#committedRows = this.appender.rowCount;
    if (this.appender.rowCount > this.appender.dueRow) this.run();
    else this.#setDueRow();
  }

  stop(): void {
    for (const timer of this.#timers) builtin.timers.clearInterval(timer);
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
    const timer = builtin.timers.setInterval(() => this.#attempt(action), ms);
    timer.unref();
    this.#timers.push(timer);
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      // While rows are being loaded nothing can be committed; the timer comes again.
      if (error instanceof StreamStoreError && error.code === "busy") return;
      this.#failure ??= error;
      // So that the very next append asks.
      this.appender.dueRow = -1;
    }
  }
}

/** The longest time that a timer takes: one that is longer comes at once. */
const msMax = 2 ** 31 - 1;

/** Throws for an interval that is none, before anything is opened. */
export function checkIntervals(options: ScheduleOptions): void {
  for (const [name, interval] of Object.entries(options) as [string, unknown][]) {
    if (interval === undefined) continue;
    const refuse = (got: string) => {
      const wanted = `{ steps, ms } of positive integers, ms <= ${msMax}`;
      return new RangeError(`Cannot open a store: ${name} must be ${wanted}, got ${got}`);
    };
    if (typeof interval !== "object" || interval === null) throw refuse(describe(interval));
    for (const [unit, count] of Object.entries(interval)) {
      const max = unit === "ms" ? msMax : unit === "steps" ? Infinity : 0;
      if (count === undefined && max > 0) continue;
      if (!(Number.isInteger(count) && count > 0 && count <= max)) throw refuse(`${unit} ${describe(count)}`);
    }
  }
}
