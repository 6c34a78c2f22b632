/** Keeps replicas, tells how far they have come, and samples them as one. */
import { mkdirSync } from "node:fs";
import { StreamStoreError } from "../error.ts";
import { checkOptions } from "../options.ts";
import { pause, turn } from "../pause.ts";
import type { BatchOf } from "../sample/batch.ts";
import type { Mixture } from "../sample/mixture.ts";
import type { MixtureOptions } from "../sample/options.ts";
import { StreamStore } from "../store.ts";
import type { FollowOptions } from "./follow_options.ts";
import type { LoggedMessage, MessageLog } from "./log.ts";
import { decodeRows } from "./message.ts";
import { Answers } from "./answers.ts";
import { AppliedNotes } from "./applied.ts";
import { checkInteger, intervalMax } from "./numbers.ts";
import { readFrom } from "./reading.ts";
import { Replicas } from "./replicas.ts";
import { findStart } from "./start.ts";
import { type FollowReport, Reporter } from "./watch.ts";

const followKeys = [
  "directory",
  "subjects",
  "syncEvery",
  "name",
  "signal",
  "onProgress",
  "onGap",
  "onRefuse",
  "onWait",
];
/** How long it is waited before a log is read again. */
const againMilliseconds = 250;
/** How much longer messages are applied than replicas are made durable, where there is enough of both to do. */
const applyShare = 4;
/** How long messages that are there already are applied before timers get their turn, and with them whoever samples. */
const turnMilliseconds = 20;

/** Options of {@linkcode Follower.watch}. */
export interface WatchOptions {
  /** How often, in milliseconds; by default 1,000. */
  readonly every?: number;
}

/**
 * Stores that are followed. Returned by {@linkcode follow}, and awaited like a promise.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import { follow, type LoggedMessage, type MessageLog, send } from "@streamstore/streamstore/replicate";
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 *
 * // In one process, with one subject; between machines natsLog is such a log.
 * const messages: LoggedMessage[] = [];
 * const log: MessageLog = {
 *   messageBytesMax: 1e6,
 *   last: async () => messages.at(-1) ?? null,
 *   next: async (_subject, from) => messages[from - 1] ?? null,
 *   subjects: async () => [...new Set(messages.map(({ subject }) => subject))],
 *   publish: async (subject, bytes) => messages.push({ subject, bytes, number: messages.length + 1 }),
 *   read: async function* (_pattern, from) {
 *     yield* messages.slice(from - 1);
 *   },
 *   close: async () => {},
 * };
 * using store = new StreamStore({ action: 0, reward: 1 });
 * for (let step = 0; step < 100; step++) store.append(step, { action: step % 2, reward: step / 2 });
 * await send(store, log, "steps.robot", { signal: AbortSignal.abort() });
 *
 * const end = new AbortController();
 * const directory = mkdtempSync(`${tmpdir()}/replicas-`);
 * const follower = follow(log, { directory, subjects: "steps.*", signal: end.signal });
 * const mixture = await follower.mixture({ tokens: 4, batchSize: 8, seed: 1 });
 * assert.equal(mixture.next()!.starts.length, 8);
 * for await (const [report] of follower.watch({ every: 10 })) {
 *   if (report.behindRows === 0) break;
 * }
 * end.abort();
 * await follower;
 * ```
 */
