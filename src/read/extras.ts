import type { ExtraInfo, ExtraKind, ExtraValue } from "../extras.ts";
import { describe } from "../fields.ts";
import { extraPlace, extraState } from "../native/abi.ts";
import type { BytesViews } from "../native/runtime.ts";
import { check } from "../native/status.ts";
import type { Connection } from "../store/connection.ts";
import type { Session } from "../store/session.ts";

/** Bytes that are copied with the look-up; for a longer value there is a second call. */
const shortBytes = 16 * 1024;

/**
 * Text or bytes beside the rows of a store, one value a row or null. Returned by {@linkcode StreamStore.extra}.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ reward: 0 }, { extra: { prompt: "string", frame: "bytes" } });
 * store.append(0, { reward: 1 }, { prompt: "Grüße", frame: Uint8Array.of(255, 216) });
 * store.append(1, { reward: 0 }); // has neither
 * const prompt = store.extra("prompt");
 * assert.deepEqual([prompt.length, prompt.get(0), prompt.get(1)], [2, "Grüße", null]);
 * assert.deepEqual(store.extra("frame").slice(0, 2), [Uint8Array.of(255, 216), null]);
 * assert.deepEqual(prompt.bytes(0)?.length, 7);
 * ```
 */
export class Extra<Kind extends ExtraKind = ExtraKind> {
  /** As in the store's `extra`. */
  readonly name: string;
  /** What its values are. */
  readonly kind: Kind;
  readonly #session: Session;
  readonly #place: number;

  /** Made by `store.extra`. */
  constructor(session: Session, place: number) {
    const { name, kind } = session.extras[place];
    this.name = name;
    this.kind = kind as Kind;
    this.#session = session;
    this.#place = place;
  }

  /** The number of rows, those that were dropped counted too. */
  get length(): number {
    return this.#session.rowCount;
  }

