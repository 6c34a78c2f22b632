import { Schema, type Table } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import { dtypeBytes } from "../../read/column.ts";
import type { Field } from "../../fields.ts";
import { ownValue } from "../../own_value.ts";
import { arrowField, arrowTypeOf } from "../table/types.ts";
import { metadataKey, metadataOf } from "../features.ts";
import { fieldData, type RowRange } from "../table/field_data.ts";
import type { SaveSource } from "../known_features.ts";
import { tableOf } from "../table/table.ts";
import type { TablePlan } from "../table/to_arrow.ts";
import { countedColumns } from "./counted.ts";
import { describeField, type Description, type FrameColumn } from "./describe.ts";
import type { EpisodeRows } from "./episode_rows.ts";
import { everyFieldValue } from "./field_values.ts";
import { saving } from "./refusals.ts";
import type { SaveLeRobotOptions } from "./types.ts";

/** All columns of the frames: those of fields in field order, then what LeRobot wants besides. */
export function frameColumns(
  source: SaveSource,
  episodes: EpisodeRows,
  options: SaveLeRobotOptions,
): FrameColumn[] {
  const { connection, known } = source;
  const fields = chooseFields(source.fields, options.fields);
  const counted = countedColumns(connection, episodes, fields, options);
  checkNames(options.features ?? {}, [...fields.map(({ name }) => name), ...counted.keys()]);
  const columns = fields.map((field) => {
    const special = counted.get(field.name);
    counted.delete(field.name);
    if (special !== undefined) return special;
    const asked = ownValue(options.features, field.name) ?? {};
    const description = describeField(connection, field, asked, known.get(field.name) ?? null);
    return fieldColumn(connection, field, description, asked.dtype === undefined);
  });
  return [...columns, ...counted.values()];
}

function fieldColumn(
  connection: Connection,
  field: Field,
  description: Description,
  isExact: boolean,
): FrameColumn {
  const { layout, described: { shape } } = description;
  const width = shape.reduce((product, length) => product * length, 1);
  return {
    ...description,
    name: field.name,
    numbers: (range) => everyFieldValue(connection, field, width, range),
    data: (range) => fieldData(connection, field, layout, range, [], isExact),
  };
}

/** How rows go out as tables, in the words of what writes them. */
export function framePlan(columns: readonly FrameColumn[], range: RowRange): TablePlan {
  const arrow = columns.map(({ name, layout }) => arrowField(name, layout, arrowTypeOf(layout)));
  const features = new Map(columns.map(({ name, feature }) => [name, feature]));
  const schema = new Schema(arrow, new Map([[metadataKey, metadataOf(features)]]));
  const read = ({ from, to }: RowRange): Table => {
    const pieces = columns.map((column, i) => ({ field: arrow[i], chunks: [column.data({ from, to })] }));
    return tableOf(schema, pieces, to - from);
  };
  return { schema, features, range, extras: [], extraRowBytes: rowBytes(columns), read };
}

/** What a row takes in Arrow, and before compression in Parquet. */
export function rowBytes(columns: readonly FrameColumn[]): number {
  return columns.reduce((sum, { described: { shape }, layout }) => {
    return sum + shape.reduce((product, length) => product * length, dtypeBytes[layout.value.dtype]);
  }, 0);
}

function chooseFields(fields: readonly Field[], names: readonly string[] | undefined): readonly Field[] {
  const known = fields.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot ${saving}: fields must be among ${known.join(", ")}, got ${JSON.stringify(unknown)}`,
    );
  }
  const chosen = names === undefined ? fields : fields.filter(({ name }) => names.includes(name));
  const slashed = chosen.find(({ name }) => name.includes("/"));
  if (slashed === undefined) return chosen;
  throw new RangeError(
    `Cannot ${saving}: the name of a feature must have no "/", got ${JSON.stringify(slashed.name)}`,
  );
}

function checkNames(features: object, names: readonly string[]): void {
  const unknown = Object.keys(features).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot ${saving}: features must be of ${names.join(", ")}, got ${JSON.stringify(unknown)}`,
  );
}
