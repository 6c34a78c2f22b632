/** How a store in a directory is opened: which fields it has, and the connection to it. */
import { builtin } from "../native/builtin.ts";
import { cellOf } from "./cells.ts";
import { chunkOf } from "./chunk.ts";
import { Connection } from "./connection.ts";
import { createDirectory } from "./create.ts";
import { StreamStoreError } from "../error.ts";
import { describe, type Field, type FieldList, type FieldMap, fieldText, parseFields } from "../fields.ts";
import { type ExtraInfo, type ExtraMap, extrasText } from "../extras.ts";
import { optionNames } from "../options.ts";
import { systemError } from "./durable_file.ts";
import { type Features, type Known, readManifest, writeManifest } from "./manifest.ts";
import { readSeal } from "./seal.ts";
import type { Retain } from "./retention.ts";
import type { ScheduleOptions } from "./schedule.ts";
import type { Origin } from "./state.ts";
import { countMarks, readMarks } from "../read/rows.ts";

/**
 * What may be done with a store: `create` a new one, `append` to one that exists, or only `read` it. Part of
 * {@linkcode OpenOptions}.
 */
export type Mode = "create" | "append" | "read";

/** Options of a new store. Taken by {@linkcode StreamStore}. */
export interface StoreOptions<Extras extends ExtraMap = ExtraMap> {
  /**
   * The chunk, in tokens, by which the store's files grow: below 2 ** 32; 1,000,000 by default. A store that exists
   * keeps its own. With `retain` it is what is dropped at once, in whole multiples of 65,536; by default a 32nd of what
   * `retain` keeps.
   */
  readonly capacity?: number;
  /** Drops the oldest rows, whole chunks at a time, once these limits keep enough without them. By default all is kept. */
  readonly retain?: Retain;
  /**
   * Text and bytes beside the steps, by name: `{ prompt: "string", frame: "bytes" }`. A store that exists has those it was
   * made with. With `retain` they are dropped with their rows.
   */
  readonly extra?: Extras;
}

/** Options of {@linkcode StreamStore.open}. */
export interface OpenOptions<Fields extends FieldList = FieldMap, Extras extends ExtraMap = ExtraMap>
  extends StoreOptions<Extras>, ScheduleOptions {
  /** The fields: needed to create a store, and compared with those of one that exists. */
  readonly fields?: Fields;
  /** `create` a new store, `append` to one, or `read` one. By default a store that exists is appended to. */
  readonly mode?: Mode;
  /**
   * Opens a damaged store to read: the rows before the first chunk that has not its checksum. All of it is read for
   * that. Where `store.json` is lost too, `fields` stand in for it.
   */
  readonly salvage?: boolean;
}

/** Options of {@linkcode StreamStore.waitForRows}. */
export interface WaitOptions {
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal;
}

export const storeKeys = optionNames<StoreOptions>({ capacity: true, retain: true, extra: true });
export const openKeys = optionNames<OpenOptions>({
  fields: true,
  mode: true,
  salvage: true,
  capacity: true,
  retain: true,
  extra: true,
  commitEvery: true,
  syncEvery: true,
});

/** What a store is opened as: in a directory, or in temporary files without one. */
export interface Opened {
  readonly directory: string | null;
  readonly connection: Connection;
  readonly fields: Field[];
  readonly extras: readonly ExtraInfo[];
  readonly features: Features;
  /** The first row whose marks tell what store.json lacks, since it could not be written. */
  readonly manifestDue?: number;
}

export interface OpenRequest {
  readonly fields?: FieldList;
  readonly mode?: Mode;
  readonly capacity?: number;
  readonly retain?: Retain;
  readonly salvage: boolean;
  readonly extras?: readonly ExtraInfo[];
  /** Where the stream of a new store begins that is a copy of another. */
  readonly origin?: Origin;
}

