/** An open store: what the methods of `StreamStore` and the functions of the other folders work on. */
import { Appender, type AppenderHooks } from "../append/appender.ts";
import type { Checked } from "../append/extra_values.ts";
import { ExtraWriter } from "../append/extras.ts";
import { StreamStoreError } from "../error.ts";
import { type Field, type FieldInfo, type FieldList, packCells, parseFields } from "../fields.ts";
import { type ExtraInfo, parseExtras } from "../extras.ts";
import { check } from "../native/status.ts";
import { checkOptions } from "../options.ts";
import { checkCapacity, chunkOf } from "./chunk.ts";
import { Connection } from "./connection.ts";
import type { Recovery } from "./state.ts";
import { type Features, readManifest, writeManifest } from "./manifest.ts";
import {
  countLists,
  isFoundAgain,
  noteLists,
  openDirectory,
  type Opened,
  openKeys,
  type OpenOptions,
  storeKeys,
  type StoreOptions,
} from "./open.ts";
import { aheadBytesMax, checkRetain, Retention } from "./retention.ts";
import { checkIntervals, Schedule, type ScheduleOptions } from "./schedule.ts";

/** A store that rows are loaded into over some time. */
export interface LoadTarget {
  readonly connection: Connection;
  readonly fields: readonly Field[];
  readonly extras: readonly ExtraInfo[];
  /** Throws if the store is not as it was when loading began. */
  checkUntouched(): void;
}

/** A store whose rows are read as a dataset. */
export interface ReadSource {
  readonly connection: Connection;
  readonly fields: readonly Field[];
  readonly extras: readonly ExtraInfo[];
  /** What datasets said about fields and extras. */
  readonly known: Features;
}

/** Opens the store in a directory, as {@linkcode StreamStore.open} says. */
export function openSession(path: string, options: OpenOptions<FieldList>): Session {
  checkOptions(options, openKeys, "open a store");
  checkCapacity(options.capacity);
  const { capacity, commitEvery, syncEvery, retain, fields, mode, salvage = false, extra } = options;
  checkIntervals({ commitEvery, syncEvery });
  checkRetain(retain);
  const extras = extra === undefined ? undefined : parseExtras(extra);
  return new Session(openDirectory(path, { fields, mode, capacity, retain, salvage, extras }), {
    commitEvery,
    syncEvery,
    retain,
  });
}

/** Makes a store in temporary files. */
export function temporarySession(given: FieldList, options: StoreOptions): Session {
  checkOptions(options, storeKeys, "create a store");
  const { capacity, retain, extra } = options;
  checkRetain(retain);
  checkCapacity(capacity);
  const [fields, extras] = [parseFields(given), parseExtras(extra)];
  const chunk = chunkOf(capacity, retain, fields, extras.length);
  const connection = Connection.temporary(chunk, fields, extras.length);
  return new Session({ directory: null, connection, fields, extras, features: new Map() }, { retain });
}

export class Session {
  readonly fields: readonly Field[];
  readonly extras: readonly ExtraInfo[];
  /** Where the values of a step's extras are read to. */
  readonly extraRow: Checked[];
  /** The fields that stand in the cells as their own bits, as a gather takes them. */
  readonly others: Int32Array;
  readonly connection: Connection;
  readonly appender: Appender;
  readonly features: Features;
  /** The store's directory, or null for a temporary store. */
  readonly directory: string | null;
  /** What drops the oldest rows, or null where all are kept. */
  readonly retention: Retention | null;
  readonly #schedule: Schedule | null;
  readonly #kept = new Map<unknown, unknown>();
  /**
   * Where store.json lacks what was noted since, because it could not be written: the first row whose marks tell it, or
   * -1 where nothing else does. Else null.
   */
  #manifestDue: number | null;

