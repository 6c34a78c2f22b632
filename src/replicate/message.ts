/**
 * What is sent of a store: rows as one Arrow record batch, which any Arrow reader takes, and in the schema's metadata of
 * which store they are and where in it they stand. A message speaks for itself: whoever applies it needs nothing else.
 */
import { RecordBatch, Schema, Table, tableFromIPC } from "apache-arrow";
import { toStream } from "../dataset/arrow/apache_arrow.ts";
import { planTable } from "../dataset/table/to_arrow.ts";
import { StreamStoreError } from "../error.ts";
import type { ExtraInfo } from "../extras.ts";
import { type FieldInfo, parseFields } from "../fields.ts";
import { sessionRows } from "../read/sessions.ts";
import { firstTokenOf } from "../read/rows.ts";
import { tokenOfRow } from "../read/row.ts";
import type { Session } from "../store/session.ts";
import { countColumns } from "./count_table.ts";

/** The key of the schema's metadata under which the head of a message stands, as JSON. */
const headKey = "streamstore";
const version = 1;

/** Where rows stand, and of what they are made. */
export interface MessageHead {
  /** The ID of the store that they come from. */
  readonly store: string;
  readonly fields: readonly FieldInfo[];
  readonly extras: readonly ExtraInfo[];
  /** The first row, and the row after the last. */
  readonly row: number;
  readonly endRow: number;
  /** The first token of the first row, and the token after the last row's last. */
  readonly token: number;
  readonly endToken: number;
  /** Whether the last row may still grow: then the next message has it again. */
  readonly isOpen: boolean;
  /** Those of the rows with which writers began. */
  readonly sessions: readonly number[];
  /** The name of the column of steps. */
  readonly step: string;
}

export interface Message {
  readonly head: MessageHead;
  readonly table: Table;
}

/** A message that is to be sent. */
export interface EncodedMessage {
  /** How the rows stood then: the last may grow since. */
  readonly head: MessageHead;
  readonly bytes: Uint8Array;
  /** In how many columns the last row has a value. */
  readonly columns: number;
}

/** Rows `[from, to)`, at least one, of a store that is open. */
export function encodeMessage(session: Session, from: number, to: number): EncodedMessage {
  const action = "send rows";
  const source = session.readAll(action);
  const { connection, fields, extras } = source;
  const names = [...fields, ...extras].map(({ name }) => name);
  let step = "step";
  while (names.includes(step)) step += "_";
  // By their own dtypes: what a dataset said of a field may not hold what was appended since.
  const plan = planTable({ ...source, known: new Map() } as never, { step });
  const head: MessageHead = {
    store: connection.id,
    fields: session.fieldInfos(),
    extras: session.extraInfos(),
    row: from,
    endRow: to,
    token: firstTokenOf(connection, from),
    endToken: tokenOfRow(session, to),
    isOpen: to === session.rowCount,
    sessions: sessionRows(session).filter((row) => row >= from && row < to),
    step,
  };
  const table = plan.read({ from, to });
  const { fields: columns, metadata } = table.schema;
  const schema = new Schema(
    columns,
    new Map([...metadata, [headKey, JSON.stringify({ version, ...head })]]),
  );
  const batches = table.batches.map(({ data }) => new RecordBatch(schema, data));
  return { head, bytes: toStream(new Table(schema, batches)), columns: countColumns(table) };
}

/** The message alone. */
export function encodeRows(session: Session, from: number, to: number): Uint8Array {
  return encodeMessage(session, from, to).bytes;
}

/** @throws {StreamStoreError} `damaged` where the bytes are no message. */
export function decodeRows(bytes: Uint8Array): Message {
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw noMessage(`a stream of Arrow, got ${(cause as Error).message}`, cause);
  }
  const head = readHead(table.schema.metadata.get(headKey));
  const { numRows } = table;
  if (numRows !== head.endRow - head.row) {
    throw noMessage(`of as many rows as its head says, ${head.endRow - head.row}, got ${numRows}`);
  }
  return { head, table };
}

function readHead(text: string | undefined): MessageHead {
  let head: MessageHead & { readonly version: number };
  try {
    head = JSON.parse(text ?? "null");
  } catch (cause) {
    throw noMessage("one with a head of JSON", cause);
  }
  if (typeof head !== "object" || head === null) throw noMessage(`one of a store, got no "${headKey}"`);
  if (head.version !== version) throw noMessage(`one of version ${version}, got ${head.version}`);
  if (!/^[\da-f]{32}$/.test(head.store)) throw noMessage("one that names its store");
  if (!isRange(head.row, head.endRow) || head.row === head.endRow) throw noMessage("one of rows in order");
  if (!isRange(head.token, head.endToken)) throw noMessage("one of tokens in order");
  if (
    !Array.isArray(head.sessions) ||
    !head.sessions.every((row, i, all) =>
      isRange(i === 0 ? head.row : all[i - 1] + 1, row) && row < head.endRow
    )
  ) throw noMessage("one whose writers begin with its rows");
  if (typeof head.isOpen !== "boolean" || typeof head.step !== "string" || !Array.isArray(head.extras)) {
    throw noMessage("one with all of its head");
  }
  parseFields(fieldList(head.fields));
  return head;
}

/** The fields of a head as a store is made with them. */
export function fieldList(
  fields: readonly FieldInfo[],
): [string, { type: number; dtype: FieldInfo["dtype"] }][] {
  return fields.map(({ name, type, dtype }) => [name, { type, dtype }]);
}

const isRange = (from: unknown, to: unknown) =>
  Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= (from as number) &&
  (from as number) <= (to as number);

function noMessage(what: string, cause?: unknown): StreamStoreError {
  return new StreamStoreError("damaged", `Cannot follow a store: a message must be ${what}`, { cause });
}
