/**
 * Sends the rows of a store to a log of messages, as they are committed. The store itself is the outbox, and the log's
 * newest message says how far it has come: nothing else is kept, so nothing else can be wrong after a kill.
 */
import { StreamStoreError } from "../error.ts";
import { checkOptions } from "../options.ts";
import { pause, turn } from "../pause.ts";
import type { StreamStore } from "../store.ts";
import { type Session, sessionOf } from "../store/session.ts";
import type { MessageLog } from "./log.ts";
import { Answers } from "./answers.ts";
import { waitForFollowers } from "./applied.ts";
import { countColumns } from "./count_table.ts";
import { decodeRows, type EncodedMessage, encodeMessage, type MessageHead } from "./message.ts";
import { checkInteger, intervalMax } from "./numbers.ts";
import type { SendOptions } from "./send_options.ts";

const sendKeys = ["followers", "waitRows", "rows", "milliseconds", "signal", "onProgress", "onWait", "onGap"];
/** How long it is waited before a log is asked again that did not answer. */
const retryMilliseconds = 250;
/** How often the store is looked at for rows. */
const lookMilliseconds = 2;

/**
 * Sends a store's rows as they are committed, until the signal says that it ends. The store is open for reading in a
 * process of its own or beside the writer in one; or it is the writer's own. While the log does not answer, rows wait
 * in the store.
 *
 * @param store The store. Its ID stands in each message.
 * @param log Where to.
 * @param subject The store's own: a second store is refused, and a second sender ends the first.
 * @param options How rows are put together, and who is told.
 * @throws {StreamStoreError} If the subject is another store's (`already-exists`), somebody else sends to it (`locked`),
 * the log has rows that the store has not (`damaged`), or a row is too long for a message (`file-too-large`).
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If a number is not allowed, or a store is to wait for followers that drops nothing, or is not the
 * writer's own.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import { type LoggedMessage, send } from "@streamstore/streamstore/replicate";
 * import { tableFromIPC } from "apache-arrow";
 * import assert from "node:assert/strict";
 *
 * // A log that only takes: between machines natsLog is one, and follow has one that is read.
 * const messages: LoggedMessage[] = [];
 * const log = {
 *   messageBytesMax: 1e6,
 *   last: async () => messages.at(-1) ?? null,
 *   publish: async (subject: string, bytes: Uint8Array, after: number) =>
 *     after === messages.length ? messages.push({ subject, bytes, number: after + 1 }) : null,
 *   next: async () => null,
 *   subjects: async () => [],
 *   read: async function* () {},
 *   close: async () => {},
 * };
 * using store = new StreamStore({ action: 0, reward: 1 });
 * for (let step = 0; step < 100; step++) store.append(step, { action: step % 2, reward: step / 2 });
 * // Ended at once: what is there is sent.
 * await send(store, log, "steps.robot", { signal: AbortSignal.abort(), rows: 64 });
 * assert.deepEqual(messages.map(({ bytes }) => tableFromIPC(bytes).numRows), [64, 36]);
 * ```
 */
export async function send(
  store: StreamStore,
  log: MessageLog,
  subject: string,
  options: SendOptions = {},
): Promise<void> {
  checkOptions(options, sendKeys, "send a store");
  const { rows, milliseconds } = options;
  checkInteger("Cannot send a store: rows", rows, 1);
  checkInteger("Cannot send a store: milliseconds", milliseconds, 0, intervalMax);
  const session = sessionOf(store)!;
  const letGo = waitForFollowers(session, log, options);
  try {
    await new Sender(session, log, subject, options).run();
  } finally {
    letGo();
  }
}

class Sender {
  /** The row to go on from, and the token that it begins with. */
  #row = 0;
  /** Whether that row was sent before, with fewer tokens maybe. */
  #isAgain = false;
  #number = 0;
  /** Whether the log has said once what it has. */
  #isBegun = false;
  /** Tokens of the stream when it last grew, and when that was. */
  #grown: readonly [tokens: number, at: number] = [-1, 0];
  /** Since when there is something that was not sent. */
  #waitingSince = Infinity;
  /** The next message, made while the log took the one before. */
  #next: EncodedMessage | null = null;

  constructor(
    private readonly session: Session,
    private readonly log: MessageLog,
    private readonly subject: string,
    private readonly options: SendOptions,
  ) {}