  constructor(opened: Opened, { retain, ...schedule }: ScheduleOptions & Pick<StoreOptions, "retain">) {
    const { connection, fields, extras } = opened;
    this.connection = connection;
    this.fields = fields;
    this.extras = extras;
    this.extraRow = extras.map(() => null);
    this.others = packCells(fields.filter(({ element }) => element !== connection.kind));
    this.features = opened.features;
    this.directory = opened.directory;
    this.#manifestDue = opened.manifestDue ?? null;
    this.retention = retain === undefined ? null : new Retention(connection, retain);
    const extraWriter = extras.length > 0 ? new ExtraWriter(connection, extras, aheadBytesMax(retain)) : null;
    const hooks: AppenderHooks = {
      onFlush: (isDurable) => {
        this.#schedule?.noteCommit(isDurable);
        this.retention?.apply();
      },
      onNewList: () => this.#noteInManifest(connection.rowCount),
    };
    this.appender = new Appender(connection, fields, hooks, extraWriter);
    const isScheduled = this.directory !== null && connection.isWritable;
    this.#schedule = isScheduled ? new Schedule(this.appender, schedule) : null;
  }

  /** The number of tokens and of rows that were appended, those in the tail included. */
  get tokenCount(): number {
    return this.appender.tokenCount;
  }

  get rowCount(): number {
    return this.appender.rowCount;
  }

  /** The fields, as users see them. */
  fieldInfos(): FieldInfo[] {
    return this.fields.map(({ name, type, dtype }) => Object.freeze({ name, type, dtype }));
  }

  /** The extras as {@linkcode StreamStore.extras} tells of them. */
  extraInfos(): readonly ExtraInfo[] {
    return this.extras.map(({ name, kind }) => Object.freeze({ name, kind }));
  }

  /** The process that has the store open for writing, as {@linkcode StreamStore.writer} says. */
  findWriter(): number | null {
    const { connection } = this;
    connection.checkOpen("tell who writes the store");
    const found = new Float64Array(1);
    check(
      connection.tables.verify.ss_writer_find(connection.store, found),
      "Cannot tell who writes the store",
    );
    return found[0] === 0 ? null : found[0];
  }

  /** What opening the store found, as {@linkcode StreamStore.recovery} says. */
  get recovery(): Recovery {
    this.connection.checkOpen("tell what was recovered");
    return this.connection.recovery;
  }

  /** What a function keeps with the store: made when it is first asked for. */
  kept<Value>(make: (session: Session) => Value): Value {
    let value = this.#kept.get(make) as Value | undefined;
    if (value === undefined) this.#kept.set(make, value = make(this));
    return value;
  }

  /** Runs a call that appends, and first throws what could not be done since the last. */
  write(action: string, task: () => void): void {
    this.#writeAfterCheck(action, task);
    this.#schedule?.runDue();
  }

