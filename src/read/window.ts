import type { Connection } from "../store/connection.ts";
import { type ArrayOfDtype, arrayOver, bitsOver, type DtypeArray } from "../dtypes.ts";
import { describe } from "../fields.ts";
import { runtime } from "../native/load.ts";
import { check } from "../native/status.ts";
import type { ColumnViews } from "../native/runtime.ts";
import type { Session } from "../store/session.ts";

/**
 * The array of the bits of cells.
 *
 * @internal
 */
type BitsOf<Values extends DtypeArray> = Values extends ArrayOfDtype["float64" | "int64" | "uint64"]
  ? BigUint64Array
  : Values extends ArrayOfDtype["float32" | "int32" | "uint32"] ? Uint32Array
  : Values extends ArrayOfDtype["float16" | "int16" | "uint16"] ? Uint16Array
  : Uint8Array;

/**
 * `length` consecutive tokens of a stream. Types and values are no copies: each is a typed array over the store's own
 * memory, made when it is first read, and two windows over the same tokens share that memory. Steps are kept once a row,
 * so those of a window's tokens are a copy, made when it is first read. In Deno they need `--allow-ffi` without a path.
 *
 * Where the store drops the window's tokens (`retain`; a reader when it refreshes, as its samplers do too), reading a
 * column of it for the first time is a `RangeError`. An array of types or values that was taken before reads zeros from
 * then on: copy what you want to keep longer than the store does.
 *
 * A window stays right through any growth of the store. After `close` its columns are empty, and an array of types or
 * values that was taken from it before is empty too in Deno and keeps its content in Bun. What a program writes into them
 * stays in this process and may be replaced by the file's content at any time: copy what you want to change. Windows may
 * share the buffers of their arrays: who sends one to another thread, which takes all of its buffer, takes a `slice` first.
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
export class Window<Values extends DtypeArray = DtypeArray> {
  /** The token index of the first token. */
  readonly start: number;
  /** The number of tokens, T. */
  readonly length: number;
  readonly #connection: Connection;
  readonly #views: ColumnViews;
  #steps?: BigInt64Array;
  #types?: Uint8Array | Int32Array;
  #values?: Values;
  #bits?: BitsOf<Values>;

  /** Made by `store.window`. */
  constructor(connection: Connection, start: number, length: number) {
    this.start = start;
    this.length = length;
    this.#connection = connection;
    this.#views = connection.views();
  }

  /**
   * The step of each token, shape `[length]`: a copy, made when it is first read. Empty once the store is closed.
   */
  get steps(): BigInt64Array {
    if (this.#connection.isClosed) return new BigInt64Array(0);
    // Another length, here and below: somebody has transferred the buffer.
    if (this.#steps?.length !== this.length) this.#steps = this.#readSteps();
    return this.#steps!;
  }

  #readSteps(): BigInt64Array {
    this.#checkHeld();
    const steps = runtime.makeArray("int64", this.length);
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
    if (this.#types?.length !== this.length) this.#types = this.#readTypes();
    return this.#types!;
  }

  /**
   * The cell of each token, shape `[length]`: of the one dtype that all cells of a store have. Where fields have one
   * dtype, it is that, so that tokens of uint16 are a Uint16Array; else the float, or without a float among them the
   * signed integer, as wide as the widest field. Of fields whose values that does not hold, such as int64 fields beside
   * float64 ones and int32 fields beside float32 ones, it says nothing: they stand as their own bits, in `bits`. Empty
   * once the store is closed.
   */
  get values(): Values {
    if (this.#connection.isClosed) return arrayOver(this.#connection.kind, nothing, 0, 0) as Values;
    if (this.#values?.length !== this.length) {
      this.#values = this.#heldViews().values(this.start, this.length) as Values;
    }
    return this.#values!;
  }

  /**
   * The bits of each cell, shape `[length]`, as unsigned integers of its width: the same memory as `values`. Empty once
   * the store is closed.
   */
  get bits(): BitsOf<Values> {
    if (this.#connection.isClosed) return bitsOver(this.#connection.kind, nothing, 0, 0) as BitsOf<Values>;
    if (this.#bits?.length !== this.length) {
      this.#bits = this.#heldViews().bits(this.start, this.length) as BitsOf<Values>;
    }
    return this.#bits!;
  }

  #readTypes(): Uint8Array | Int32Array {
    this.#checkHeld();
    return this.#connection.types(this.start, this.length);
  }

  #heldViews(): ColumnViews {
    this.#checkHeld();
    return this.#views;
  }

  /** The store may have dropped its tokens since the window was made. */
  #checkHeld(): void {
    if (this.start < this.#connection.firstToken) throw droppedWindow(this.#connection, this.start);
  }
}

function droppedWindow({ firstToken }: Connection, start: number): RangeError {
  return new RangeError(
    `Cannot read window: start must be >= ${firstToken}, where the stream now starts, got ${start}`,
  );
}

const nothing = new ArrayBuffer(0);

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
  if (start < connection.firstToken) return droppedWindow(connection, start);
  return new RangeError(
    `Cannot read window: start + length must be <= ${tokenCount}, got ${start} + ${length}`,
  );
}