  /** Until all is sent, through whatever the log does not answer. */
  async run(): Promise<void> {
    const answers = new Answers((milliseconds, error) => {
      this.#refresh();
      const { rowCount, connection: { firstRow } } = this.session;
      const waitingRows = rowCount - Math.max(firstRow, this.#row + Number(this.#isAgain));
      this.options.onWait?.({ milliseconds, waitingRows, error });
    });
    for (let isDone = false; !isDone;) {
      try {
        await this.#goOn(null);
        answers.came();
        isDone = await this.#sendAll();
      } catch (error) {
        // What is wrong with the rows, or in what the caller gave, is not mended by waiting.
        if (error instanceof StreamStoreError || this.#hasFailed) throw error;
        answers.missed(error);
        await pause(retryMilliseconds);
      }
    }
  }

  async #sendAll(): Promise<true> {
    const { signal } = this.options;
    for (;;) {
      const isLast = signal?.aborted ?? false;
      const to = this.#endOfNext(isLast);
      if (to > this.#row) await this.#sendRows(to);
      else if (isLast && await this.#isNewest()) return true;
      else if (isLast) await this.#goOn(null);
      else await pause(lookMilliseconds, signal).catch(() => {});
    }
  }

  /** Whether the log has still what was sent last. */
  async #isNewest(): Promise<boolean> {
    return ((await this.log.last(this.subject))?.number ?? 0) === this.#number;
  }

  #refresh(): void {
    if (!this.session.connection.isWritable) this.session.refresh();
  }

  /** The row after the next message's last, or none where there is nothing to send yet. */
  #endOfNext(isLast: boolean): number {
    this.#refresh();
    const { session } = this;
    const { rowCount, tokenCount } = session;
    const now = performance.now();
    if (tokenCount !== this.#grown[0]) this.#grown = [tokenCount, now];
    if (!this.#isWaiting(rowCount, tokenCount)) {
      this.#waitingSince = Infinity;
      return this.#row;
    }
    this.#waitingSince = Math.min(this.#waitingSince, now);
    const isQuiet = isLast || now - this.#grown[1] >= this.#milliseconds;
    const end = Math.min(isQuiet ? rowCount : rowCount - 1, this.#row + this.#rows);
    const isDue = isLast || end === this.#row + this.#rows || now - this.#waitingSince >= this.#milliseconds;
    return isDue ? end : this.#row;
  }

  /** Whether there is more than was sent. */
  #isWaiting(rowCount: number, tokenCount: number): boolean {
    const isSent = this.#isAgain && rowCount === this.#row + 1 && tokenCount === this.#sentTokens;
    return rowCount > this.#row && !(isSent && !this.#hasNewColumns());
  }

  /** Whether the last row, of which all tokens were sent, has got an empty list, text or bytes since. */
  #hasNewColumns(): boolean {
    const { session } = this;
    session.prepareRead("send rows");
    const { sequence } = session.connection;
    if (sequence !== this.#lookedAt) {
      this.#lookedAt = sequence;
      this.#columns = encodeMessage(session, this.#row, this.#row + 1).columns;
    }
    return this.#columns > this.#sentColumns;
  }

