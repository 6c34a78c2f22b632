import type { Table } from "apache-arrow";
import { Batch, BatchError } from "../batch.ts";
import type { Connection } from "../connection.ts";
import { describe, type Field } from "../fields.ts";
import { type ArrowData, nullTypeId, ShapeError, sourceOf } from "./arrow_sources.ts";
import { type ArrowField, extensionFeature, isLayoutOf, listsOf, valueTypeOf } from "./arrow_types.ts";
import {
  type Feature,
  featureOf,
  featuresFromJson,
  type Layout,
  metadataKey,
  parseFeature,
} from "./features.ts";
import type { LoadedColumn } from "./known_features.ts";
import type { LoadOptions } from "./load_options.ts";
import { allowNan, checkNullInList } from "./null_in_list.ts";
import { inWords, noColumns, noNumbers, wrongShape, wrongStep } from "./refusals.ts";
import { arrowSteps, firstStep, followingSteps } from "./row_steps.ts";
import { parseValueType } from "./value_types.ts";

/** A field's column, and where it stands. */
interface ColumnPlan extends LoadedColumn {
  readonly field: Field;
  readonly index: number;
}

const action = "load a dataset";

/** Appends all rows of a table. What is returned are the features of the columns that were loaded. */
export function appendTable(
  connection: Connection,
  fields: readonly Field[],
  table: Table,
  options: LoadOptions,
): LoadedColumn[] {
  checkTable(table);
  const nanForNull = checkNullInList(options.nullInList, action);
  const arrowFields = table.schema.fields as unknown as readonly ArrowField[];
  const plans = planColumns(arrowFields, table.schema.metadata, fields);
  const stepIndex = options.step === undefined ? null : findStep(arrowFields, options.step);
  const batch = new Batch(connection);
  try {
    let next = firstStep(connection);
    let row = 0;
    for (const { data } of table.batches) {
      const { length, children } = data as unknown as ArrowData;
      if (length === 0) continue;
      const steps = stepIndex === null
        ? followingSteps(next, length, action)
        : arrowSteps(children[stepIndex], (at, got) => wrongStep(action, options.step!, row + at, got));
      appendRows(batch, plans, children, steps, row, next - 1n, nanForNull);
      next = steps[length - 1] + 1n;
      row += length;
    }
    batch.commit();
  } catch (error) {
    batch.abandon();
    throw error;
  }
  return plans;
}

function appendRows(
  batch: Batch,
  plans: readonly ColumnPlan[],
  children: readonly ArrowData[],
  steps: BigInt64Array,
  firstRow: number,
  lastStep: bigint,
  nanForNull: boolean,
): void {
  const present = plans.filter(({ index }) => children[index].type.typeId !== nullTypeId);
  const sources = present.map(({ field, index, layout }) => {
    try {
      return sourceOf(children[index], layout, field, nanForNull);
    } catch (error) {
      throw error instanceof ShapeError ? wrongShape(action, field.name, firstRow, error) : error;
    }
  });
  sources.forEach((source, i) => allowNan(present[i], source, steps.length));
  try {
    batch.add(steps, sources);
  } catch (error) {
    throw error instanceof BatchError ? inWords(action, error, sources, steps, firstRow, lastStep) : error;
  }
}

/** The columns that are fields, in field order. */
function planColumns(
  columns: readonly ArrowField[],
  metadata: ReadonlyMap<string, string>,
  fields: readonly Field[],
): ColumnPlan[] {
  const features = featuresFromJson(metadata.get(metadataKey));
  const plans = fields.flatMap((field) => {
    const index = columns.findIndex(({ name }) => name === field.name);
    if (index < 0) return [];
    const { layout, feature } = layoutOf(columns[index], features[field.name]);
    return [{ field, name: field.name, index, layout, feature }];
  });
  if (plans.length > 0) return plans;
  throw noColumns(action, fields, columns.map(({ name }) => name));
}

/** A feature that somebody named counts only if the column is of its type, as in HuggingFace's own library. */
function layoutOf(column: ArrowField, named: unknown): { layout: Layout; feature: Feature | null } {
  for (const feature of [named, extensionFeature(column)]) {
    const layout = feature === undefined ? null : tryParse(column.name, feature);
    if (layout !== null && isLayoutOf(layout, column.type)) return { layout, feature: feature as Feature };
  }
  const { levels, entry } = listsOf(column.type);
  const isNull = entry.typeId === nullTypeId;
  const value = isNull ? parseValueType("float64") : valueTypeOf(entry);
  const isFlat = levels.slice(1).every((level) => typeof level === "number");
  if (value === null || !isFlat || levels.includes(0)) {
    throw noNumbers(action, column.name, String(column.type));
  }
  const layout = { value, levels, isArray: false };
  return { layout, feature: isNull ? null : featureOf(layout) };
}

function tryParse(name: string, feature: unknown): Layout | null {
  try {
    return parseFeature(name, feature, action);
  } catch {
    return null;
  }
}

function findStep(columns: readonly ArrowField[], name: string): number {
  const index = columns.findIndex((column) => column.name === name);
  const value = index < 0 ? null : valueTypeOf(columns[index].type);
  if (value !== null && /^u?int/.test(value.name)) return index;
  const got = index < 0 ? `no column of that name` : String(columns[index].type);
  throw new TypeError(`Cannot ${action}: the step column "${name}" must be of integers, got ${got}`);
}

function checkTable(table: unknown): asserts table is Table {
  const given = table as Partial<Table> | null;
  if (typeof given === "object" && Array.isArray(given?.batches) && Array.isArray(given?.schema?.fields)) {
    return;
  }
  throw new TypeError(`Cannot ${action}: it must be a Table of apache-arrow, got ${describe(table)}`);
}
