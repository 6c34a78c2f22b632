import type { DataType } from "apache-arrow";
import type { Source } from "../../../append/batch.ts";
import type { Field } from "../../../fields.ts";
import { ownValue } from "../../../own_value.ts";
import { ShapeError, sourceOf } from "../../table/sources.ts";
import {
  type ArrowColumns,
  type ArrowData,
  type ArrowField,
  extensionFeature,
  isLayoutOf,
  listsOf,
  nullTypeId,
  valueTypeOf,
} from "../../table/types.ts";
import {
  type Feature,
  featureOf,
  featuresFromJson,
  type Layout,
  metadataKey,
  parseFeature,
} from "../../features.ts";
import type { LoadedColumn } from "../../known_features.ts";
import { dtypesOf, type FoundColumn, merged, noNumbers } from "../../columns.ts";
import { NamedExtraError } from "../../extras/appender.ts";
import { arrowRows, isMedia, jsonRows, layoutOfArrow, mediaOf } from "../../extras/arrow.ts";
import { defaultFeatureOf, type ExtraFeature, kindOfLayout, loadedFeature } from "../../extras/features.ts";
import { formOfMedia } from "../../extras/media.ts";
import { ExtraError, type ExtraPiece } from "../../extras/pieces.ts";
import type { WantedExtra } from "../../extras/wanted.ts";
import { noColumns, noJson, noKey, noOrder, wrongColumn, wrongExtra } from "../../refusals.ts";
import { arrowSteps } from "../../table/row_steps.ts";
import { arrowKey, isTextOrBytes, type KeyPiece } from "../../sort/keys.ts";
import { textMisfit } from "../../save_types.ts";
import { parseValueType } from "../../value_types.ts";
import { type Block, NamedShapeError, type Wanted } from "../../rows.ts";

/** A field's column, and where it stands. */
interface ColumnPlan extends LoadedColumn {
  readonly field: Field;
  readonly index: number;
}

/** The column of an extra, and where it stands. */
interface ExtraPlan {
  readonly extra: WantedExtra;
  readonly index: number;
  readonly feature: ExtraFeature | null;
  /** What it is where there are only paths: those of pictures stay such. */
  readonly pathsFeature: ExtraFeature | null;
}

/** Finds what is wanted in record batches of one schema. */
export class ArrowRows {
  readonly columns: readonly ColumnPlan[];
  readonly #extras: readonly ExtraPlan[];
  readonly #step: number | null;
  readonly #keys: readonly number[];

  constructor(
    given: readonly ArrowField[],
    metadata: ReadonlyMap<string, string>,
    private readonly wanted: Wanted,
    action: string,
  ) {
    const fields = given.map(named);
    this.#extras = planExtras(fields, metadata, wanted.extras, action);
    const isAny = this.#extras.length > 0 || wanted.fields.length === 0;
    this.columns = planColumns(fields, metadata, wanted.fields, action, isAny);
    this.#step = wanted.step === undefined ? null : findStep(fields, wanted.step, action);
    this.#keys = wanted.keys.map((name) => findKey(fields, name, action));
  }

  /** The columns that are read, by their places and their names. */
  get wantedColumns(): readonly { readonly index: number; readonly name: string }[] {
    const { step, keys } = this.wanted;
    return [
      ...this.columns,
      ...this.#extras.map(({ index, extra }) => ({ index, name: extra.name })),
      ...(this.#step === null ? [] : [{ index: this.#step, name: step! }]),
      ...this.#keys.map((index, i) => ({ index, name: keys[i] })),
    ];
  }

  /** The rows of a record batch. */
  block({ length, children }: ArrowColumns, path?: string): Block {
    return {
      rowCount: length,
      path,
      extras: () => this.#extraPieces(children),
      sources: () => this.#sources(children),
      steps: (refuse) => arrowSteps(children[this.#step!], refuse),
      keys: (): KeyPiece[] => this.#keys.map((index) => arrowKey(children[index])),
    };
  }

  *#extraPieces(children: readonly ArrowData[]): Generator<ExtraPiece> {
    for (const { index, extra, feature, pathsFeature } of this.#extras) {
      try {
        const data = children[index];
        const isPaths = extra.form === "string" && isMedia(data.type) && !mediaOf(data).hasBytes;
        const rows = extra.form === "json" ? jsonRows(data) : arrowRows(data, extra.form === "string");
        yield { extra, feature: isPaths ? pathsFeature : feature, firstRow: 0, ...rows };
      } catch (error) {
        throw error instanceof ExtraError ? new NamedExtraError(extra.name, error) : error;
      }
    }
  }

  #sources(children: readonly ArrowData[]) {
    const sources = this.columns.map(({ field, index, layout }): Source => {
      try {
        return sourceOf(children[index], layout, field, this.wanted.nanForNull);
      } catch (error) {
        throw error instanceof ShapeError ? new NamedShapeError(field.name, error) : error;
      }
    });
    return { sources, columns: this.columns };
  }
}

/** apache-arrow writes no name where it is "", and then reads null. */
function named({ name, type, metadata }: ArrowField): ArrowField {
  return { name: name ?? "", type, metadata };
}

/** The columns that are fields, in field order. */
function planColumns(
  columns: readonly ArrowField[],
  metadata: ReadonlyMap<string, string>,
  fields: readonly Field[],
  action: string,
  isAny: boolean,
): ColumnPlan[] {
  const features = featuresFromJson(metadata.get(metadataKey));
  const plans = fields.flatMap((field) => {
    const index = columns.findIndex(({ name }) => name === field.name);
    if (index < 0) return [];
    const found = findLayout(columns[index], ownValue(features, field.name));
    if (found === null) throw wrongColumn(action, field.name, String(columns[index].type));
    return [{ field, name: field.name, index, ...found }];
  });
  if (plans.length > 0 || isAny) return plans;
  throw noColumns(action, fields, columns.map(({ name }) => name));
}

/** The columns that are extras. */
function planExtras(
  columns: readonly ArrowField[],
  metadata: ReadonlyMap<string, string>,
  extras: readonly WantedExtra[],
  action: string,
): ExtraPlan[] {
  const features = featuresFromJson(metadata.get(metadataKey));
  return extras.flatMap((extra) => {
    const { name, form } = extra;
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) return [];
    const { type } = columns[index];
    if (form === "json") {
      const misfit = textMisfit(type as unknown as DataType);
      if (misfit !== null) throw noJson(action, name, String(misfit));
      const feature = defaultFeatureOf("string");
      return [{ extra, index, feature, pathsFeature: feature }];
    }
    const layout = layoutOfArrow(type);
    if (layout === null && type.typeId !== nullTypeId) throw wrongExtra(action, name, String(type));
    const named = ownValue(features, name);
    const feature = layout && loadedFeature(form, layout, named);
    return [{ extra, index, feature, pathsFeature: layout && loadedFeature(form, layout, named, true) }];
  });
}

