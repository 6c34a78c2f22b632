import type { Connection } from "./connection.ts";
import { describe } from "../fields.ts";

/**
 * How much of a stream is kept, at least: so many rows, so many bytes, the rows of so much time. Where several are
 * given, the one that keeps least counts. Each is a whole number above 0. What comes before is dropped by whole
 * chunks, of `capacity` tokens, when the tail is moved into the columns: until then somewhat more is kept. Part of
 * {@linkcode StoreOptions}.
 */
export interface Retain {
  /** The newest rows. */
  readonly rows?: number;
  /** Bytes of the columns: 20 a token. */
  readonly bytes?: number;
  /**
   * Milliseconds since the rows were committed, or since the store was opened if they were there already. Setting the
   * system's clock does not change them. Time in which the machine sleeps may not count: then more is kept.
   */
  readonly ms?: number;
}

const bytesPerToken = 20;

/** Drops the oldest chunks of a stream once nothing in them has to be kept. */
export class Retention {
  /** When how many rows were committed, oldest first. */
  readonly #times: { readonly at: number; readonly rowCount: number; readonly tokenCount: number }[] = [];

  /** `now` counts milliseconds and never goes back, as the time of day does when somebody sets it. */
  constructor(
    private readonly connection: Connection,
    private readonly retain: Retain,
    private readonly now: () => number = () => performance.now(),
  ) {
    if (connection.rowCount > 0) this.#noteTime();
  }

  /** After every commit: drops what may be dropped. */
  apply(): void {
    const { connection } = this;
    this.#noteTime();
    if (connection.tokenCount - connection.firstToken <= connection.capacity) return;
    const row = Math.max(this.#rowByCount(), this.#rowByBytes(), this.#rowByTime());
    if (row > connection.firstRow && row < connection.rowCount) connection.dropBefore(row);
  }

  #rowByCount(): number {
    return this.retain.rows === undefined ? 0 : this.connection.rowCount - this.retain.rows;
  }

  #rowByBytes(): number {
    const { connection } = this;
    const token = connection.tokenCount - Math.floor((this.retain.bytes ?? Infinity) / bytesPerToken);
    return token > connection.firstToken ? connection.rowOfToken(token) : 0;
  }

  #rowByTime(): number {
    if (this.retain.ms === undefined) return 0;
    const end = this.now() - this.retain.ms;
    const next = this.#times.findIndex(({ at }) => at > end);
    const old = this.#times.splice(0, next === -1 ? this.#times.length : next);
    return old.at(-1)?.rowCount ?? 0;
  }

  /** Times are noted a few times a chunk, since only whole chunks are dropped. */
  #noteTime(): void {
    if (this.retain.ms === undefined) return;
    const { rowCount, tokenCount, capacity } = this.connection;
    const last = this.#times.at(-1)?.tokenCount ?? 0;
    if (tokenCount - last < capacity / 8) return;
    this.#times.push({ at: this.now(), rowCount, tokenCount });
  }
}

/** Throws for a limit that is none, before anything is opened. */
export function checkRetain(retain: Retain | undefined): void {
  if (retain === undefined) return;
  const allowed = "Cannot open a store: retain must be { rows, bytes, ms } of positive integers";
  const advice = "; { ms: 300000 } keeps the rows of 5 minutes";
  const isObject = typeof retain === "object" && retain !== null;
  if (!isObject || Array.isArray(retain) || retain instanceof Map) {
    throw new TypeError(`${allowed}, got ${describe(retain)}${advice}`);
  }
  for (const [unit, count] of Object.entries(retain)) {
    const isUnit = unit === "rows" || unit === "bytes" || unit === "ms";
    if (isUnit && (count === undefined || (Number.isInteger(count) && count > 0))) continue;
    const isTime = unit !== "rows" && unit !== "bytes";
    throw new RangeError(`${allowed}, got ${unit} ${describe(count)}${isTime ? advice : ""}`);
  }
}