  /**
   * The value of a row.
   *
   * @param row From the store's `firstRow` to `length - 1`.
   * @returns A string, or a copy of the bytes; null where the row has none. An empty text is not null.
   * @throws {RangeError} If there is no such row.
   * @throws {StreamStoreError} If the store is closed (`closed`), or its files are damaged (`damaged`).
   * @see {@linkcode Extra}
   */
  get(row: number): ExtraValue<Kind> | null {
    this.#prepare(row, row + 1);
    return readExtra(this.#session.connection, this, this.#place, row) as ExtraValue<Kind> | null;
  }

  /**
   * The values of rows `[from, to)`, as `get` gives them.
   *
   * @param from The first row; by default the first that is kept.
   * @param to The row after the last; by default `length`.
   * @returns A list of shape `[to - from]`.
   * @throws {RangeError | StreamStoreError} As `get`.
   * @see {@linkcode Extra}
   */
  slice(
    from: number = this.#session.connection.firstRow,
    to: number = this.length,
  ): (ExtraValue<Kind> | null)[] {
    this.#prepare(from, to);
    const { connection } = this.#session;
    const read = (row: number) => readExtra(connection, this, this.#place, row) as ExtraValue<Kind> | null;
    return Array.from({ length: to - from }, (_, i) => read(from + i));
  }

  /**
   * The bytes of a row's value without a copy, of a text as UTF-8: an array over the store's own memory, on the rules of a
   * {@link Window}'s values.
   *
   * @param row As for `get`.
   * @returns Shape `[bytes]`, or null where the row has none.
   * @throws {RangeError | StreamStoreError} As `get`, and if the process may not view native memory
   * (`windows-not-permitted`).
   * @see {@linkcode Extra}
   */
  bytes(row: number): Uint8Array | null {
    this.#prepare(row, row + 1);
    const { start, length } = findExtra(this.#session.connection, this, this.#place, row, noBytes);
    if (start < 0) return null;
    return length === 0 ? new Uint8Array(0) : viewOf(this.#session, this.#place, start, length);
  }

  #prepare(from: number, to: number): void {
    const action = `Cannot read extra "${this.name}"`;
    const { connection } = this.#session;
    this.#session.prepareRead(action.slice("Cannot ".length), () => to < connection.rowCount);
    const { rowCount } = this.#session;
    const isWhole = Number.isInteger(from) && Number.isInteger(to);
    if (isWhole && from >= connection.firstRow && from <= to && to <= rowCount) return;
    throw new RangeError(
      `${action}: rows must lie within ${connection.firstRow} to ${rowCount}, got ${describe(from)}${
        to === from + 1 ? "" : ` to ${describe(to)}`
      }`,
    );
  }
}

const found = new Float64Array(extraPlace.length);
const noBytes = new Uint8Array(8);
const scratch = new Uint8Array(shortBytes);
/** A byte order mark is a part of the text. Texts are checked when they are appended, and for damage there is `verify`. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The value of a row that is committed: a text, a copy of the bytes, or null. `place` is that of the extra in its store. */
export function readExtra(
  connection: Connection,
  extra: ExtraInfo,
  place: number,
  row: number,
): string | Uint8Array | null {
  const { start, length } = findExtra(connection, extra, place, row, scratch);
  if (start < 0) return null;
  let bytes = scratch;
  if (length > scratch.length) findExtra(connection, extra, place, row, bytes = new Uint8Array(length));
  if (extra.kind === "bytes") return bytes === scratch ? bytes.slice(0, length) : bytes;
  return decoder.decode(bytes.subarray(0, length));
}

/** Where a row's value stands, and as many of its bytes as `out` holds. */
function findExtra(
  { tables, store }: Connection,
  { name }: ExtraInfo,
  place: number,
  row: number,
  out: Uint8Array,
): { readonly start: number; readonly length: number } {
  const room = out === noBytes ? 0 : out.length;
  check(tables.extras.ss_extra_read(store, place, row, found, out, room), `Cannot read extra "${name}"`);
  return { start: found[extraPlace.start], length: found[extraPlace.lengthBytes] };
}

/** The extra of a name, as {@linkcode StreamStore.extra} says. */
export function extraOf(session: Session, name: unknown): Extra {
  session.connection.checkOpen("read an extra");
  const place = session.extras.findIndex((extra) => extra.name === name);
  if (place >= 0) return session.kept(columnsOf)[place];
  const names = session.extras.map((extra: ExtraInfo) => extra.name).join(", ");
  throw new TypeError(
    `Cannot read an extra: its name must be ${
      names === "" ? "that of one, of which the store has none" : `among ${names}`
    }, got ${describe(name)}`,
  );
}

function columnsOf(session: Session): Extra[] {
  return Array.from(session.extras, (_, place) => new Extra(session, place));
}

/** Bytes over the store's own memory. Views of it are made anew when it has moved. */
function viewOf(session: Session, place: number, start: number, length: number): Uint8Array {
  const { tables, store } = session.connection;
  const state = new Float64Array(extraState.length);
  check(tables.extras.ss_extra_state(store, place, session.rowCount, state), "Cannot read an extra");
  const address = state[extraState.address];
  const known = session.kept(knownViews);
  let found = known.get(place);
  if (found?.address !== address) {
    const range = { address: BigInt(address), byteLength: BigInt(state[extraState.reservedBytes]) };
    found = { address, views: session.connection.viewBytes(range) };
    known.set(place, found);
  }
  return found.views.bytes(start - state[extraState.addressFirst], length);
}

interface KnownViews {
  readonly address: number;
  readonly views: BytesViews;
}

function knownViews(): Map<number, KnownViews> {
  return new Map();
}

/** What the rows `[from, to)`, which are committed, have of extras: each by name; those without a value left out. */
export function readExtras(
  { connection, extras }: Session,
  from: number,
  to: number,
): Record<string, string | Uint8Array>[] {
  return Array.from({ length: to - from }, (_, i) => {
    const values: [string, string | Uint8Array][] = [];
    for (let place = 0; place < extras.length; place++) {
      const value = readExtra(connection, extras[place], place, from + i);
      if (value !== null) values.push([extras[place].name, value]);
    }
    return Object.fromEntries(values);
  });
}
