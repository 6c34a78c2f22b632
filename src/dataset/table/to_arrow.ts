import { type Data, Field as ArrowField, makeData, Schema, type Table } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import { nothing } from "../../native/arguments.ts";
import { describe, type Field } from "../../fields.ts";
import { check } from "../../native/status.ts";
import { checkOptions, optionNames } from "../../options.ts";
import { ownValue } from "../../own_value.ts";
import { arrowField, arrowTypeOf, arrowValueType } from "./types.ts";
import { type ExtraColumn, extraVector } from "../extra.ts";
import { type Feature, featureOf, metadataKey, metadataOf, parseFeature } from "../features.ts";
import { readEmptyRows } from "./empty_rows.ts";
import { fieldData, type RowRange } from "./field_data.ts";
import { type ExtraColumnPlan, extraData, planExtraColumns } from "../extras/to_arrow.ts";
import type { SaveSource } from "../known_features.ts";
import { tableOf } from "./table.ts";
import { extractOwn } from "../../read/column.ts";
import { isNullType, parseValueType } from "../value_types.ts";

/** Options of {@linkcode StreamStore.toDataset}. */
export interface ToDatasetOptions<Name extends string = string> {
  /**
   * The feature of the column of a field or an extra, by its name. A float that is named here rounds what it cannot hold. Fields left
   * out have the one that they were loaded with, and a value appended since that it does not hold bit for bit (0.1 in
   * a float32, -0 in an int8) is an error that names its row; without such a one their own dtype, in a list if the field
   * was ever written as one.
   */
  readonly fieldFeatures?: { readonly [Field in Name]?: Feature };
  /** Further columns, by name: one entry a row. */
  readonly extra?: Readonly<Record<string, ExtraColumn>>;
  /** The name of a column to make of the steps (int64). Without it the dataset has no steps. */
  readonly step?: string;
}

const action = "convert to a dataset";
const toDatasetKeys = optionNames<ToDatasetOptions>({ fieldFeatures: true, extra: true, step: true });

/** How a store's rows go out as tables: the columns and their types, which are known before a row is read. */
export interface TablePlan {
  readonly schema: Schema;
  /** The features of the columns; those whose type tells of none are left out. */
  readonly features: ReadonlyMap<string, Feature>;
  /** The rows that were there when it was made. */
  readonly range: RowRange;
  /** The store's own extras. */
  readonly extras: readonly ExtraColumnPlan[];
  /** What an extra column's entries take in memory, by the row. */
  readonly extraRowBytes: number;
  /** Rows of the range as a table of one batch, or of several where extra columns come in pieces. */
  read(range: RowRange): Table;
}

/** All rows as one table: the fields' columns in field order, then the steps, the store's extras, and those that are added. */
export function toTable(source: SaveSource, options: ToDatasetOptions): Table {
  checkOptions(options, toDatasetKeys, action);
  const plan = planTable(source, options);
  return plan.read(plan.range);
}

