import type { Appender } from "../append/appender.ts";
import { StreamStoreError } from "../error.ts";
import { describe } from "../fields.ts";
import { Deadline, type Interval } from "./deadline.ts";

/**
 * How often steps are committed, so that readers see them, and how often they are made durable. `flush`, `sync`,
 * `close`, a read of the writer's own and a tail that is full (about 8,000 steps of four fields) commit too. What could
 * not be done is thrown by the next call of `append`, `flush`, `sync` or `close`. Part of {@linkcode OpenOptions}.
 */
export interface ScheduleOptions {
  /**
   * How often readers see new steps: by default `{ steps: 8000, ms: 40 }`, whichever comes first. Of an interval that
   * is given only what it says counts: `{ ms: 1000 }` is not bounded by steps. With `false` nothing is committed by
   * itself but a full tail.
   *
   * Time is kept by a timer while the event loop runs; it is there only while something is uncommitted, and does not
   * keep a process from ending. A loop that never yields to the event loop is committed by the appends themselves, at
   * the first that finds the time over: so what it appended last waits until it yields, or for `flush`. A step that
   * goes on with its row is no further step, but starts the time.
   */
  readonly commitEvery?: Interval | false;
  /** How often steps are made durable, which also commits them, in steps or milliseconds. By default never. */
  readonly syncEvery?: Interval;
}

/** A timer comes up to some milliseconds late, and a reader that waits looks every 4: together they stay below 60. */
const commitEveryDefault: Interval = { steps: 8000, ms: 40 };

/** Commits and syncs a store as its options say. */
export class Schedule {
  readonly #commits: Deadline;
  readonly #syncs: Deadline;
  /** What could not be done, until somebody can be told: the step that it was due after is appended all the same. */
  #failure: unknown = null;

  constructor(private readonly appender: Appender, { commitEvery, syncEvery }: ScheduleOptions) {
    const { rowCount } = appender;
    this.#commits = new Deadline(commitInterval(commitEvery), rowCount, () => this.#commit());
    this.#syncs = new Deadline(syncEvery ?? {}, rowCount, () => this.#sync());
    this.#setDueRow();
  }

  /** Throws what could not be done since the last call. */
  check(): void {
    const failure = this.#failure;
    if (failure === null) return;
    this.#failure = null;
    this.#setDueRow();
    throw failure;
  }

  /** Does what is due at the number of rows there are, or sees to it that it is done in time. */
  run(): void {
    const { rowCount } = this.appender;
    if (!this.appender.isFlushed) this.#commits.start(rowCount);
    this.#syncs.start(rowCount);
    const [mustCommit, mustSync] = [this.#commits.isDue(rowCount), this.#syncs.isDue(rowCount)];
    if (mustSync) this.#sync();
    else if (mustCommit) this.#commit();
    else this.#setDueRow();
  }

  /** The same where there are enough rows for it; what has just failed waits for the next call. */
  runDue(): void {
    if (this.#failure === null && this.appender.rowCount > this.appender.dueRow) this.run();
  }

  /** All rows were committed, and made durable too: also where that was not due. */
  noteCommit(isDurable: boolean): void {
    const { rowCount } = this.appender;
    this.#commits.restart(rowCount, true);
    if (isDurable) this.#syncs.restart(rowCount, true);
    this.#setDueRow();
  }

  /** Rows were committed behind the appender's back. */
  noteBatch(): void {
    this.#commits.restart(this.appender.rowCount, true);
    this.run();
  }

  stop(): void {
    this.#commits.stop();
    this.#syncs.stop();
  }

  #commit(): void {
    this.#attempt([this.#commits], () => {
      if (!this.appender.isFlushed) this.appender.flush();
    });
  }

  #sync(): void {
    this.#attempt([this.#commits, this.#syncs], () => this.appender.sync());
  }

  /** Of the rows that are looked for, one less: from then on every append asks. */
  #setDueRow(): void {
    const { rowCount } = this.appender;
    this.appender.dueRow = Math.min(this.#commits.nextRow(rowCount), this.#syncs.nextRow(rowCount)) - 1;
  }

  #attempt(deadlines: readonly Deadline[], action: () => void): void {
    let isDone = false;
    try {
      action();
      isDone = true;
    } catch (error) {
      // While rows are being loaded nothing can be committed; the timer comes again.
      const isBusy = error instanceof StreamStoreError && error.code === "busy";
      if (!isBusy) this.#failure ??= error;
    }
    const { rowCount } = this.appender;
    for (const deadline of deadlines) deadline.restart(rowCount, isDone);
    if (this.#failure === null) this.#setDueRow();
    // So that the very next append asks.
    else this.appender.dueRow = -1;
  }
}

function commitInterval(given: Interval | false = commitEveryDefault): Interval {
  if (given === false) return {};
  const isEmpty = given.steps === undefined && given.ms === undefined;
  return isEmpty ? commitEveryDefault : given;
}

/** The longest time that a timer takes: one that is longer comes at once. */
const msMax = 2 ** 31 - 1;

/** Throws for an interval that is none, before anything is opened. */
export function checkIntervals(options: ScheduleOptions): void {
  for (const [name, interval] of Object.entries(options) as [string, unknown][]) {
    if (interval === undefined || interval === false && name === "commitEvery") continue;
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
