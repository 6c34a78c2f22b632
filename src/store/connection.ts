import { StreamStoreError } from "../error.ts";
import { type Field, packCells } from "../fields.ts";
import { type CellKind, cellKindOf } from "./cells.ts";
import {
  type Chunk,
  type MadeWith,
  type OpenedAs,
  packOptions,
  type Recovery,
  recoveryOf,
  type Room,
  roomOf,
} from "./state.ts";
import { errorDetail, rowKey, storeAction, storeMode, storeState, tailState } from "../native/abi.ts";
import { runtime, temporaryDirectory } from "../native/load.ts";
import type { BytesViews, ColumnRange, ColumnViews, MemoryRange, TailMemory } from "../native/runtime.ts";
import { check, status, storageFull } from "../native/status.ts";
import { MadeViews } from "./views.ts";

/**
 * How often any store of this thread has been changed: while the count stays none was closed, and none has another commit,
 * or something in a tail that was empty.
 */
export const updates = { count: 0 };

/** An open store of the native library, and what its last commit says. */
export class Connection {
  readonly native = runtime.native;
  readonly tables = runtime.tables;
  readonly store: number;
  readonly #madeViews: MadeViews;
  /** Tokens and rows in the columns; the tail may hold more. */
  tokenCount = 0;
  rowCount = 0;
  markCount = 0;
  lastStep = 0n;
  /** The stream starts here; what comes before was dropped. */
  firstToken = 0;
  firstRow = 0;
  firstMark = 0;
  /** What the cells are. */
  readonly kind: CellKind;
  isClosed = false;
  /** Whether a call that writes is under way. */
  isWriting = false;
  #views?: ColumnViews;
  #dataAddress = 0n;
  #typesAddress = 0n;
  /** Of the tokens of a store that has one field. */
  #sameTypes: Uint8Array | Int32Array = new Uint8Array(0);
  readonly #state = new BigInt64Array(storeState.length);
  readonly #wanted = new BigInt64Array(1);
  readonly #found = new Float64Array(1);
  /** Where its files are, or a temporary store's would be. */
  directory: string;

  private constructor(store: number, readonly access: keyof typeof storeMode, directory: string) {
    this.store = store;
    this.directory = directory;
    this.#madeViews = new MadeViews(store, this);
    this.reload();
    this.kind = cellKindOf(this.#number("cellKind"));
  }

  /** A store whose files have no names, in the system's directory for temporary files. */
  static temporary(chunk: Chunk, fields: readonly Field[], extraCount = 0): Connection {
    const path = temporaryDirectory();
    const action = `Cannot create a temporary store in ${path}`;
    return Connection.#open(path, "temporary", { chunk, fields, extraCount }, action);
  }

  /** A new store in an empty directory; `action` says what could not be done if it cannot. */
  static create(directory: string, made: MadeWith, action: string): Connection {
    return Connection.#open(directory, "create", made, action);
  }

  /** A store that exists, to go on with or only to read. With an ID, the head must have it, and cells for the fields. */
  static existing(directory: string, access: "write" | "read" | "salvage", known: OpenedAs): Connection {
    return Connection.#open(directory, access, known, `Cannot open the store ${directory}`);
  }

  static #open(path: string, access: keyof typeof storeMode, opened: OpenedAs, action: string): Connection {
    const directory = new TextEncoder().encode(path);
    const out = new Float64Array(1);
    const { fields, id = null } = opened;
    const idBytes = id === null ? new Uint8Array(16) : Uint8Array.fromHex(id);
    const code = runtime.native.ss_store_open(
      directory,
      directory.length,
      storeMode[access],
      packOptions(opened),
      packCells(fields),
      fields.length,
      idBytes,
      out,
    );
    if (code === status.locked) {
      throw new StreamStoreError("locked", `${action}: the process ${out[0]} is writing it`);
    }
    if (code === status.storageFull) throw storageFull(action, path, out[0]);
    check(code, action);
    return new Connection(out[0], access, path);
  }

  /** The chunk by which the files grow, in tokens. */
  get capacity(): number {
    return this.#number("capacityTokens");
  }

