import type { Data } from "apache-arrow";
import type { Connection } from "../../store/connection.ts";
import { describe, type Field } from "../../fields.ts";
import { type Feature, featureOf, type Layout, parseFeature } from "../features.ts";
import { numberTypes, parseValueType } from "../value_types.ts";
import type { RowRange } from "../table/field_data.ts";
import type { Numbers } from "./element_stats.ts";
import { fieldValues } from "./field_values.ts";
import { saving } from "./refusals.ts";
import type { LeRobotFeature } from "./types.ts";

/** A feature as `meta/info.json` is to have it, and what its column in Parquet is. */
export interface Description {
  readonly described: LeRobotFeature;
  readonly feature: Feature;
  readonly layout: Layout;
}

/** A feature on its way out: its description, its numbers for statistics, and its column for Parquet. */
export interface FrameColumn extends Description {
  readonly name: string;
  /** Throws where LeRobot could not take a row as it is. The rows are of one episode. */
  numbers(range: RowRange): Numbers;
  data(range: RowRange): Data;
}

/** What a field's values are: what is asked for, else what they were loaded with, else what they are in the first row. */
export function describeField(
  connection: Connection,
  field: Field,
  asked: Partial<LeRobotFeature>,
  known: Feature | null,
): Description {
  const layout = known === null ? null : parseFeature(field.name, known, saving);
  const dtype = asked.dtype ?? layout?.value.name ?? field.dtype;
  const shape = asked.shape ?? (layout === null ? null : shapeOf(layout)) ??
    [fieldValues(connection, field, null, { from: connection.firstRow, to: connection.firstRow + 1 }).width];
  return describeShape(field.name, asked, dtype, shape);
}

/** The lengths of a layout that has them all. */
function shapeOf({ levels }: Layout): number[] | null {
  if (levels.length === 0) return [1];
  return levels.every((level) => typeof level === "number") ? [...levels] : null;
}

export function describeShape(
  name: string,
  asked: Partial<LeRobotFeature>,
  dtype: string,
  shape: readonly number[],
): Description {
  const value = numberTypes.includes(dtype) ? parseValueType(dtype) : null;
  if (value === null) {
    throw new TypeError(
      `Cannot ${saving}: the dtype of "${name}" must be ${numberTypes.toSorted().join(", ")}, got ${
        describe(dtype)
      }; features["${name}"].dtype says as what to save it`,
    );
  }
  checkShape(name, shape, null);
  // As LeRobot has it, a shape of [1] is a number and no list.
  const levels = shape.length === 1 && shape[0] === 1 ? [] : [...shape];
  const layout: Layout = { value, levels, isArray: levels.length > 1 };
  const described = { ...asked, dtype, shape: [...shape], names: asked.names ?? null };
  return { described, feature: featureOf(layout), layout };
}

/** A shape is 1 to 5 lengths, or as many as are said. */
export function checkShape(name: string, shape: unknown, count: number | null): void {
  const isShape = Array.isArray(shape) && shape.length > 0 && shape.length <= (count ?? 5) &&
    (count === null || shape.length === count) &&
    shape.every((length) => Number.isSafeInteger(length) && length > 0);
  if (isShape) return;
  throw new RangeError(
    `Cannot ${saving}: the shape of "${name}" must be ${count ?? "1 to 5"} lengths above 0, got ${
      JSON.stringify(shape)
    }`,
  );
}
