import { builtin } from "../native/builtin.ts";

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
 * When something is due: so many steps after it was last done, or so long after the first step since. A timer, which
 * is there from that step on only and holds no process back, comes while the event loop runs; whoever appends without
 * letting it run asks `isDue` from time to time, at the rows that `nextRow` says.
 */
export class Deadline {
  readonly #steps: number;
  readonly #ms: number;
  readonly #onTimer: () => void;
  /** Rows there were when it was last done. */
  #doneRows: number;
  /** When the first step since then was noticed, and how many rows there were then. */
  #firstMs = 0;
  #firstRows = 0;
  /** Milliseconds from then to the last look at the clock. */
  #elapsedMs = 0;
  /** Rows that came between the first step and when it was done, the last time. */
  #rowsBefore = 0;
  isStarted = false;
  #timer: ReturnType<typeof builtin.timers.setTimeout> | null = null;

  constructor({ steps = Infinity, ms = Infinity }: Interval, rowCount: number, onTimer: () => void) {
    this.#steps = steps;
    this.#ms = ms;
    this.#doneRows = rowCount;
    this.#onTimer = onTimer;
  }

  /** Notes that something was appended; only the first time since it was done counts. */
  start(rowCount: number): void {
    if (this.isStarted || this.#ms === Infinity) return;
    this.isStarted = true;
    // One that is left from before comes earlier, and then begins anew.
    if (this.#timer === null) this.#setTimer();
    // After that: the first time, the timers' module is loaded.
    this.#firstMs = performance.now();
    this.#firstRows = rowCount;
    this.#elapsedMs = 0;
  }

  #setTimer(): void {
    this.#timer = builtin.timers.setTimeout(() => {
      this.#timer = null;
      if (this.isStarted) this.#onTimer();
    }, this.#ms);
    this.#timer.unref();
  }

  /** Looks at the clock. */
  isDue(rowCount: number): boolean {
    if (this.isStarted) this.#elapsedMs = performance.now() - this.#firstMs;
    return rowCount >= this.#doneRows + this.#steps || this.isStarted && this.#elapsedMs >= this.#ms;
  }

  /** It was done, or could not be and is tried again after as much time. */
  restart(rowCount: number, isDone: boolean): void {
    if (this.isStarted) this.#rowsBefore = rowCount - this.#firstRows;
    this.isStarted = false;
    if (isDone) this.#doneRows = rowCount;
    else this.start(rowCount);
  }

  /**
   * From how many rows on to look again: where steps go on coming as fast as since the first one, but at most twice as
   * many, so that a loop which slows down is noticed; first where a quarter of the rows of the time before is there.
   */
  nextRow(rowCount: number): number {
    const bySteps = this.#doneRows + this.#steps;
    if (this.#ms === Infinity) return bySteps;
    if (!this.isStarted) return rowCount;
    const rows = rowCount - this.#firstRows;
    if (rows === 0) return Math.min(bySteps, rowCount + Math.max(1, this.#rowsBefore >> 2));
    const rowsLeft = Math.floor(rows * (this.#ms - this.#elapsedMs) / this.#elapsedMs);
    return Math.min(bySteps, rowCount + Math.max(1, Math.min(rows, rowsLeft)));
  }

  stop(): void {
    if (this.#timer !== null) builtin.timers.clearTimeout(this.#timer);
    this.#timer = null;
    this.isStarted = false;
  }
}
