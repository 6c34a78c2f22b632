import type { Connection } from "./connection.ts";
import { bytesOf } from "../dtypes.ts";
import { describe } from "../fields.ts";
import { extraChunkBytes, extraState } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { countMarks, firstTokenOf } from "../read/rows.ts";

/**
 * How much of a stream is kept, at least: so many rows, so many bytes, the rows of so much time. Where several are
 * given, the one that keeps least counts. Each is a whole number above 0. What comes before is dropped by whole
 * chunks, of `capacity` tokens or rows, when the tail is moved into the columns: until then somewhat more is kept. Closing
 * a store drops nothing, so that it does no more than make durable what was appended; the first commit of the next writer
 * with `retain` does. Part of {@linkcode StoreOptions}.
 */
export interface Retain {
  /** The newest rows. */
  readonly rows?: number;
  /**
   * Bytes of the files: what each token takes in the columns, 16 a row, and 16 an empty list; and what text and bytes take
   * that stand beside the rows, with 16 a value.
   */
  readonly bytes?: number;
  /**
   * Milliseconds since the rows were committed, or since the store was opened if they were there already. Setting the
   * system's clock does not change them. Time in which the machine sleeps may not count: then more is kept.
   */
  readonly ms?: number;
}

/** A step and the index of a first token; and as much for what tokens cannot say. */
const rowBytes = 16;
const markBytes = 16;

/** Drops the oldest chunks of a stream once nothing in them has to be kept. */
export class Retention {
  /** Rows from here on are kept, whatever the limits say: somebody else still needs them. */
  keptFrom: () => number = () => Infinity;
  readonly #extraState = new Float64Array(extraState.length);
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
    const row = Math.min(
      this.keptFrom(),
      Math.max(this.#rowByCount(), this.#rowByBytes(), this.#rowByTime()),
    );
    if (row > connection.firstRow && row < connection.rowCount) connection.dropBefore(row);
  }

  #rowByCount(): number {
    return this.retain.rows === undefined ? 0 : this.connection.rowCount - this.retain.rows;
  }

  /** The last row from which on there are as many bytes as are kept. */
  #rowByBytes(): number {
    const { connection } = this;
    const kept = this.retain.bytes ?? Infinity;
    let [row, end] = [connection.firstRow, connection.rowCount];
    if (end === row || this.#bytesFrom(row) < kept) return 0;
    while (end - row > 1) {
      const middle = Math.floor((row + end) / 2);
      if (this.#bytesFrom(middle) >= kept) row = middle;
      else end = middle;
    }
    return row;
  }

  #bytesFrom(row: number): number {
    const { connection } = this;
    const { tokenCount, rowCount, markCount, firstMark, typeBytes, kind } = connection;
    const marks = markCount === firstMark ? 0 : countMarks(connection, "all", row, rowCount);
    const tokens = tokenCount - firstTokenOf(connection, row);
    return tokens * (typeBytes + bytesOf(kind)) + (rowCount - row) * rowBytes + marks * markBytes +
      this.#extraBytesFrom(row);
  }

  #extraBytesFrom(row: number): number {
    const { tables, store, extraCount } = this.connection;
    let bytes = 0;
    for (let place = 0; place < extraCount; place++) {
      const code = tables.extras.ss_extra_state(store, place, row, this.#extraState);
      check(code, "Cannot drop the oldest rows");
      bytes += this.#extraState[extraState.heldBytes];
    }
    return bytes;
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
    const { tokenCount: tokens, rowCount: rows } = this.#times.at(-1) ?? { tokenCount: 0, rowCount: 0 };
    if (Math.max(tokenCount - tokens, rowCount - rows) < capacity / 8) return;
    this.#times.push({ at: this.now(), rowCount, tokenCount });
  }
}

/**
 * Nothing is dropped before a commit: so many bytes may be written ahead of it past the tail, whose own do not count. Who
 * says nothing of bytes has as many as there are.
 */
export function aheadBytesMax(retain: Retain | undefined): number {
  const { bytes } = retain ?? {};
  return bytes === undefined ? Infinity : Math.max(bytes / aheadParts, extraChunkBytes);
}

/** As many of them are what is kept. */
const aheadParts = 32;

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