  /** 16 random bytes in hexadecimal, drawn when the store was made. */
  get id(): string {
    return new Uint8Array(this.#state.slice(storeState.id, storeState.length).buffer).toHex();
  }

  /** For a writer: the first row that it begins, or has begun. */
  get sessionRow(): number {
    return this.#number("sessionRow");
  }

  /** The same of marks. */
  get capacityMarks(): number {
    return this.#number("capacityMarks");
  }

  get extraCount(): number {
    return this.#number("extraCount");
  }

  /** Whether each chunk has files of its own, so that the oldest can be dropped. */
  get isSegmented(): boolean {
    return this.#number("isSegmented") === 1;
  }

  /** What the tail may take since the last commit, all told. */
  get room(): Room {
    return roomOf((name) => this.#number(name));
  }

  /**
   * The row that holds a token, or that of a step, -1 where no row has the step; or the first of the step or a later
   * one, where there is none the one after the last.
   */
  findRow(key: keyof typeof rowKey, number: bigint): number {
    this.#wanted[0] = number;
    check(this.native.ss_row_find(this.store, rowKey[key], this.#wanted, this.#found), "Cannot find a row");
    return this.#found[0];
  }

  rowOfToken(index: number): number {
    return this.findRow("token", BigInt(index));
  }

  /** Drops the segments that hold nothing but what comes before a row. */
  dropBefore(row: number): void {
    this.#update("dropBefore", "Cannot drop the oldest rows", row);
  }

  /** Has a writer begin with a row that is still to come, or with none. */
  beginSession(row: number | null): void {
    this.#update("beginSession", "Cannot note where a writer began", row ?? Number.MAX_SAFE_INTEGER);
  }

  /** Makes all durable, and ends what changes the files. */
  seal(): void {
    this.#update("seal", "Cannot seal the store");
  }

  get recovery(): Recovery {
    return recoveryOf((name) => this.#number(name));
  }

  /** The bytes of a type in its file; 0 where all tokens are of one field, and there is none. */
  get typeBytes(): number {
    return this.#number("typeBytes");
  }

  /** The types of tokens. Those of one field are the same wherever they stand. */
  types(start: number, length: number): Uint8Array | Int32Array {
    if (this.typeBytes > 0) return this.views().types(start, length);
    if (this.#sameTypes.length < length) {
      const type = this.#number("onlyType");
      const count = Math.max(1024, 2 * length);
      const types = type >= 0 && type <= 255 ? new Uint8Array(count) : new Int32Array(count);
      this.#sameTypes = types.fill(type);
    }
    return this.#sameTypes.subarray(0, length);
  }

  /** The tail's memory, or null where this process may not look at native memory. */
  mapTail(): TailMemory | null {
    if (!runtime.canView || !this.isWritable) return null;
    const borrow = ({ address, byteLength }: MemoryRange) => runtime.borrow(address, Number(byteLength));
    const stateBytes = Int32Array.BYTES_PER_ELEMENT * tailState.length;
    return {
      state: new Int32Array(runtime.borrow(this.#state[storeState.tailStateAddress], stateBytes)),
      records: new Int32Array(borrow(this.#range("tailRecords"))),
      values: borrow(this.#range("tailValues")),
      extras: this.extraCount > 0 ? borrow(this.#range("tailExtras")) : new ArrayBuffer(0),
    };
  }

  /** Typed arrays over the columns. Made anew when the columns have moved to a larger reservation. */
  views(): ColumnViews {
    if (this.#views !== undefined) return this.#views;
    const types = { ...this.#column("types"), elementBytes: this.typeBytes };
    return this.#views = this.#madeViews.ofColumns(types, { ...this.#column("data"), kind: this.kind });
  }

  /** Views over the bytes of an extra. */
  viewBytes(range: MemoryRange): BytesViews {
    return this.#madeViews.ofBytes(range);
  }

  #column(column: "types" | "data"): ColumnRange {
    return { ...this.#range(column), first: this.#number(`${column}First`) };
  }

  #range(part: "types" | "data" | "tailRecords" | "tailValues" | "tailExtras"): MemoryRange {
    const [address, byteLength] = [storeState[`${part}Address`], storeState[`${part}Bytes`]];
    return { address: this.#state[address], byteLength: this.#state[byteLength] };
  }

  /** Moves the tail into the columns, and reserves disk space for what it takes next as long as there is any. */
  flush(): void {
    this.#update("flush", "Cannot flush the store");
  }

  /** Reserves disk space for what the tail takes next, or says that there is none. */
  reserve(): void {
    this.#update("reserve", "Cannot append");
  }

  /** Flushes, and makes everything durable. */
  sync(): void {
    this.#update("sync", "Cannot sync the store");
  }

  /** The number of the last commit that is seen. */
  get sequence(): bigint {
    return this.#state[storeState.sequence];
  }

  /** For a reader: goes to the newest commit. Returns whether there was a newer one. */
  refresh(): boolean {
    const { sequence } = this;
    this.#call("refresh", "Cannot refresh the store");
    if (this.sequence === sequence) return false;
    this.#takeState();
    return true;
  }

  /** Reads what the last commit says. */
  reload(): void {
    this.#update("none", "Cannot read the store's state");
  }

  /** Has the library do something, and reads what the last commit says then. */
  #update(action: keyof typeof storeAction, what: string, row = 0): void {
    this.#call(action, what, row);
    this.#takeState();
  }

  #call(action: keyof typeof storeAction, what: string, row = 0): void {
    this.checkGrowth(this.native.ss_store_update(this.store, storeAction[action], row, this.#state), what);
  }

  #takeState(): void {
    updates.count++;
    this.tokenCount = this.#number("tokenCount");
    this.rowCount = this.#number("rowCount");
    this.markCount = this.#number("markCount");
    this.lastStep = this.#state[storeState.lastStep];
    this.firstToken = this.#number("firstToken");
    this.firstRow = this.#number("firstRow");
    this.firstMark = this.#number("firstMark");
    const dataAddress = this.#state[storeState.dataAddress];
    const typesAddress = this.#state[storeState.typesAddress];
    if (dataAddress !== this.#dataAddress || typesAddress !== this.#typesAddress) this.#views = undefined;
    this.#dataAddress = dataAddress;
    this.#typesAddress = typesAddress;
  }

  #number(name: keyof typeof storeState): number {
    return Number(this.#state[storeState[name]]);
  }

  /** As `check`; where the disk is full, the error says how much was wanted and how much there is. */
  checkGrowth(code: number, action: string): void {
    if (code === status.storageFull) throw storageFull(action, this.directory, this.detail("wantedBytes"));
    check(code, action);
  }

  /** What the last error was about; of a call over several stores, the first of them knows. */
  detail(name: Exclude<keyof typeof errorDetail, "length">, store = this.store): number {
    const out = new Float64Array(errorDetail.length);
    check(this.native.ss_store_detail(store, out), "Cannot read the store's last error");
    return out[errorDetail[name]];
  }

  /** Whether no row is held. */
  get isEmpty(): boolean {
    return this.rowCount === this.firstRow;
  }

  get isWritable(): boolean {
    return this.access !== "read" && this.access !== "salvage";
  }

  /**
   * Runs a call that writes. What it reads of the caller may run the caller's code (a getter, a proxy, a callback):
   * another call that writes would go on from where this one has not got to, so it is refused.
   */
  write<T>(action: string, task: () => T): T {
    this.checkIdle(action);
    this.isWriting = true;
    try {
      return task();
    } finally {
      this.isWriting = false;
    }
  }

  /** Throws in the middle of a call that writes. */
  checkIdle(action: string): void {
    if (!this.isWriting) return;
    throw new StreamStoreError(
      "busy",
      `Cannot ${action}: the store must be idle, got a call from within another that writes`,
    );
  }

  checkWritable(action: string): void {
    this.checkOpen(action);
    if (this.isWritable) return;
    throw new StreamStoreError("read-only", `Cannot ${action}: the store is open for reading only`);
  }

  checkOpen(action: string): void {
    if (this.isClosed) throw new StreamStoreError("closed", `Cannot ${action}: the store is closed`);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    updates.count++;
    this.#views = undefined;
    check(this.#madeViews.close(), "Cannot close the store");
  }
}
