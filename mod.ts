/**
 * StreamStore: a memory-mapped store for data that is collected one step at a time and sampled as context windows.
 *
 * {@linkcode StreamStore} is where everything starts: it appends, reads, samples, and converts to datasets and back.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ action: 0, observation: 1, done: 2 });
 * for (let step = 0; step < 1000; step++) {
 *   store.append(step, { action: step % 2, observation: [step, -step], done: step % 100 === 99 });
 * }
 * const sampler = store.sampler({ steps: 8, fields: { observation: 2, action: 1 }, episodes: { end: "done" } });
 * const { fields } = sampler.next()!;
 * assert.equal(fields.observation.values.length, 256 * 8 * 2);
 * ```
 *
 * @module
 */
export { StreamStore } from "./src/store.ts";
export type { Mode, OpenOptions, StoreOptions, WaitOptions } from "./src/store/open.ts";
export type { Interval } from "./src/store/deadline.ts";
export type { ScheduleOptions } from "./src/store/schedule.ts";
export type { Retain } from "./src/store/retention.ts";
export type { Recovery } from "./src/store/state.ts";
export type { DamagedChunk, Verification, VerifyOptions } from "./src/store/verify.ts";
export { type ErrorCode, StreamStoreError } from "./src/error.ts";
export type { Dtype, DtypeArray } from "./src/dtypes.ts";
export type { FieldEntry, FieldInfo, FieldList, FieldMap, FieldType } from "./src/fields.ts";
export type { ExtraInfo, ExtraKind, ExtraLists, ExtraMap, ExtraValues } from "./src/extras.ts";
export type { Extra } from "./src/read/extras.ts";
export type { ExtraData } from "./src/append/extra_arrow.ts";
export type { FieldValue, NumberArray, Scalar, StepValues } from "./src/append/values.ts";
export type { Window } from "./src/read/window.ts";
export type { Gathered, GatherOut, GatherResult, Indices } from "./src/read/gather.ts";
export type { NestedIndices, Tokens } from "./src/read/tokens.ts";
export type { Column, ColumnOf } from "./src/read/column.ts";
export type { ColumnInput, ColumnNumbers, ColumnsInput, ColumnsOptions } from "./src/append/columns.ts";
export type { Row, RowValue } from "./src/read/rows.ts";
export { FieldStats, type FieldStatsJson, type StatsOptions } from "./src/statistics/field_stats.ts";
export type {
  ArrayFeature,
  ClassLabelFeature,
  Feature,
  Features,
  LargeListFeature,
  ListFeature,
  MediaFeature,
  ValueFeature,
} from "./src/dataset/features.ts";
export type { ExtraChoice, ExtraForm } from "./src/dataset/extras/wanted.ts";
export type { ToDatasetOptions } from "./src/dataset/table/to_arrow.ts";
export type { CsvOptions } from "./src/dataset/text/read/csv_options.ts";
export type {
  LeftOutColumn,
  LoadDatasetOptions,
  LoadOptions,
  NewDatasetOptions,
  NewStoreOptions,
  ParquetOptions,
} from "./src/dataset/load_options.ts";
export type {
  HubLoadOptions,
  HubOptions,
  HubProgress,
  HubSaveOptions,
  RetryOptions,
} from "./src/dataset/hub/types.ts";
export type { SaveDatasetOptions } from "./src/dataset/save_options.ts";
export type { DatasetFormat } from "./src/dataset/formats.ts";
export { Sampler } from "./src/sample/sampler.ts";
export { PrefetchingSampler, type SamplerOf } from "./src/sample/prefetch/prefetch.ts";
export { Mixture, type SkippedSource } from "./src/sample/mixture.ts";
export { offsetsOf, range } from "./src/sample/offsets.ts";
export type { SamplerState } from "./src/sample/state.ts";
export type { EpochState } from "./src/sample/space.ts";
export type { GatherRowsOptions } from "./src/sample/gather_rows.ts";
export type { ContextOptions } from "./src/sample/context.ts";
export type {
  AnyBatch,
  BatchBase,
  BatchOf,
  BatchValues,
  ExtraWindows,
  FieldBatch,
  FieldValues,
  OffsetValues,
  TokenBatch,
} from "./src/sample/batch.ts";
export type {
  Between,
  Boundary,
  EpisodeRule,
  FieldOutput,
  MixtureOptions,
  MixtureSource,
  Normalization,
  Order,
  Output,
  PrefetchOptions,
  SamplerOptions,
  Shard,
  ValueDtype,
  WindowOptions,
} from "./src/sample/options.ts";
export { type ParquetColumn, type ParquetSchema, parquetSchema } from "./src/dataset/parquet/read/schema.ts";
export type { ExtraColumn } from "./src/dataset/extra.ts";
export { loadLeRobot, saveLeRobot } from "./src/dataset/lerobot/lerobot.ts";
export type {
  LeftOutFeature,
  LeRobotDataset,
  LeRobotEpisodes,
  LeRobotFeature,
  LoadLeRobotOptions,
  SaveLeRobotOptions,
} from "./src/dataset/lerobot/types.ts";