  #writeAfterCheck(action: string, task: () => void): void {
    this.connection.checkOpen(action);
    this.#schedule?.check();
    this.connection.write(action, task);
  }

  /** Moves the tail into the columns, where it holds anything. */
  commit(action: string): void {
    this.connection.checkOpen(action);
    if (!this.appender.isFlushed) this.connection.write(action, () => this.appender.flush());
  }

  /** Commits what the tail holds. On a disk that fails that does too; then what is committed can still be read. */
  prepareRead(action: string, isCommitted: () => boolean = () => false): void {
    this.connection.checkOpen(action);
    if (this.appender.isFlushed) return;
    try {
      this.commit(action);
    } catch (error) {
      if (!isCommitted()) throw error;
    }
  }

  /** Commits, so that all rows can be read as a dataset. */
  readAll(action: string): ReadSource {
    this.prepareRead(action);
    const { connection, fields, extras } = this;
    return { connection, fields, extras, known: this.#knownFeatures() };
  }

  /** Commits, and runs a task that appends rows past the appender, at once. */
  appendAtOnce(task: () => void): void {
    this.appender.flush();
    const listCount = countLists(this.fields);
    task();
    this.appender.reload();
    // A batch has the marks of its new lists at its last row.
    if (countLists(this.fields) > listCount) this.#noteInManifest(this.rowCount);
    this.#schedule?.noteBatch();
  }

  /** For rows that are copied: the writer of the next of them began with it, or (null) none of those to come did. */
  beginSession(row: number | null): void {
    this.write("note where a writer began", () => {
      this.appender.flush();
      this.connection.beginSession(row);
      this.appender.reload();
    });
  }

  /** Commits, and runs a task that appends rows of a dataset and notes their features, at once. */
  loadAtOnce(action: string, task: (wasEmpty: boolean) => void): void {
    this.connection.checkWritable(action);
    this.connection.write(action, () => {
      this.appender.flush();
      task(this.connection.isEmpty);
      this.#noteLoaded();
    });
  }

  /** The same over some time, in which nothing else may be appended. */
  async load(
    action: string,
    task: (target: LoadTarget, wasEmpty: boolean) => Promise<void>,
  ): Promise<void> {
    const { connection, fields, extras } = this;
    connection.checkWritable(action);
    this.commit(action);
    const { rowCount, tokenCount } = this;
    const checkUntouched = () => {
      connection.checkOpen(action);
      if (this.rowCount === rowCount && this.tokenCount === tokenCount) return;
      throw new StreamStoreError(
        "busy",
        `Cannot ${action}: nothing else must be appended meanwhile, got steps`,
      );
    };
    await task({ connection, fields, extras, checkUntouched }, connection.isEmpty);
    this.#noteLoaded();
  }

  flush(): void {
    this.#writeAfterCheck("flush", () => this.appender.flush());
  }

  sync(): void {
    this.#writeAfterCheck("sync", () => {
      this.appender.sync();
      this.#writeManifest();
    });
  }

  /** For a reader: goes to what was committed. Returns whether there was anything new. */
  refresh(): boolean {
    this.connection.checkOpen("refresh");
    const { rowCount, markCount } = this.connection;
    if (!this.connection.refresh()) return false;
    // What the writer has begun to write as lists since; the last row may have got more fields.
    if (this.connection.markCount > markCount) {
      noteLists(this.connection, this.fields, Math.max(0, rowCount - 1));
    }
    this.appender.reload();
    return true;
  }

  close(): void {
    if (this.connection.isClosed) return;
    this.connection.checkIdle("close");
    this.#schedule?.stop();
    const failure = this.#endManifest();
    this.appender.release();
    this.connection.close();
    if (failure !== null) throw failure;
    this.#schedule?.check();
  }

  #noteLoaded(): void {
    this.appender.reload();
    this.#noteInManifest();
    this.#schedule?.noteBatch();
  }

  /**
   * For what the steps just appended have shown. They are in the stream: so an error waits for the next sync. Where their
   * marks tell it too, `rowCount` says how many rows there were before those: the last of them may have gone on.
   */
  #noteInManifest(rowCount: number | null = null): void {
    if (this.directory === null) return;
    const firstRow = rowCount === null ? -1 : Math.max(0, rowCount - 1);
    this.#manifestDue = Math.min(this.#manifestDue ?? Infinity, firstRow);
    try {
      this.#writeManifest();
    } catch (error) {
      if (!(error instanceof StreamStoreError)) throw error;
    }
  }

  /** Writes store.json where it is due. A full disk is an error only where the next to open the store would miss something. */
  #writeManifest(): void {
    const due = this.#manifestDue;
    if (due === null) return;
    try {
      writeManifest(this.directory!, this.connection.id, this.fields, this.features, this.extras);
      this.#manifestDue = null;
    } catch (error) {
      if (!isFoundAgain(error, this.connection, due)) throw error;
    }
  }

  /** Writes it a last time, under the store's lock; returns what is to be thrown once the store is closed. */
  #endManifest(): unknown {
    if (this.#manifestDue === null) return null;
    try {
      this.appender.flush();
      this.#writeManifest();
      return null;
    } catch (error) {
      return error;
    }
  }

  /** The features of fields and extras. What a reader knows of them may be older than the rows that it sees. */
  #knownFeatures(): Features {
    if (this.directory !== null && this.connection.access === "read") {
      const { features } = readManifest(this.directory);
      for (const [name, feature] of features) this.features.set(name, feature);
    }
    return this.features;
  }
}

const sessions = new WeakMap<object, Session>();

/** Tells the other modules which session a store has. */
export function noteSession(store: object, session: Session): void {
  sessions.set(store, session);
}

/** The session of a store, or null for what is none. */
export function sessionOf(store: unknown): Session | null {
  return typeof store === "object" && store !== null ? sessions.get(store) ?? null : null;
}
