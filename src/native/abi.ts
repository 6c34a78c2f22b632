// deno-fmt-ignore-file
/**
 * The C ABI of the native library, for both runtimes. `./run build` generates this file from zig/src/abi.
 * Only u32, i32, f64 and typed arrays ("buffer") cross; the comments name the parameters.
 */

/** The core: what opening a store, appending steps and reading them back need, and so every program. */
export const symbols = {
  ss_abi_version: { args: [], result: "u32" },
  ss_store_open: { args: ["buffer", "u32", "u32", "buffer", "buffer", "u32", "buffer", "buffer"], result: "i32" }, // directory, directory_bytes, mode, options, fields, field_count, id, out
  ss_store_close: { args: ["u32", "u32", "u32"], result: "i32" }, // store, view_count, blank
  ss_store_update: { args: ["u32", "u32", "f64", "buffer"], result: "i32" }, // store, action, row, out_state
  ss_store_detail: { args: ["u32", "buffer"], result: "i32" }, // store, out
  ss_store_write: { args: ["u32", "buffer", "u32", "buffer", "u32", "buffer", "u32"], result: "i32" }, // store, records, record_count, values, value_count, extra_words, extra_word_count
  ss_window_gather: { args: ["u32", "buffer", "u32", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer"], result: "i32" }, // store, starts, window_count, window_length, layout, others, other_count, out_values, out_types, out_steps
  ss_column_extract: { args: ["u32", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // store, request, out_values, out_offsets, out_validity, out_progress
  ss_rows_read: { args: ["u32", "f64", "u32", "buffer", "buffer"], result: "i32" }, // store, first_row, row_count, out_starts, out_steps
  ss_steps_read: { args: ["u32", "f64", "u32", "buffer"], result: "i32" }, // store, token, length, out_steps
  ss_row_find: { args: ["u32", "u32", "buffer", "buffer"], result: "i32" }, // store, key, number, out_row
  ss_marks_read: { args: ["u32", "u32", "f64", "f64", "buffer", "u32", "buffer"], result: "i32" }, // store, selection, first_row, end_row, out_marks, marks_max, out_count
} as const;

/** What not every program uses. Each function is opened when it is first looked at. */
export const laterSymbols = {
  batch: {
    ss_batch_advance: { args: ["u32", "u32", "u32", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // store, phase, row_count, source, values, offsets, validity, value_validity
  },
  extras: {
    ss_extra_place: { args: ["u32", "u32", "f64", "buffer", "u32", "buffer"], result: "i32" }, // store, extra, ahead, bytes, length, out_place
    ss_extra_append: { args: ["u32", "u32", "f64", "buffer", "u32", "buffer", "u32"], result: "i32" }, // store, extra, first_row, lengths, row_count, bytes, length
    ss_extra_state: { args: ["u32", "u32", "f64", "buffer"], result: "i32" }, // store, extra, from_row, out
    ss_extra_read: { args: ["u32", "u32", "f64", "buffer", "buffer", "u32"], result: "i32" }, // store, extra, row, out, bytes, bytes_max
    ss_extra_rows: { args: ["u32", "u32", "f64", "buffer", "u32", "buffer", "buffer", "u32"], result: "i32" }, // store, extra, first_row, out_lengths, row_count, out, bytes, bytes_max
    ss_extra_check: { args: ["u32", "u32", "u32", "f64", "buffer"], result: "i32" }, // store, extra, part, chunk, out
  },
  verify: {
    ss_chunk_check: { args: ["u32", "u32", "f64", "buffer"], result: "i32" }, // store, file, chunk, out_whole
    ss_blocks_check: { args: ["u32", "f64", "buffer"], result: "i32" }, // store, chunk, out_whole
    ss_writer_find: { args: ["u32", "buffer"], result: "i32" }, // store, out_process
  },
  sampler: {
    ss_numbers_draw: { args: ["u32", "buffer", "buffer", "u32", "buffer"], result: "i32" }, // order, key, indices, count, out
    ss_windows_count: { args: ["buffer", "buffer", "u32", "buffer", "buffer", "u32"], result: "i32" }, // index, origins, from, cumulative, buckets, buckets_max
    ss_windows_locate: { args: ["buffer", "u32", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "buffer", "buffer"], result: "i32" }, // index, name, origins, cumulative, buckets, given, count, out_anchors, out_starts, out_lengths
    ss_mixed_windows_locate: { args: ["buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "u32", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // index, parts, part_count, buckets, name, origins, cumulative, ordinals, count, sources, anchors, out_starts, out_lengths
    ss_windows_rank: { args: ["buffer", "buffer", "buffer", "f64", "buffer"], result: "i32" }, // index, origins, cumulative, position, out_rank
    ss_episodes_scan: { args: ["u32", "u32", "buffer", "u32", "buffer", "buffer", "u32"], result: "i32" }, // store, rule, fields, field_count, progress, out_starts, starts_max
    ss_rows_start: { args: ["u32", "buffer", "u32", "buffer"], result: "i32" }, // store, rows, count, out_starts
    ss_newest_load: { args: ["u32", "buffer", "buffer", "u32", "buffer"], result: "i32" }, // store, request, fields, field_count, out
    ss_windows_fill: { args: ["buffer", "u32", "u32", "buffer", "buffer", "buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // groups, group_count, layout, starts, lengths, slots, batch_size, width, fields, field_count, out_values, out_types, out_steps, out_mask, out_lengths
    ss_fields_fill: { args: ["buffer", "u32", "u32", "buffer", "buffer", "buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // groups, group_count, layout, starts, lengths, slots, batch_size, width, fields, field_count, out_steps, out_mask, out_values_0, out_mask_0, out_values_1, out_mask_1, out_values_2, out_mask_2, out_values_3, out_mask_3
  },
  offsets: {
    ss_offsets_fill: { args: ["buffer", "u32", "u32", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // groups, group_count, layout, anchors, starts, lengths, slots, batch_size, offsets, offset_count, field, out_values, out_mask, out_offset_mask
  },
  environments: {
    ss_environments_scan: { args: ["u32", "buffer", "u32", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "u32"], result: "i32" }, // store, fields, field_count, progress, names, names_max, slots, slot_count, out, rows_max
    ss_environments_add: { args: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer"], result: "i32" }, // sizes, parts, blocks, listed, addition, words, word_count, out_begun
    ss_environments_rows: { args: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer"], result: "i32" }, // sizes, parts, blocks, listed, sources, anchors, starts, lengths, count, offsets, offset_count, out_rows
    ss_environments_find: { args: ["u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer"], result: "i32" }, // store, fields, sizes, parts, blocks, listed, names, slots, slot_count, rows, count, out_sources, out_positions
    ss_environments_newest: { args: ["u32", "buffer", "f64", "buffer", "u32", "buffer", "buffer", "u32"], result: "i32" }, // store, request, held, fields, field_count, out, out_rows, rows_max
  },
  priorities: {
    ss_priorities_fill: { args: ["buffer", "buffer", "buffer", "buffer"], result: "i32" }, // nodes, tree, request, report
    ss_priorities_update: { args: ["buffer", "buffer", "buffer", "buffer", "u32", "f64", "buffer"], result: "i32" }, // nodes, tree, ids, values, count, alpha, report
    ss_priorities_draw: { args: ["buffer", "buffer", "buffer", "u32", "buffer", "buffer"], result: "i32" }, // nodes, tree, units, count, out_ids, out_probabilities
    ss_priorities_build: { args: ["buffer", "buffer", "buffer"], result: "i32" }, // nodes, tree, report
  },
  statistics: {
    ss_statistics_add: { args: ["u32", "buffer", "u32", "buffer", "buffer", "buffer", "u32", "buffer"], result: "i32" }, // store, fields, field_count, summaries, indexes, pages, pages_max, progress
    ss_moments_merge: { args: ["buffer", "buffer"], result: "i32" }, // moments, other
  },
  view: {
    ss_series_reduce: { args: ["u32", "buffer", "u32", "buffer", "u32", "buffer"], result: "i32" }, // store, series, series_count, ranges, range_count, out
    ss_rows_synced: { args: ["u32", "buffer"], result: "i32" }, // store, out_rows
  },
  threads: {
    ss_thread_find: { args: [], result: "f64" },
    ss_thread_check: { args: ["f64"], result: "u32" }, // thread
  },
  shared: {
    ss_store_share: { args: ["u32"], result: "i32" }, // store
    ss_stores_refresh: { args: ["buffer", "u32", "buffer", "buffer"], result: "i32" }, // stores, count, out_sequences, out_count
    ss_windows_group: { args: ["buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" }, // sources, count, shift, stores, store_count, places, anchors, starts, lengths, out_sources, out_anchors, out_starts, out_lengths, out_slots, out_stores, out_groups, out_group_count
  },
} as const;

/** Functions that only an engine calls, by their addresses: when it has collected a buffer that it was given. */
export const callbacks = {
  ss_view_deallocate: { args: ["pointer", "pointer"], result: "void" }, // _, context
} as const;

export const abiVersion = 15;

export const status = {
  ok: 0, staleHandle: 1, closedHandle: 2, busyHandle: 3, tooManyStores: 4, invalidArgument: 5, outOfRange: 6,
  outOfOrder: 7, inexact: 8, nullInList: 9, widthMismatch: 10, readOnly: 11, damaged: 12, batchOpen: 13,
  newerVersion: 14, locked: 15, foreignHead: 16, olderVersion: 17, storageFull: 20, fileTooLarge: 21,
  inputOutput: 22, permissionDenied: 23, readOnlyFileSystem: 24, notFound: 25, alreadyExists: 26,
  notADirectory: 27, tooManyOpenFiles: 28, outOfMemory: 29, interrupted: 30, unsupported: 31, unexpected: 32,
  notAFile: 33, sealed: 34,
} as const;

export const errorDetail = {
  index: 0, count: 1, valueIndex: 2, wantedBytes: 3, type: 4, cellHigh: 5, cellLow: 6, length: 7,
} as const;

export const storeMode = {
  temporary: 0, create: 1, write: 2, read: 3, salvage: 4,
} as const;

export const storeOptions = {
  capacityTokens: 0, tailRecordsMax: 1, tailValuesMax: 2, reservedElements: 3, typeBytes: 4, onlyType: 5,
  cellKind: 6, isSegmented: 7, segmentChunks: 8, extraCount: 9, tailExtraWordsMax: 10, firstRow: 11,
  firstToken: 12, length: 13,
} as const;

export const storeAction = {
  none: 0, flush: 1, reserve: 2, sync: 3, dropBefore: 4, refresh: 5, beginSession: 6, seal: 7,
} as const;

export const rowKey = {
  token: 0, step: 1, stepOrLater: 2,
} as const;

export const extraState = {
  valueCount: 0, byteCount: 1, firstValue: 2, firstByte: 3, nextRow: 4, heldBytes: 5, address: 6,
  reservedBytes: 7, addressFirst: 8, bytesSegmentBytes: 9, endsSegmentBytes: 10, length: 11,
} as const;

export const extraPlace = {
  start: 0, lengthBytes: 1, length: 2,
} as const;

export const extraCheck = {
  isWhole: 0, fromRow: 1, toRow: 2, length: 3,
} as const;

export const extraPart = {
  bytes: 0, ends: 1,
} as const;

export const extraChunkBytes = 1048576;

export const extraChunkEnds = 4096;

export const extraEndBytes = 16;

export const extraCountMax = 64;

export const extraValueBytesMax = 1073741824;

export const tailExtraBytesMax = 4096;

export const storeState = {
  sequence: 0, tokenCount: 1, rowCount: 2, markCount: 3, lastStep: 4, firstToken: 5, firstRow: 6,
  firstMark: 7, capacityTokens: 8, capacityMarks: 9, isSegmented: 10, tailStateAddress: 11,
  tailRecordsAddress: 12, tailRecordsBytes: 13, tailValuesAddress: 14, tailValuesBytes: 15, typeBytes: 16,
  onlyType: 17, cellKind: 18, typesAddress: 19, typesBytes: 20, typesFirst: 21, dataAddress: 22,
  dataBytes: 23, dataFirst: 24, extraCount: 25, tailExtrasAddress: 26, tailExtrasBytes: 27,
  recoveredTokens: 28, recoveredRows: 29, cutTokens: 30, cutRows: 31, cutRecords: 32, roomRecords: 33,
  roomValues: 34, roomMarks: 35, sessionRow: 36, roomExtraValues: 37, roomExtraWords: 38, id: 39, length: 41,
} as const;

export const storeFiles = [
  { field: "steps", file: "step.i64", elementBytes: 8, count: "rowCount", first: "firstRow" },
  { field: "types", file: "type", elementBytes: 0, count: "tokenCount", first: "firstToken" },
  { field: "data", file: "data", elementBytes: 0, count: "tokenCount", first: "firstToken" },
  { field: "rows", file: "row.u64", elementBytes: 8, count: "rowCount", first: "firstRow" },
  { field: "marks", file: "marks", elementBytes: 16, count: "markCount", first: "firstMark" },
] as const;

export const segmentPageBytes = 65536;

export const blockRows = 4096;

export const blocksPerChunk = 128;

export const dtype = {
  float64: 0, float32: 1, float16: 2, int64: 3, uint64: 4, int32: 5, uint32: 6, int16: 7, uint16: 8, int8: 9,
  uint8: 10, bool: 11,
} as const;

export const fieldKind = {
  float64: 0, float32: 1, float16: 2, int64: 3, uint64: 4, int32: 5, uint32: 6, int16: 7, uint16: 8, int8: 9,
  uint8: 10,
} as const;

export const fieldCells = {
  type: 0, kind: 1, wide: 2, length: 3,
} as const;

export const batchPhase = {
  begin: 0, measure: 1, scatter: 2, write: 3, commit: 4, abandon: 5,
} as const;

export const batchSource = {
  type: 0, wide: 1, dtype: 2, width: 3, firstRow: 4, firstValue: 5, valuesBytes: 6, offsetBytes: 7,
  offsetCount: 8, validityFirstBit: 9, validityBytes: 10, valueValidityFirstBit: 11, valueValidityBytes: 12,
  nanForNull: 13, marksList: 14, length: 15,
} as const;

export const extractRequest = {
  type: 0, kind: 1, dtype: 2, width: 3, firstRow: 4, nextRow: 5, endRow: 6, valueCount: 7, valuesBytes: 8,
  offsetBytes: 9, offsetCount: 10, validityBytes: 11, isExact: 12, length: 13,
} as const;

export const extractProgress = {
  nextRow: 0, valueCount: 1, missingCount: 2, countMin: 3, countMax: 4, culpritRow: 5, culpritCellHigh: 6,
  culpritCellLow: 7, length: 8,
} as const;

export const gatherLayout = {
  values: { none: 0, float64: 1, float32: 2, float16: 3, cells: 4 }, types: 8,
  steps: { none: 0, int64: 16, float64: 32 },
} as const;

export const tailState = {
  publishedCount: 0, sequence: 1, length: 2,
} as const;

export const tailRecord = {
  step: 0, type: 2, count: 3, length: 4,
} as const;

export const recordKind = {
  emptyList: 0, bareRow: -1, listField: -2, extra: -8,
} as const;

export const mark = {
  row: 0, type: 2, kind: 3, length: 4,
} as const;

export const markKind = {
  emptyList: 0, listField: -2, session: -3,
} as const;

export const markSelection = {
  all: 0, emptyLists: 1, listFields: 2, sessions: 3,
} as const;

export const drawOrder = {
  uniform: 0, unit: 1, geometric: 2, permuted: 3, uniformEach: 4, geometricEach: 5,
} as const;

export const drawKey = {
  seedLow: 0, seedHigh: 1, stream: 2, bound: 3, decay: 4, length: 5,
} as const;

export const windowPolicy = {
  within: 0, padLeft: 1, padRight: 2, around: 3,
} as const;

export const windowIndex = {
  windowLength: 0, stride: 1, before: 2, policy: 3, first: 4, end: 5, episodeCount: 6, bucketShift: 7,
  bucketCount: 8, length: 9,
} as const;

export const windowPart = {
  base: 0, skipped: 1, episodeFirst: 2, episodeCount: 3, first: 4, end: 5, length: 6,
} as const;

export const windowName = {
  ordinal: 0, anchor: 1,
} as const;

export const episodeRule = {
  none: 0, end: 1, id: 2,
} as const;

export const episodeFieldsMax = 64;

export const episodeProgress = {
  row: 0, endRow: 1, hasId: 2, idLow: 3, idHigh: 4, startCount: 5, syncedRows: 6, length: 7,
} as const;

export const environmentProgress = {
  row: 0, endRow: 1, nameCount: 2, slotCount: 3, rowCount: 4, isNameless: 5, isFull: 6, syncedRows: 7,
  length: 8,
} as const;

export const environmentAddition = {
  row: 0, listedRow: 1, endRow: 2, sessionRow: 3, listedNext: 4, listedEnd: 5, rowCount: 6, begunCount: 7,
  need: 8, length: 9,
} as const;

export const environmentNeed = {
  nothing: 0, block: 1, listed: 2,
} as const;

export const environmentBegun = {
  environment: 0, position: 1, length: 2,
} as const;

export const environmentSizes = {
  partCount: 0, blockCount: 1, listedCount: 2, length: 3,
} as const;

export const environmentPart = {
  blockFirst: 0, base: 1, count: 2, blocksMax: 3, lastRow: 4, isOver: 5, length: 6,
} as const;

export const environmentBlock = {
  row: 0, step: 1, length: 2,
} as const;

export const environmentBlockRows = 64;

export const newestRequest = {
  rowsMax: 0, tokensMax: 1, tailValues: 2, rule: 3, length: 4,
} as const;

export const newestRows = {
  tokenCount: 0, rowCount: 1, startRow: 2, startToken: 3, length: 4,
} as const;

export const newestOfEnvironment = {
  rowCount: 0, foundCount: 1, length: 2,
} as const;

export const batchOutput = {
  none: 0, float64: 1, float32: 2, float16: 3, bfloat16: 4, uint8: 5, uint16: 6, int32: 7, int64: 8,
} as const;

export const windowGroup = {
  store: 0, count: 1, length: 2,
} as const;

export const fillLayout = {
  part: { tokens: 0, rows: 1, fields: 2 }, source: { columns: 0, newest: 4 }, side: { left: 0, right: 8 },
  truncate: 16,
  values: { none: 0, float64: 32, float32: 64, float16: 96, bfloat16: 128, uint8: 160, uint16: 192, int32: 224, int64: 256 },
  types: 512, steps: { none: 0, int64: 1024, float64: 2048 }, repeats: 4096, listed: 8192,
} as const;

export const scaledField = {
  type: 0, kind: 1, shift: 2, factor: 3, width: 4, output: 5, length: 6,
} as const;

export const denseFieldsMax = 4;

export const priorityFanout = 16;

export const priorityTree = {
  nodeCount: 0, capacity: 1, base: 2, end: 3, length: 4,
} as const;

export const priorityFill = {
  from: 0, to: 1, stride: 2, priority: 3, alpha: 4, length: 5,
} as const;

export const priorityReport = {
  countChange: 0, priorityMax: 1, culprit: 2, refusal: 3, length: 4,
} as const;

export const priorityRefusal = {
  position: 0, priority: 1, sum: 2,
} as const;

export const statisticsFieldsMax = 256;

export const statisticsIndexLength = 4097;

export const statisticsPageLength = 128;

export const statisticsZeroPage = 4096;

export const momentScales = [
  4.149515568880993e180,
  1e0,
  2.409919865102884e-181,
] as const;

export const moments = {
  count: 0, mean: 1, meanRest: 2, squares: 3, scale: 4, blockCount: 5, blockSum: 6, blockSquares: 7,
  length: 8,
} as const;

export const fieldSummary = {
  moments: 0, min: 8, max: 9, nonFinite: 10, rowCount: 11, length: 12,
} as const;

export const statisticsProgress = {
  nextToken: 0, nextRow: 1, nextMark: 2, rowCount: 3, pageCount: 4, isDone: 5, length: 6,
} as const;

export const viewSeriesMax = 64;

export const viewSeries = {
  field: 0, element: 3, length: 4,
} as const;

export const viewSummary = {
  first: 0, last: 1, min: 2, max: 3, count: 4, length: 5,
} as const;

export const viewRows = {
  first: 0, end: 1, length: 2,
} as const;
