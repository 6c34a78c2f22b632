import { Schema, type Table } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import { dtypeBytes } from "../../read/column.ts";
import type { Field } from "../../fields.ts";
import { ownValue } from "../../own_value.ts";
import { arrowField, arrowTypeOf } from "../table/types.ts";
import { metadataKey, metadataOf } from "../features.ts";
import { fieldData, type RowRange } from "../table/field_data.ts";
import { extraData } from "../extras/to_arrow.ts";
import type { SaveSource } from "../known_features.ts";
import { tableOf } from "../table/table.ts";
import type { TablePlan } from "../table/to_arrow.ts";
import { countedColumns } from "./counted.ts";
import { describeField, type Description, type FrameColumn } from "./describe.ts";
import type { EpisodeRows } from "./episode_rows.ts";
import { everyFieldValue } from "./field_values.ts";
import { saving } from "./refusals.ts";
import { extraColumns, type ExtraFrameColumn } from "./extra_columns.ts";
import type { CheckedOptions } from "./save_options.ts";
import type { TaskRows } from "./task_rows.ts";

/** All columns of the frames. */
export interface FrameColumns {
  /** Those of fields in field order, then what LeRobot wants besides. */
  readonly numbers: readonly FrameColumn[];
  readonly extras: readonly ExtraFrameColumn[];
}

export function frameColumns(
  source: SaveSource,
  episodes: EpisodeRows,
  options: CheckedOptions & { readonly extras: readonly number[] },
  taskRows: TaskRows | null,
): FrameColumns {
  const { connection, known } = source;
  const fields = chooseFields(source.fields, options.fields);
  const counted = countedColumns(connection, episodes, fields, options, taskRows);
  const places = options.extras.filter((place) => place !== taskRows?.place);
  const names = [
    ...new Set([...fields.map(({ name }) => name), ...counted.keys()]),
    ...places.map((place) => source.extras[place].name),
  ];
  checkNames(options.features ?? {}, names);
  const columns = fields.map((field) => {
    const special = counted.get(field.name);
    counted.delete(field.name);
    if (special !== undefined) return special;
    const asked = ownValue(options.features, field.name) ?? {};
    const description = describeField(connection, field, asked, known.get(field.name) ?? null);
    return fieldColumn(connection, field, description, asked.dtype === undefined);
  });
  return { numbers: [...columns, ...counted.values()], extras: extraColumns(source, places, options) };
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
export function framePlan(
  connection: Connection,
  { numbers, extras }: FrameColumns,
  range: RowRange,
): TablePlan {
  const arrow = [
    ...numbers.map(({ name, layout }) => arrowField(name, layout, arrowTypeOf(layout))),
    ...extras.map(({ column }) => column),
  ];
  const features = new Map([...numbers, ...extras].map(({ name, feature }) => [name, feature]));
  const schema = new Schema(arrow, new Map([[metadataKey, metadataOf(features)]]));
  const read = ({ from, to }: RowRange): Table => {
    const chunks = [
      ...numbers.map((column) => [column.data({ from, to })]),
      ...extras.map((column) => extraData(connection, column, { from, to })),
    ];
    return tableOf(schema, chunks.map((chunks, i) => ({ field: arrow[i], chunks })), to - from);
  };
  return { schema, features, range, extras, extraRowBytes: rowBytes(numbers), read };
}

/** What a row's numbers take in Arrow, and before compression in Parquet. */
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
  return names === undefined ? fields : fields.filter(({ name }) => names.includes(name));
}

function checkNames(features: object, names: readonly string[]): void {
  const slashed = names.find((name) => name.includes("/"));
  if (slashed !== undefined) {
    throw new RangeError(
      `Cannot ${saving}: the name of a feature must have no "/", got ${JSON.stringify(slashed)}`,
    );
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new TypeError(
      `Cannot ${saving}: every feature must have a name of its own, got ${
        JSON.stringify(twice)
      } as an extra too`,
    );
  }
  const unknown = Object.keys(features).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `Cannot ${saving}: features must be of ${names.join(", ")}, got ${JSON.stringify(unknown)}`,
  );
}
