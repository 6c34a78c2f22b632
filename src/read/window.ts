import type { Connection } from "../store/connection.ts";
import { describe } from "../fields.ts";
import { runtime } from "../native/load.ts";
import { check } from "../native/status.ts";
import type { ColumnViews } from "../native/runtime.ts";
import type { Session } from "../store/session.ts";

/**
 * `length` consecutive tokens of a stream. Types and values are no copies: each is a typed array over the store's own
 * memory, made when it is first read, and two windows over the same tokens share that memory. Steps are kept once a row,
 * so those of a window's tokens are a copy, made when it is first read.
 *
 * A window stays right through any growth of the store. After `close` its columns are empty, and an array of types or
 * values that was taken from it before is empty too in Deno and keeps its content in Bun. What a program writes into them
 * stays in this process and may be replaced by the file's content at any time: copy what you want to change.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ action: 0, reward: 1 });
 * for (let step = 0; step < 10; step++) store.append(step, { action: step % 2, reward: 0.5 });
 * const window = store.window(4, 3);
 * assert.deepEqual([...window.steps], [2n, 2n, 3n]);
 * assert.deepEqual([...window.types], [0, 1, 0]);
 * assert.deepEqual([...window.values], [0, 0.5, 1]);
 * ```
 */
export class Window {
  /** The token index of the first token. */
  readonly start: number;
  /** The number of tokens, T. */
  readonly length: number;
  readonly #connection: Connection;
  readonly #views: ColumnViews;
  #steps?: BigInt64Array;
  #types?: Uint8Array | Int32Array;
  #values?: Float64Array;
  #bits?: BigInt64Array;

  /** Made by `store.window`. */
  constructor(connection: Connection, start: number, length: number) {
    this.start = start;
    this.length = length;
    this.#connection = connection;
    this.#views = connection.views();
  }

  /**
   * The step of each token, shape `[length]`: a copy, made when it is first read. Windows may share its buffer: who
   * transfers it elsewhere takes a `slice` first. Empty once the store is closed.
   */
  get steps(): BigInt64Array {
    if (this.#connection.isClosed) return new BigInt64Array(0);
    // Another length: somebody has transferred the buffer.
    if (this.#steps?.length !== this.length) this.#steps = this.#readSteps();
    return this.#steps!;
  }

  #readSteps(): BigInt64Array {
    const steps = runtime.makeWords(this.length);
    if (this.length === 0) return steps;
    const { native, store } = this.#connection;
    check(native.ss_steps_read(store, this.start, this.length, steps), "Cannot read the steps of a window");
    return steps;
  }

  /**
   * The type ID of each token, shape `[length]`: bytes where all of the store's IDs are from 0 to 255. Empty once the store
   * is closed.
   */
  get types(): Uint8Array | Int32Array {
    if (this.#connection.isClosed) return new Uint8Array(0);
    return this.#types ??= this.#connection.types(this.start, this.length);
  }

  /**
   * The cell of each token as a float64, shape `[length]`. Cells of int64 and uint64 fields are in `bits`. Empty once
   * the store is closed.
   */
  get values(): Float64Array {
    if (this.#connection.isClosed) return new Float64Array(0);
    return this.#values ??= this.#views.values(this.start, this.length);
  }

  /**
   * The cell of each token as 64 bits, shape `[length]`: the same memory as `values`. Empty once the store is closed.
   */
  get bits(): BigInt64Array {
    if (this.#connection.isClosed) return new BigInt64Array(0);
    return this.#bits ??= this.#views.bits(this.start, this.length);
  }
}

/** The window of the tokens from `start` on, as {@linkcode StreamStore.window} says. */
export function readWindow(session: Session, start: number, length: number): Window {
  const { connection } = session;
  if (connection.isClosed) connection.checkOpen("read a window");
  if (
    !(start >= 0 && length >= 0 && start + length <= session.appender.tokenCount) ||
    !Number.isInteger(start) || !Number.isInteger(length)
  ) {
    throw badWindow(session, start, length);
  }
  if (start + length > connection.tokenCount) session.commit("read a window");
  if (start < connection.firstToken) throw badWindow(session, start, length);
  return new Window(connection, start, length);
}

function badWindow({ connection, tokenCount }: Session, start: number, length: number): Error {
  if (!Number.isInteger(start) || start < 0) {
    return new RangeError(`Cannot read window: start must be a whole number, got ${describe(start)}`);
  }
  if (!Number.isInteger(length) || length < 0) {
    return new RangeError(`Cannot read window: length must be a whole number, got ${describe(length)}`);
  }
  if (start < connection.firstToken) {
    return new RangeError(
      `Cannot read window: start must be >= ${connection.firstToken}, where the stream now starts, got ${start}`,
    );
  }
  return new RangeError(
    `Cannot read window: start + length must be <= ${tokenCount}, got ${start} + ${length}`,
  );
}