/** What the columns of a schema are. */
export function columnsOfSchema(
  given: readonly ArrowField[],
  metadata: ReadonlyMap<string, string>,
): FoundColumn[] {
  const features = featuresFromJson(metadata.get(metadataKey));
  return given.map(named).map((column) => {
    const { name } = column;
    const found = findLayout(column, ownValue(features, name));
    if (found !== null) return { name, dtypes: dtypesOf(found.layout) };
    const layout = layoutOfArrow(column.type);
    return { name, dtypes: noNumbers, form: layout === null ? undefined : kindOfLayout(layout) };
  });
}

/** Columns of structs of bytes and a path, of which it is looked at what they have. */
export function mediaColumns(
  given: readonly ArrowField[],
): { readonly index: number; readonly name: string }[] {
  return given.map(named).map(({ name, type }, index) => ({ index, name, type }))
    .filter(({ type }) => isMedia(type));
}

/** What columns are, of which one more batch is known. */
export function withMedia(columns: readonly FoundColumn[], { children }: ArrowColumns): FoundColumn[] {
  return columns.map((column, index) => {
    const data = children[index];
    if (data === undefined || !isMedia(data.type) || column.media?.hasBytes) return column;
    const media = mediaOf(data);
    const looked = { ...column, form: formOfMedia(media), media };
    return column.media === undefined ? looked : merged(column, looked);
  });
}

/** A feature that somebody named counts only if the column is of its type, as in HuggingFace's own library. */
function findLayout(column: ArrowField, named: unknown): { layout: Layout; feature: Feature } | null {
  for (const feature of [named, extensionFeature(column)]) {
    const layout = feature === undefined ? null : tryParse(column.name, feature);
    if (layout !== null && isLayoutOf(layout, column.type)) return { layout, feature: feature as Feature };
  }
  const { levels, entry } = listsOf(column.type);
  const value = entry.typeId === nullTypeId ? parseValueType("null") : valueTypeOf(entry);
  const isFlat = levels.every((level, i) => typeof level === "number" ? level > 0 : i === 0);
  if (value === null || !isFlat) return null;
  const layout = { value, levels, isArray: false };
  return { layout, feature: featureOf(layout) };
}

function tryParse(name: string, feature: unknown): Layout | null {
  try {
    return parseFeature(name, feature, "read Arrow");
  } catch {
    return null;
  }
}

function findStep(columns: readonly ArrowField[], name: string, action: string): number {
  const index = columns.findIndex((column) => column.name === name);
  const value = index < 0 ? null : valueTypeOf(columns[index].type);
  if (value !== null && /^u?int/.test(value.name)) return index;
  const got = index < 0 ? `no column of that name` : String(columns[index].type);
  throw new TypeError(`Cannot ${action}: the step column "${name}" must be of integers, got ${got}`);
}

function findKey(columns: readonly ArrowField[], name: string, action: string): number {
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) throw noKey(action, name, columns.map((column) => column.name));
  const { type } = columns[index];
  if (valueTypeOf(type) !== null || isTextOrBytes(type) || type.typeId === nullTypeId) return index;
  throw noOrder(action, name, String(type));
}