export function openDirectory(path: string, request: OpenRequest): Opened {
  const directory = checkPath(path);
  if (request.salvage) return salvage(directory, request);
  const mode = request.mode ?? (isStore(directory) ? "append" : "create");
  if (mode === "create") return create(directory, request);
  if (mode !== "append" && mode !== "read") {
    throw new RangeError(`Cannot open a store: mode must be create, append or read, got ${describe(mode)}`);
  }
  const known = readManifest(directory);
  if (mode === "read") readSeal(directory, known.id);
  if (request.fields !== undefined) checkSame(directory, known.fields, parseFields(request.fields));
  if (request.extras !== undefined) checkSameExtras(directory, known.extras, request.extras);
  const connection = Connection.existing(directory, mode === "append" ? "write" : "read", known);
  try {
    checkDrops(directory, connection, request.retain);
    return describeExisting(directory, connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Only a store that was made with `retain` can drop rows. Who only reads drops nothing. */
function checkDrops(directory: string, connection: Connection, retain: Retain | undefined): void {
  if (retain === undefined || connection.isSegmented || !connection.isWritable) return;
  throw new RangeError(
    `Cannot open the store ${directory}: retain must be left out, since the store was made without it and keeps all rows, ` +
      `got ${JSON.stringify(retain)}; a new store made with retain drops its oldest rows`,
  );
}

/** Read again under the lock: another writer may have ended since, and have noted what it learnt. */
function describeExisting(directory: string, connection: Connection): Opened {
  const { fields, features, extras } = readManifest(directory);
  checkExtraCount(directory, connection, extras);
  const listCount = countLists(fields);
  const fromRow = noteLastLists(connection, fields);
  const opened = { directory, connection, fields, extras, features };
  if (!connection.isWritable || countLists(fields) === listCount) return opened;
  // Else later marks would hide the one that says so from the next to open the store.
  try {
    writeManifest(directory, connection.id, fields, features, extras);
    return opened;
  } catch (error) {
    if (!isFoundAgain(error, connection, fromRow)) throw error;
    return { ...opened, manifestDue: fromRow };
  }
}

/** Whether a full disk has kept store.json from being written, and the next to open the store will not miss it. */
export function isFoundAgain(error: unknown, connection: Connection, firstRow: number): boolean {
  const isFull = error instanceof StreamStoreError && error.code === "storage-full";
  return isFull && firstRow >= firstRowLookedAt(connection);
}

/** How many fields are known as lists. */
export function countLists(fields: readonly Field[]): number {
  return fields.filter(({ isList }) => isList).length;
}

/** Opens what is whole of a damaged store. Without its store.json the fields have to be given. */
function salvage(directory: string, request: OpenRequest): Opened {
  if (request.mode !== undefined && request.mode !== "read") {
    throw new RangeError(`Cannot salvage a store: mode must be read, got ${describe(request.mode)}`);
  }
  const { id, fields, features, extras } = readManifestOr(directory, request);
  const connection = Connection.existing(directory, "salvage", { fields, id });
  try {
    checkCells(directory, connection, fields);
    checkExtraCount(directory, connection, extras);
    // The marks of the last rows may be lost, and a store.json with what they told.
    noteLists(connection, fields, connection.firstRow);
  } catch (error) {
    connection.close();
    throw error;
  }
  return { directory, connection, fields, extras, features };
}

/** Fields that stand in for those of store.json may be others. */
function checkCells(directory: string, connection: Connection, fields: readonly Field[]): void {
  const { kind } = cellOf(fields);
  if (kind === connection.kind) return;
  throw new StreamStoreError(
    "fields-differ",
    `Cannot open the store ${directory}: fields must have cells of ${connection.kind}, got { ${
      fields.map(fieldText).join(", ")
    } }, which have cells of ${kind}`,
  );
}

function readManifestOr(directory: string, { fields, extras = [] }: OpenRequest): Known {
  try {
    return readManifest(directory);
  } catch (error) {
    if (fields === undefined) throw error;
    return { id: null, fields: parseFields(fields), features: new Map(), extras };
  }
}

function create(directory: string, request: OpenRequest): Opened {
  if (request.fields === undefined) {
    throw new StreamStoreError(
      "not-found",
      `Cannot open the store ${directory}: there is none, and no fields are given to create it`,
    );
  }
  const fields = parseFields(request.fields);
  const { extras = [] } = request;
  const features: Features = new Map();
  if (isStore(directory)) {
    throw new StreamStoreError(
      "already-exists",
      `Cannot create a store at ${directory}: there is one already`,
    );
  }
  const { origin } = request;
  // A stream begins behind its first row only where segments can be missing.
  const retain = request.retain ?? (origin === undefined ? undefined : {});
  const chunk = chunkOf(request.capacity, retain, fields, extras.length);
  const connection = createDirectory(directory, (staging) => {
    const action = `Cannot create a store at ${directory}`;
    const made = Connection.create(staging, { chunk, fields, extraCount: extras.length, origin }, action);
    try {
      writeManifest(staging, made.id, fields, features, extras);
      made.sync();
      return made;
    } catch (error) {
      made.close();
      throw error;
    }
  });
  connection.directory = directory;
  return { directory, connection, fields, extras, features };
}

/** The store's extras are those it was made with; given ones must be the same, in the same order. */
function checkSameExtras(
  directory: string,
  found: readonly ExtraInfo[],
  given: readonly ExtraInfo[],
): void {
  const [has, wants] = [extrasText(found), extrasText(given)];
  if (has === wants) return;
  throw new StreamStoreError(
    "fields-differ",
    `Cannot open the store ${directory}: extra must be ${has}, got ${wants}`,
  );
}

/** A head that counts other extras belongs to other files. */
function checkExtraCount(directory: string, { extraCount }: Connection, extras: readonly ExtraInfo[]): void {
  if (extraCount === extras.length) return;
  throw new StreamStoreError(
    "damaged",
    `Cannot open the store ${directory}: its files must be of ${extras.length} extras, got ${extraCount}`,
  );
}

function checkPath(path: unknown): string {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw new TypeError(`Cannot open a store: the path must be a string without NUL, got ${describe(path)}`);
  }
  return builtin.path.resolve(path);
}

/** Whether there is a store at the path. Something else there, other than an empty directory, is an error later. */
function isStore(directory: string): boolean {
  try {
    if (!builtin.fs.existsSync(directory)) return false;
    if (!builtin.fs.statSync(directory).isDirectory()) {
      throw new StreamStoreError(
        "not-a-directory",
        `Cannot open the store ${directory}: it is not a directory`,
      );
    }
    return builtin.fs.existsSync(`${directory}/store.json`);
  } catch (error) {
    throw systemError(error, `Cannot open the store ${directory}`, directory);
  }
}

/** The store's fields are those it was made with; given ones must be the same, in the same order. */
function checkSame(directory: string, found: readonly Field[], given: readonly Field[]): void {
  const [has, wants] = [found.map(fieldText), given.map(fieldText)];
  if (has.join() === wants.join()) return;
  const missing = wants.filter((field) => !has.includes(field));
  const extra = has.filter((field) => !wants.includes(field));
  const parts = [
    ...(missing.length > 0 ? [`lacks { ${missing.join(", ")} }`] : []),
    ...(extra.length > 0 ? [`has { ${extra.join(", ")} } besides`] : []),
  ];
  const difference = parts.length > 0 ? `the store ${parts.join(" and ")}` : "in another order";
  throw new StreamStoreError(
    "fields-differ",
    `Cannot open the store ${directory}: fields must be { ${has.join(", ")} }, got { ${
      wants.join(", ")
    } }: ${difference}`,
  );
}

/** Marks looked at for a field that became a list just before the writer died, and is not known as one. */
const marksLookedAt = 4096;

/** Notes which fields are lists that `store.json` did not know as such: by the last marks of all. Returns from which row. */
function noteLastLists(connection: Connection, fields: readonly Field[]): number {
  const fromRow = firstRowLookedAt(connection);
  noteLists(connection, fields, fromRow);
  return fromRow;
}

/** At least the last row is looked at. */
function firstRowLookedAt(connection: Connection): number {
  let [from, end] = [connection.firstRow, Math.max(connection.firstRow, connection.rowCount - 1)];
  while (from < end) {
    const middle = Math.floor((from + end) / 2);
    if (countMarks(connection, "all", middle, connection.rowCount) > marksLookedAt) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** Notes which fields are lists by the marks of all rows from `fromRow` on. */
export function noteLists(connection: Connection, fields: readonly Field[], fromRow: number): void {
  if (fields.every(({ isList }) => isList)) return;
  for (const { type } of readMarks(connection, "listFields", fromRow, connection.rowCount)) {
    const field = fields.find((candidate) => candidate.type === type);
    if (field !== undefined) field.isList = true;
  }
}