  get #rows(): number {
    return this.options.rows ?? 4096;
  }

  get #milliseconds(): number {
    return this.options.milliseconds ?? 20;
  }

  #sentTokens = -1;
  /** In how many columns the last row had a value as it was sent, and has as of a commit. */
  #sentColumns = 0;
  #columns = 0;
  #lookedAt = -1n;
  /** Whether a function of the caller's has thrown. */
  #hasFailed = false;

  /** Runs a function of the caller's. */
  #tell(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  async #sendRows(to: number): Promise<void> {
    // What is committed for it may drop rows.
    this.session.prepareRead("send rows");
    if (this.#passGap()) return;
    const { head, bytes, columns } = this.#takeNext(to) ?? this.#encode(this.#row, to);
    const publishing = this.log.publish(this.subject, bytes, this.#number);
    const [number] = await Promise.all([publishing, this.#makeNext(head)]);
    this.#waitingSince = Infinity;
    if (number === null) return await this.#goOn(head);
    this.#number = number;
    // As it was sent: the row may have grown, and others have followed, while the log took it.
    this.#sent(head, columns);
    this.#tellProgress(head, bytes);
  }

  #tellProgress({ endRow: sentRow }: MessageHead, { byteLength }: Uint8Array): void {
    const waitingRows = this.session.rowCount - sentRow;
    this.#tell(() => this.options.onProgress?.({ sentRow, waitingRows, byteLength }));
  }

  #sent({ endRow, isOpen, endToken }: MessageHead, columns: number): void {
    this.#isAgain = isOpen;
    this.#row = isOpen ? endRow - 1 : endRow;
    this.#sentTokens = endToken;
    this.#sentColumns = columns;
  }

  /** With a row that was not sent. */
  #beginWith(row: number): void {
    this.#isAgain = false;
    this.#row = row;
  }

  /** Makes a whole message out of the rows behind one that is on its way, where they are there and do not grow any more. */
  async #makeNext({ endRow }: MessageHead): Promise<void> {
    const to = endRow + this.#rows;
    if (to >= this.session.rowCount) return;
    // The other goes out first.
    await turn();
    try {
      this.#next = this.#encode(endRow, to);
    } catch {
      // It is made again where it is sent, and whoever sends is told.
    }
  }

  #takeNext(to: number): EncodedMessage | null {
    const next = this.#next;
    this.#next = null;
    return next?.head.row === this.#row && next.head.endRow <= to ? next : null;
  }

  /** Fewer rows where they are too long for a message. */
  #encode(from: number, to: number): EncodedMessage {
    for (let end = to;; end = from + Math.ceil((end - from) / 2)) {
      const message = encodeMessage(this.session, from, end);
      const { messageBytesMax } = this.log;
      const { byteLength } = message.bytes;
      if (byteLength <= messageBytesMax) return message;
      if (end === from + 1) {
        const reason = `Cannot send row ${from}: it must have <= ${messageBytesMax} bytes as a message`;
        throw new StreamStoreError("file-too-large", `${reason}, got ${byteLength}`);
      }
    }
  }

  /**
   * Goes on from the log's newest message. Where that is not what was expected, the log has lost messages, or had
   * this sender's last one after all; or another sends to the subject.
   */
  async #goOn(tried: MessageHead | null): Promise<void> {
    const { session, log, subject } = this;
    const last = await log.last(subject);
    const isBegun = this.#isBegun;
    this.#isBegun = true;
    this.#number = last?.number ?? 0;
    if (last === null) return this.#beginWith(session.connection.firstRow);
    const { head, table } = decodeRows(last.bytes);
    this.#check(head);
    const expected = this.#row + (this.#isAgain ? 1 : 0);
    const isOwn = tried !== null && head.endRow === tried.endRow;
    if (tried !== null && head.endRow > expected && !isOwn) throw fenced(subject, head, expected);
    this.#sent(head, countColumns(table));
    // The answer was lost, and not the message.
    if (isBegun && head.endRow > expected) this.#tellProgress(head, last.bytes);
    this.#passGap();
  }

  /** Goes on with the store's first row, where it has dropped some that were not sent. Returns whether it has. */
  #passGap(): boolean {
    const { firstRow } = this.session.connection;
    const row = this.#row;
    if (row >= firstRow) return false;
    this.#beginWith(firstRow);
    this.#tell(() => this.options.onGap?.({ row, endRow: firstRow }));
    return true;
  }

  /** The subject must be this store's. */
  #check(head: MessageHead): void {
    const { connection, rowCount } = this.session;
    if (head.store !== connection.id) {
      const message =
        `Cannot send the store ${connection.id} to ${this.subject}: the subject must be its own`;
      throw new StreamStoreError("already-exists", `${message}, got rows of ${head.store}`);
    }
    if (head.endRow <= rowCount) return;
    const message =
      `Cannot send the store ${connection.id}: it must have the ${head.endRow} rows that were sent`;
    throw new StreamStoreError("damaged", `${message}, got ${rowCount}: it is an older copy`);
  }
}

function fenced(subject: string, { endRow }: MessageHead, expected: number): StreamStoreError {
  const message = `Cannot send to ${subject}: its last row must be ${expected - 1}, got ${endRow - 1}`;
  return new StreamStoreError("locked", `${message}: another sender sends to it`);
}
