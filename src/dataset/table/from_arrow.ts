import type { Table } from "apache-arrow";
import { Batch } from "../../append/batch.ts";
import type { Session } from "../../store/session.ts";
import { describe } from "../../fields.ts";
import { checkOptions, optionNames } from "../../options.ts";
import type { ArrowColumns, ArrowData, ArrowField } from "./types.ts";
import { ExtraAppender } from "../extras/appender.ts";
import { wantedExtras } from "../extras/wanted.ts";
import type { LoadedFeature } from "../known_features.ts";
import type { FoundColumn } from "../columns.ts";
import { ArrowRows, columnsOfSchema, mediaColumns, withMedia } from "../arrow/read/rows.ts";
import { RowAppender } from "../rows.ts";
import { checkData } from "../arrow/read/data.ts";
import type { LoadOptions } from "../load_options.ts";
import { checkNullInList } from "./null_in_list.ts";
import { attachedLength, kindOf, plainView, type TypedArrayName } from "../../typed_array.ts";

const action = "load a dataset";
const loadKeys = optionNames<LoadOptions>({ step: true, nullInList: true, extra: true });

/** Appends all rows of a table. What is returned are the features of the columns that were loaded. */
export function appendTable(
  { connection, fields, extras: declared }: Session,
  table: Table,
  options: LoadOptions,
): readonly LoadedFeature[] {
  checkOptions(options, loadKeys, action);
  checkTable(table, action);
  const nanForNull = checkNullInList(options.nullInList, action);
  const { step } = options;
  const columns = table.schema.fields as unknown as readonly ArrowField[];
  const extras = wantedExtras(declared, options.extra, action);
  const wanted = { fields, extras, step, keys: [], nanForNull };
  const rows = new ArrowRows(columns, table.schema.metadata, wanted, action);
  using batch = new Batch(connection);
  const appender = new RowAppender(connection, batch, action);
  const beside = new ExtraAppender(batch, extras, action);
  for (const { data } of table.batches) {
    const columns = readBatch(data as unknown as ArrowColumns, rows.wantedColumns);
    if (columns.length === 0) continue;
    const block = rows.block(columns);
    appender.add(block, step);
    beside.addNow(block, appender.rowCount - block.rowCount);
  }
  if (appender.rowCount > 0) beside.checkNamed();
  batch.commit();
  return [...rows.columns, ...beside.loaded];
}

/** What the columns of a table are, and what structs of bytes and a path have, where that is asked for. */
export function columnsOfTable({ schema, batches }: Table, looksAtMedia: boolean): FoundColumn[] {
  const fields = schema.fields as unknown as readonly ArrowField[];
  const media = looksAtMedia ? mediaColumns(fields) : [];
  let columns = columnsOfSchema(fields, schema.metadata);
  if (media.length === 0) return columns;
  for (const { data } of batches) {
    columns = withMedia(columns, readBatch(data as unknown as ArrowColumns, media));
  }
  return columns;
}

/**
 * The columns of a record batch that are read, each thing of them once: a table is a caller's object. What the lengths
 * speak of must be there, as in a file.
 */
function readBatch(
  data: ArrowColumns,
  wanted: readonly { readonly index: number; readonly name: string }[],
): ArrowColumns {
  const { length, children: given } = data;
  const children: ArrowData[] = [];
  // A table without rows has no buffers.
  for (const { index, name } of length > 0 ? wanted : []) {
    try {
      children[index] = readData(given[index]);
      checkData(children[index], length);
    } catch (cause) {
      const { message } = cause as Error;
      throw new TypeError(`Cannot ${action}: the column "${name}" does not fit: ${message}`, {
        cause,
      });
    }
  }
  return { length, children };
}

function readData(data: ArrowData): ArrowData {
  const { type, length, offset, nullCount, nullBitmap, values, valueOffsets, children, dictionary } = data;
  const { variadicBuffers } = data;
  return {
    type,
    length,
    offset,
    nullCount,
    nullBitmap: readArray("validity", nullBitmap, ["Uint8Array"]),
    values: readArray("values", values)!,
    valueOffsets: readArray("offsets", valueOffsets, ["Int32Array", "BigInt64Array"])!,
    children: (children ?? []).map(readData),
    dictionary: dictionary && { data: dictionary.data.map(readData) },
    variadicBuffers: variadicBuffers?.map((buffer) => readArray("views", buffer, ["Uint8Array"])!),
  };
}

/** What is not there stays so. */
function readArray<Item extends ArrayBufferView>(
  name: string,
  array: Item | null | undefined,
  allowed?: readonly TypedArrayName[],
): Item | undefined {
  if (array === null || array === undefined) return undefined;
  const kind = kindOf(array);
  if (kind === undefined || !(allowed?.includes(kind) ?? true)) {
    throw new TypeError(
      `${name} must be a ${allowed?.join(" or ") ?? "typed array"}, got ${describe(array)}`,
    );
  }
  attachedLength(name, array);
  return plainView(array);
}

export function checkTable(table: unknown, action: string): asserts table is Table {
  const given = table as Partial<Table> | null;
  if (typeof given === "object" && Array.isArray(given?.batches) && Array.isArray(given?.schema?.fields)) {
    return;
  }
  throw new TypeError(`Cannot ${action}: it must be a Table of apache-arrow, got ${describe(table)}`);
}
