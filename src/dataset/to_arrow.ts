import { type DataType, Field as ArrowField, makeData, Schema, type Table } from "apache-arrow";
import { type Connection, nothing } from "../connection.ts";
import { describe, type Field } from "../fields.ts";
import { check } from "../native/status.ts";
import { readMarks } from "../rows.ts";
import { arrowField, arrowValueType } from "./arrow_types.ts";
import { type ExtraColumn, extraVector } from "./extra.ts";
import {
  type Feature,
  featureOf,
  type Features,
  featuresToJson,
  metadataKey,
  parseFeature,
} from "./features.ts";
import { fieldData } from "./field_data.ts";
import { type ChunkedColumn, tableOf } from "./table.ts";
import { parseValueType } from "./value_types.ts";

/** Options of `toDataset`. */
export interface ToDatasetOptions<Name extends string = string> {
  /** The feature of a field's column, by field name. Fields left out have the one they were loaded with. */
  readonly fieldFeatures?: { readonly [Field in Name]?: Feature };
  /** Further columns, by name: one entry a row. */
  readonly extra?: Readonly<Record<string, ExtraColumn>>;
  /** The name of a column to make of the steps (int64). Without it the dataset has no steps. */
  readonly step?: string;
}

const action = "convert to a dataset";

/** All rows as one table: the fields' columns in field order, then the steps, then the extra columns. */
export function toTable(
  connection: Connection,
  fields: readonly Field[],
  known: ReadonlyMap<string, Feature | null>,
  options: ToDatasetOptions,
): Table {
  const { fieldFeatures = {}, extra = {}, step } = options;
  checkNames(fields, options);
  const emptyRows = readEmptyRows(connection);
  const columns: ChunkedColumn[] = [];
  const features: Record<string, Feature> = {};
  for (const field of fields) {
    const feature = fieldFeatures[field.name] ?? known.get(field.name) ?? defaultFeature(field);
    const layout = parseFeature(field.name, feature, action);
    const data = fieldData(connection, field, layout, emptyRows.get(field.type) ?? []);
    columns.push({ field: arrowField(field.name, layout, data.type), chunks: [data] });
    features[field.name] = feature;
  }
  if (step !== undefined) {
    columns.push(stepColumn(connection, step));
    features[step] = { dtype: "int64", _type: "Value" };
  }
  for (const [name, column] of Object.entries(extra)) {
    const { vector, feature } = extraVector(name, column, connection.heldRows);
    columns.push({ field: new ArrowField(name, vector.type, true), chunks: vector.data });
    if (feature !== null) features[name] = feature;
  }
  const metadata = new Map([[metadataKey, featuresToJson(features as Features)]]);
  return tableOf(new Schema(columns.map(({ field }) => field), metadata), columns, connection.heldRows);
}

function checkNames(fields: readonly Field[], { fieldFeatures = {}, extra = {}, step }: ToDatasetOptions) {
  const names = fields.map(({ name }) => name);
  for (const name of Object.keys(fieldFeatures)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Cannot ${action}: fieldFeatures must name fields (${names.join(", ")}), got ${describe(name)}`,
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

/** Rows in which a field was written with an empty list, counted from the stream's first, by its type ID. */
function readEmptyRows(connection: Connection): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  const { firstRow } = connection;
  for (const mark of readMarks(connection, firstRow, connection.rowCount)) {
    if (mark.kind !== "empty-list") continue;
    const { type } = mark;
    const row = mark.row - firstRow;
    const known = rows.get(type);
    if (known === undefined) rows.set(type, [row]);
    else known.push(row);
  }
  return rows;
}

/** A field that was never written as a list has one value in every row that has it. */
function defaultFeature(field: Field): Feature {
  return featureOf({
    value: parseValueType(field.dtype)!,
    levels: field.isList ? ["list"] : [],
    isArray: false,
  });
}

function stepColumn(connection: Connection, name: string): ChunkedColumn {
  const count = connection.heldRows;
  const steps = new BigInt64Array(count);
  const starts = new Float64Array(count + 1);
  const { native, store } = connection;
  check(
    native.ss_rows_read(store, connection.firstRow, count, starts, count > 0 ? steps : nothing),
    `Cannot ${action}`,
  );
  const type = arrowValueType(parseValueType("int64")!);
  const data = makeData({ type: type as never, length: count, nullCount: 0, data: steps as never });
  return { field: new ArrowField(name, type as DataType, true), chunks: [data] };
}