/** @param isText Whether they are to be text, which has no features. */
export function planTable(source: SaveSource, options: ToDatasetOptions, isText = false): TablePlan {
  const { connection, fields, known } = source;
  const { fieldFeatures = {}, extra = {}, step } = options;
  checkNames(source, options);
  const range = { from: connection.firstRow, to: connection.rowCount };
  const features = new Map<string, Feature>();
  const planned = fields.map((field) => {
    const named = ownValue(fieldFeatures, field.name);
    const feature = named ?? knownFeature(connection, field, known) ?? defaultFeature(field);
    const layout = parseFeature(field.name, feature, action);
    features.set(field.name, feature);
    return {
      field,
      layout,
      isExact: named === undefined,
      column: arrowField(field.name, layout, arrowTypeOf(layout)),
    };
  });
  const columns = planned.map(({ column }) => column);
  if (step !== undefined) {
    columns.push(new ArrowField(step, arrowValueType(parseValueType("int64")!), true));
    features.set(step, { dtype: "int64", _type: "Value" });
  }
  const extras = planExtraColumns(source, fieldFeatures, isText, action);
  for (const { column, feature } of extras) {
    columns.push(column);
    features.set(column.name, feature);
  }
  const vectors = Object.entries(extra).map(([name, given]) => {
    const { vector, feature } = extraVector(name, given, connection.rowCount - connection.firstRow);
    columns.push(new ArrowField(name, vector.type, true));
    if (feature !== null) features.set(name, feature);
    return vector;
  });
  const schema = new Schema(columns, new Map([[metadataKey, metadataOf(features)]]));
  const read = ({ from, to }: RowRange): Table => {
    const emptyRows = readEmptyRows(connection, from, to);
    const pieces: (readonly Data[])[] = planned.map(({ field, layout, isExact }) => [
      fieldData(connection, field, layout, { from, to }, emptyRows.get(field.type) ?? [], isExact),
    ]);
    if (step !== undefined) pieces.push([stepData(connection, from, to)]);
    for (const plan of extras) pieces.push(extraData(connection, plan, { from, to }));
    for (const vector of vectors) {
      const isWhole = from === range.from && to === range.to;
      pieces.push(isWhole ? vector.data : vector.slice(from - range.from, to - range.from).data);
    }
    return tableOf(schema, pieces.map((chunks, i) => ({ field: columns[i], chunks })), to - from);
  };
  const extraBytes = vectors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return {
    schema,
    features,
    range,
    extras,
    extraRowBytes: extraBytes / Math.max(1, connection.rowCount - connection.firstRow),
    read,
  };
}

function checkNames(
  { fields, extras }: SaveSource,
  { fieldFeatures = {}, extra = {}, step }: ToDatasetOptions,
): void {
  const names = [...fields, ...extras].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new TypeError(
      `Cannot ${action}: every column must have a name of its own, got a field and an extra "${twice}"`,
    );
  }
  for (const name of Object.keys(fieldFeatures)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Cannot ${action}: fieldFeatures must name fields or extras (${names.join(", ")}), got ${
        describe(name)
      }`,
    );
  }
  const added = [...(step === undefined ? [] : [step]), ...Object.keys(extra)];
  for (const [i, name] of added.entries()) {
    if (typeof name !== "string") {
      throw new TypeError(`Cannot ${action}: step must be a column name, got ${describe(name)}`);
    }
    if (!names.includes(name) && added.indexOf(name) === i) continue;
    throw new TypeError(
      `Cannot ${action}: an added column must have a name of its own, got ${describe(name)}`,
    );
  }
}

/** The feature that a field was loaded with. One of nothing but nulls counts only while that is all there is. */
function knownFeature(
  connection: Connection,
  field: Field,
  known: ReadonlyMap<string, Feature | null>,
): Feature | null {
  const feature = known.get(field.name) ?? null;
  if (feature === null || !isNullType(parseFeature(field.name, feature, action).value)) return feature;
  return hasValue(connection, field) ? null : feature;
}

/** Rows that are looked through at a time. */
const rowsPerLook = 100_000;

function hasValue(connection: Connection, field: Field): boolean {
  const end = connection.rowCount;
  const shared = { field, width: null, offsetBytes: 8 } as const;
  for (let firstRow = connection.firstRow; firstRow < end; firstRow += rowsPerLook) {
    const endRow = Math.min(end, firstRow + rowsPerLook);
    if (extractOwn(connection, { ...shared, firstRow, endRow }).valueCount > 0) return true;
  }
  return false;
}

/** A field that was never written as a list has one value in every row that has it. */
function defaultFeature(field: Field): Feature {
  return featureOf({
    value: parseValueType(field.dtype)!,
    levels: field.isList ? ["list"] : [],
    isArray: false,
  });
}

function stepData(connection: Connection, from: number, to: number): Data {
  const length = to - from;
  const steps = new BigInt64Array(length);
  const starts = new Float64Array(length + 1);
  const { native, store } = connection;
  check(
    native.ss_rows_read(store, from, length, starts, length > 0 ? steps : nothing),
    `Cannot ${action}`,
  );
  const type = arrowValueType(parseValueType("int64")!);
  return makeData({ type: type as never, length, nullCount: 0, data: steps as never });
}