export class Follower implements PromiseLike<void> {
  readonly #log: MessageLog;
  readonly #options: FollowOptions;
  readonly #replicas: Replicas;
  /** Ends what goes on: aborted by the caller's signal, and by what fails. */
  readonly #end = new AbortController();
  readonly #ended: Promise<void>;
  /** What no waiting mends ends it. */
  readonly #answers = new Answers((milliseconds, error) =>
    this.#guard(() => {
      if (error instanceof StreamStoreError) throw error;
      this.#options.onWait?.({ milliseconds, waitingRows: this.#replicas.waitingRows, error });
    })
  );
  /** What ended it, other than the log. */
  #failure: { readonly error: unknown } | null = null;

  /** Made by `follow`. */
  constructor(log: MessageLog, options: FollowOptions) {
    this.#log = log;
    this.#options = options;
    this.#replicas = new Replicas(options?.directory, options);
    this.#ended = this.#run();
  }

  /**
   * Is called by `await`.
   *
   * @param onEnd Called when following has ended by the signal.
   * @param onError Called with what ended it otherwise.
   * @returns A promise of what the called one returns.
   * @throws {Error} What following ends with, where nothing is called with it.
   */
  then<Result = void, Failure = never>(
    onEnd?: ((value: void) => Result | PromiseLike<Result>) | null,
    onError?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#ended.then(onEnd, onError);
  }

  /**
   * Tells again and again how far the replicas are behind the log, at once and then after each interval, as
   * {@linkcode Follower} shows.
   *
   * @param options How often.
   * @returns Reports of all subjects in the order of their first messages. It ends when following does.
   * @throws {RangeError | TypeError} If an option is not allowed.
   * @throws {StreamStoreError} What following ends with.
   */
  async *watch(options: WatchOptions = {}): AsyncGenerator<readonly FollowReport[], void> {
    const action = "watch what is followed";
    checkOptions(options, ["every"], action);
    const { every = 1000 } = options;
    checkInteger(`Cannot ${action}: every`, every, 1, intervalMax);
    const reporter = new Reporter(this.#log);
    const { signal } = this.#end;
    this.#ended.catch(() => {});
    while (!signal.aborted) {
      const interval = pause(every, signal).catch(() => {});
      yield await reporter.report(this.#replicas.all, interval);
      await interval;
    }
    await this.#ended;
  }

  /**
   * Samples all replicas as one, as `StreamStore.mixture` does: those of collectors that appear later are added, and what
   * follows on rows that are missing for good. One with other fields than the first is followed, but not drawn from.
   * {@linkcode Follower} shows it.
   *
   * @param options As for a mixture.
   * @returns A mixture, once there is a replica, in the order of their first messages. It lasts until following ends.
   * @throws {RangeError | TypeError} If an option is not allowed.
   * @throws {StreamStoreError} If following ends before there is a replica (`closed`).
   */
  mixture<const Options extends MixtureOptions>(
    options: Options,
  ): Promise<Mixture<BatchOf<Options>, StreamStore>> {
    return new Promise((resolve, reject) => {
      let mixture: Mixture<BatchOf<Options>, StreamStore> | null = null;
      const end = this.#replicas.eachStore((_, store) => {
        if (mixture !== null) return mixture.add(store);
        try {
          mixture = StreamStore.mixture([store], options as never) as unknown as typeof mixture;
          resolve(mixture!);
        } catch (error) {
          queueMicrotask(() => end());
          reject(error);
        }
      });
      const isEnded = () => new StreamStoreError("closed", "Cannot make a mixture: following has ended");
      this.#ended.then(() => reject(isEnded()), reject);
    });
  }

  async #run(): Promise<void> {
    checkOptions(this.#options, followKeys, "follow stores");
    const { directory, signal, syncEvery = 1000, name } = this.#options;
    checkInteger("Cannot follow stores: syncEvery", syncEvery, 1, intervalMax);
    const notes = name === undefined ? null : new AppliedNotes(this.#log, name);
    mkdirSync(directory, { recursive: true });
    const onAbort = () => this.#end.abort();
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort);
    const syncing = this.#keepDurable(syncEvery, notes);
    try {
      await this.#readAll();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#end.abort();
      await syncing;
      this.#replicas.close();
    }
    this.#throwErrors();
  }

  /**
   * One replica after another, also once more when it ends. The disk may take a second for hundreds of them, so applying has
   * its turn between: how long ago all were durable follows from how many there are.
   */
  async #keepDurable(syncEvery: number, notes: AppliedNotes | null): Promise<void> {
    const { signal } = this.#end;
    for (let isEnded = false; !isEnded;) {
      await pause(syncEvery, signal).catch(() => {});
      isEnded = signal.aborted;
      for (const followed of this.#replicas.dirty()) {
        const since = performance.now();
        this.#guard(() => this.#replicas.sync(followed));
        const took = performance.now() - since;
        if (!isEnded) await pause(applyShare * took, signal).catch(() => {});
      }
      await notes?.note(this.#replicas.durableRows());
    }
  }

  /** Through whatever the log does not answer. */
  async #readAll(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.#readThrough();
      } catch (error) {
        if (!signal.aborted) this.#answers.missed(error);
      }
      if (!signal.aborted) await pause(againMilliseconds, signal).catch(() => {});
    }
  }

  /** Reads on from what the replicas have, until the end, or until the log is not what was read any more. */
  async #readThrough(): Promise<void> {
    const [{ signal }, answers] = [this.#end, this.#answers];
    const { subjects } = this.#options;
    const { from, known } = await findStart(
      this.#log,
      subjects,
      (subject) => this.#replicas.rowCountOf(subject),
    );
    const lacks = (message: LoggedMessage) => this.#replicas.lacks(message);
    let turnAt = performance.now() + turnMilliseconds;
    for await (const logged of readFrom(this.#log, subjects, from, { lacks, signal, answers, known })) {
      if (this.#take(logged) === "gap" && !await this.#passGap(logged)) return;
      if (signal.aborted) return;
      if (performance.now() < turnAt) continue;
      await turn();
      turnAt = performance.now() + turnMilliseconds;
    }
  }

  /**
   * Whether rows are missing for good before a message is decided by what the log holds. It may have lost its newest
   * messages, whose numbers then came again with others that were passed over: so the subject is read once more from its
   * first message on. Where that comes to the same message, and nothing before it had the rows, nobody sends them any more: a
   * sender goes on behind the newest message. Returns false where the log has become another meanwhile.
   */
  async #passGap(met: LoggedMessage): Promise<boolean> {
    // Where it does not answer, it is read again later.
    const last = await this.#log.last(met.subject).catch(() => null);
    if (last === null || last.number < met.number) return false;
    const wanted = decodeRows(met.bytes).head;
    // What it lacks is what is looked for.
    const reading = { lacks: () => false, signal: this.#end.signal, answers: this.#answers, met };
    for await (const logged of readFrom(this.#log, met.subject, 1, reading)) {
      const isGap = this.#take(logged) === "gap";
      if (!isGap && logged.number < met.number) continue;
      if (!isGap) return true;
      const { head } = decodeRows(logged.bytes);
      const isSame = logged.number === met.number && head.row === wanted.row && head.token === wanted.token;
      if (isSame) this.#guard(() => this.#replicas.begin(met));
      return isSame;
    }
    return false;
  }

  #take(logged: LoggedMessage): "applied" | "known" | "gap" {
    return this.#guard(() => this.#replicas.take(logged)) ?? "known";
  }

  /** What fails on this machine, or in what the caller gave, ends it: the log is not asked again. */
  #guard<Result>(task: () => Result): Result | undefined {
    try {
      return task();
    } catch (error) {
      this.#failure ??= { error };
      this.#end.abort();
      return undefined;
    }
  }

  #throwErrors(): void {
    if (this.#failure !== null) throw this.#failure.error;
    const { errors } = this.#replicas;
    if (errors.length === 1) throw errors[0];
    if (errors.length === 0) return;
    throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
  }
}
