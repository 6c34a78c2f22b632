import type { Table } from "apache-arrow";
import { append } from "./append/append.ts";
import type { Appender } from "./append/appender.ts";
import { appendColumns, type ColumnsInput, type ColumnsOptions } from "./append/columns.ts";
import type { FieldValue, StepValues } from "./append/values.ts";
import type {
  LoadDatasetOptions,
  LoadOptions,
  NewDatasetOptions,
  NewStoreOptions,
  ParquetOptions,
} from "./dataset/load_options.ts";
import type { SaveDatasetOptions } from "./dataset/save_options.ts";
import type { ToDatasetOptions } from "./dataset/table/to_arrow.ts";
import type { ColumnName, ExtraInfo, ExtraLists, ExtraMap, ExtraName, ExtraValues } from "./extras.ts";
import type { FieldInfo, FieldList, FieldMap, FieldName, KnownFields } from "./fields.ts";
import { type ColumnOf, readColumn } from "./read/column.ts";
import { type Extra, extraOf } from "./read/extras.ts";
import { gather, type GatheredAs, type GatherOut, type Indices } from "./read/gather.ts";
import { rowAt, rowAtOrAfter, rowOfStep, rowOfToken, rowsOf, tokenOfRow } from "./read/row.ts";
import { sessionRows } from "./read/sessions.ts";
import type { Row } from "./read/rows.ts";
import { getTokens, type NestedIndices, type Tokens } from "./read/tokens.ts";
import { readWindow, type Window } from "./read/window.ts";
import type { AnyBatch, BatchOf } from "./sample/batch.ts";
import type { ContextOptions } from "./sample/context.ts";
import type { GatherRowsOptions } from "./sample/gather_rows.ts";
import type { Mixture } from "./sample/mixture.ts";
import type { Checked, MixtureOptions, MixtureSource, PrefetchOptions } from "./sample/options.ts";
import type { SamplerOf } from "./sample/prefetch/prefetch.ts";
import { gatherRows, newMixture, newSampler, readContext } from "./sample/source.ts";
import { takeStats } from "./statistics/accumulator.ts";
import type { FieldStats, StatsOptions } from "./statistics/field_stats.ts";
import type { Recovery } from "./store/state.ts";
import type { CellOf } from "./store/cell_types.ts";
import { inspectText } from "./store/inspect.ts";
import type { OpenOptions, StoreOptions, WaitOptions } from "./store/open.ts";
import { sealStore } from "./store/seal.ts";
import { noteSession, openSession, Session, temporarySession } from "./store/session.ts";
import type { Verification, VerifyOptions } from "./store/verify.ts";

/**
 * A stream of tokens, collected step by step and read as windows while it grows. It lives in memory-mapped files: here
 * in temporary ones without a name, which are gone when the store is closed or its process ends. Once it is closed, all
 * but what {@linkcode StreamStore.close} names throws a `StreamStoreError` with the code `closed`.
 *
 * @example
 * ```ts
 * import { StreamStore } from "@streamstore/streamstore";
 * import assert from "node:assert/strict";
 *
 * using store = new StreamStore({ action: 0, observation: 1, reward: 2, done: 3 });
 * store.append(0, { action: 1, observation: [0.1, -0.2, 0.05, 0.3], reward: 1, done: false });
 * store.append(1, { action: 0, observation: [0.2, -0.1, 0.04, 0.2], reward: 1, done: true });
 * assert.deepEqual([...store.window(7, 2).values], [0, 0.2]);
 * console.log(store.toString()); // or console.log(store)
 * store.close(); // or the end of the block, by `using`
 * ```
 */
export class StreamStore<
  const Fields extends FieldList = FieldMap,
  const Extras extends ExtraMap = ExtraMap,
> {
  readonly #session: Session;
  /** Here too: an append is one look-up shorter. */
  readonly #appender: Appender;

  /**
   * Creates a temporary store.
   *
   * @param fields Names and type IDs or dtypes, in field order, in one of the forms of {@link FieldList}.
   * @param options The chunk by which the files grow, in tokens, how much is kept, and what stands beside the steps.
   * @throws {RangeError | TypeError} If a field or an option is not allowed, or there is no field.
   * @throws {StreamStoreError} If the files cannot be made: `storage-full`, `permission-denied`, `too-many-stores` …
   */
  constructor(fields: Fields & KnownFields<Fields>, options: StoreOptions<Extras> = {}) {
    const given: unknown = fields;
    this.#session = given instanceof Session ? given : temporarySession(fields, options);
    this.#appender = this.#session.appender;
    noteSession(this, this.#session);
  }

  /**
   * Opens a store in a directory: creates it, goes on with it, or only reads it. One writer at a time has a store; any
   * number of readers, in other processes and in workers, see what it has committed. A step that `append` returned from
   * survives the death of the process, or of a Worker; either leaves the store free for the next writer.
   *
   * @param path The directory. Its parent must exist.
   * @param options The fields, what is to be done with the store, and how often steps are committed and made durable.
   * @returns The store, to be closed by whoever opened it.
   * @throws {StreamStoreError} If it is open for writing elsewhere (`locked`), fields differ (`fields-differ`), files
   * are missing or damaged (`not-found`, `damaged`), or `mode` says create and it is there (`already-exists`).
   * @throws {RangeError | TypeError} If an option or the path is not allowed.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`;
   * using writer = StreamStore.open(path, { fields: { action: 0, reward: 1 } });
   * using reader = StreamStore.open(path, { mode: "read" });
   * writer.append(0, { action: 1, reward: 0.5 });
   * writer.flush();
   * assert.deepEqual([reader.rowCount, reader.refresh(), reader.rowCount], [0, true, 1]);
   * setTimeout(() => (writer.append(1, { reward: 2 }), writer.sync()), 10);
   * await reader.waitForRows(2);
   * assert.deepEqual(reader.row(1), { step: 1, reward: 2 });
   * assert.deepEqual((await reader.verify()).damaged, []);
   * ```
   */
  static open<const Fields extends FieldList = FieldMap, const Extras extends ExtraMap = ExtraMap>(
    path: string,
    options: OpenOptions<Fields, Extras> & { readonly fields?: KnownFields<Fields> } = {},
  ): StreamStore<Fields, Extras> {
    return new StreamStore<Fields, Extras>(openSession(path, options) as never);
  }

  /**
   * Makes a store of a table of apache-arrow: a field for each column of numbers or of lists of them, of the column's
   * own dtype, and a row for each of its rows. {@link NewStoreOptions} say what becomes of other columns.
   *
   * @param table Made by apache-arrow, its own copy or this package's.
   * @param options Where the store is, which columns become fields, and all that `fromDataset` of a store takes.
   * @returns A store that whoever asked for it closes.
   * @throws {RangeError | TypeError | StreamStoreError} As `open` and `fromDataset`, and if no column has numbers.
   * @see {@linkcode StreamStore.saveDataset}
   */
  static async fromDataset(table: Table, options: NewStoreOptions = {}): Promise<StreamStore> {
    const { storeOfTable } = await import("./dataset/new_store.ts");
    return new StreamStore(await storeOfTable(table, options) as never);
  }

  /**
   * Makes a store of a Parquet file, or of all in a folder and those below it, as `StreamStore.fromDataset` does of a
   * table. Where files differ a column has the narrowest dtype that holds all of theirs: see {@linkcode parquetSchema}.
   *
   * @param path A file or a folder.
   * @param options Where the store is, which columns become fields, and all that `fromParquet` of a store takes.
   * @returns A store that whoever asked for it closes.
   * @throws {RangeError | TypeError | StreamStoreError} As `StreamStore.fromDataset`, and `loadDataset` of a store.
   */
  static async fromParquet(path: string, options: NewStoreOptions = {}): Promise<StreamStore> {
    const { storeOfParquet } = await import("./dataset/new_store.ts");
    return new StreamStore(await storeOfParquet(path, options) as never);
  }

  /**
   * Makes a store of one split of a dataset, as `StreamStore.fromParquet` does of files: see {@link NewDatasetOptions}.
   *
   * @param name A path or a name on the Hub, as {@linkcode StreamStore.saveDataset} takes them.
   * @param split The split's name.
   * @param options Where the store is, which columns become fields, and all that `loadDataset` of a store takes.
   * @returns A store that whoever asked for it closes.
   * @throws {RangeError | TypeError | StreamStoreError} As `StreamStore.fromDataset`, and `loadDataset` of a store.
   */
  static async loadDataset(
    name: string,
    split = "train",
    options: NewDatasetOptions = {},
  ): Promise<StreamStore> {
    const { storeOfDataset } = await import("./dataset/new_store.ts");
    return new StreamStore(await storeOfDataset(name, split, options) as never);
  }

  /** The number of tokens appended, and the index after the last. Those that were dropped count too. */
  get length(): number {
    return this.#session.tokenCount;
  }

  /** The index of the first token that is kept: 0 where nothing was dropped. */
  get firstToken(): number {
    return this.#session.connection.firstToken;
  }

  /** The index of the first row that is kept: 0 where nothing was dropped. */
  get firstRow(): number {
    return this.#session.connection.firstRow;
  }

  /** The number of rows, steps that were appended, and the index after the last. Those that were dropped count too. */
  get rowCount(): number {
    return this.#session.rowCount;
  }

  /**
   * Where writers began: of each opening the first row that it appended, if any and if it is kept; shape `[sessions]`,
   * ascending. An episode that was unfinished before such a row ended there.
   */
  get sessions(): readonly number[] {
    return sessionRows(this.#session);
  }

  /** The fields, in field order: name, type ID and dtype of each. */
  get fields(): readonly FieldInfo[] {
    return this.#session.fieldInfos();
  }

  /** The text and bytes beside the rows: name and kind of each, in the order in which they were declared. */
  get extras(): readonly ExtraInfo[] {
    return this.#session.extraInfos();
  }

  /** The ID of the process that has the store open for writing, this one included, or null: as it is at this moment. */
  get writer(): number | null {
    return this.#session.findWriter();
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#session.connection.isClosed;
  }

  /**
   * Appends one step, its fields by name. Fields left out, null or undefined have no token in the row; an empty list
   * is remembered as one. All of it is appended, or nothing.
   *
   * @param step An integer, not below the last step. The last step again goes on with its row, whoever wrote it, with
   * later fields only.
   * @param values By field name a number, boolean or bigint, or a flat list of them, shape `[values]`.
   * @param extra By name the text or bytes that stand beside the step; a step that goes on may fill what is null.
   * @throws {RangeError} If the step goes back, fields are not later than those it has, or an integer is not exact.
   * @throws {TypeError} If a name is no field, or a value is no number, boolean, bigint or flat list of them.
   * @throws {StreamStoreError} If the store is open for reading only (`read-only`), another call is writing (`busy`), or
   * the disk is full (`storage-full`): all before this step can be read then, and it works again once there is room.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ action: 0, observation: 1 });
   * store.append(7, { action: 1, observation: [0.5, 0.25] });
   * assert.throws(() => store.append(6, { action: 1 }), RangeError);
   * store.append([8, 8, 9], ["action", "observation", "action"], [0, [1, 2, 3], 1]);
   * store.appendColumns({ step: [10, 11], action: [7, 8], observation: { values: [1, 2, 3, 4, 5, 6], width: 3 } });
   * assert.deepEqual([[...store.window(12, 4).values], store.rowCount], [[8, 4, 5, 6], 5]);
   * ```
   */
  append(step: number | bigint, values: StepValues<Fields>, extra?: ExtraValues<Extras>): void;
  /**
   * Appends tokens, all or none, given as three sequences: step, field name and value, in field order in each step.
   *
   * @param steps Integers that never fall, shape `[N]`.
   * @param names The field of each, shape `[N]`.
   * @param values The value of each, as {@linkcode StreamStore.append} of one step takes it, shape `[N]`.
   * @param extra By name a list with a value for each step, in their order.
   * @throws {RangeError | TypeError} As above, and if the sequences differ in length or one is no list.
   */
  append(
    steps: ArrayLike<number | bigint>,
    names: readonly FieldName<Fields>[],
    values: ArrayLike<FieldValue>,
    extra?: ExtraLists<Extras>,
  ): void;
  append(step: unknown, fields: object, values?: unknown, extra?: unknown): void {
    const isAppended = values === undefined && this.#appender.appendPlain(step, fields);
    if (!isAppended) append(this.#session, step, fields, values, extra);
  }

  /**
   * Appends many steps from columns, in one native pass. All of it is appended, or nothing.
   *
   * @param columns `step`, integers that rise, shape `[steps]`, and by field name the values: see {@link ColumnInput}.
   * @param options `extra`: by name a list with a value for each step, or `{ offsets, data, validity }` as Arrow has it.
   * @throws {RangeError | TypeError} If a name is no field, lengths differ, steps do not rise, or a value is not exact.
   * @throws {StreamStoreError} As {@linkcode StreamStore.append}: among others `read-only` and `storage-full`.
   */
  appendColumns(columns: ColumnsInput<FieldName<Fields>>, options: ColumnsOptions<Extras> = {}): void {
    appendColumns(this.#session, columns as ColumnsInput, options as ColumnsOptions);
  }

  /**
   * A window of `length` tokens from token `start`, without a copy. See {@link Window} for how long it is valid.
   *
   * @param start A token index, from `firstToken` on.
   * @param length Tokens.
   * @returns Columns of shape `[length]` over the store's own memory.
   * @throws {RangeError} If the window does not lie within the stream.
   * @throws {StreamStoreError} If the process may not view native memory (`windows-not-permitted`): then use `gather`.
   */
  window(start: number, length: number): Window<CellOf<Fields>> {
    return readWindow(this.#session, start, length) as Window<CellOf<Fields>>;
  }

  /**
   * Tokens at indices, copied, in the indices' own shape. Whole windows of them: {@linkcode StreamStore.gather}.
   *
   * @param indices Token indices: nested lists of equal lengths, or a flat list or typed array of shape `[N]`.
   * @param shape The shape, where a flat list or typed array stands for one, for instance `[2, 3]` for 6 indices.
   * @returns The shape, and flat arrays of as many entries as there are indices.
   * @throws {RangeError | TypeError} If an index is no token's, lists are ragged, or the shape is one of another count.
   */
  get(indices: Indices | NestedIndices, shape?: readonly number[]): Tokens<CellOf<Fields>> {
    return getTokens(this.#session, indices, shape) as Tokens<CellOf<Fields>>;
  }

  /**
   * Copies of windows: `length` tokens from each start, each column of shape `[starts.length, length]`.
   *
   * @param starts Token indices, shape `[B]`.
   * @param length Tokens a window, T.
   * @param out For each column an array to fill, a dtype (of values a window's own, float64, float32), or null for none.
   * @returns The arrays, each of shape `[B, T]`.
   * @throws {RangeError | TypeError} If a window does not lie within the stream, or an array has another length than
   * `starts.length * length` or a class that is not allowed. Nothing is written then.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ action: 0 });
   * for (let step = 0; step < 100; step++) store.append(step, { action: step });
   * const batch = store.gather([10, 50], 3, { values: "float32", steps: null });
   * assert.deepEqual(batch.values, Float32Array.of(10, 11, 12, 50, 51, 52));
   * store.gather([0, 1], 3, batch); // into the same arrays
   * assert.deepEqual(batch.values, Float32Array.of(0, 1, 2, 1, 2, 3));
   * assert.deepEqual([...store.get([[10, 98], [50, 99]]).values], [10, 98, 50, 99]);
   * ```
   */
  gather<
    const Values extends GatherOut["values"] = undefined,
    const Types extends GatherOut["types"] = undefined,
    const Steps extends GatherOut["steps"] = undefined,
  >(
    starts: Indices,
    length: number,
    out: GatherOut<Values, Types, Steps> = {},
  ): GatheredAs<Values, Types, Steps, CellOf<Fields>> {
    return gather(this.#session, starts, length, out as GatherOut);
  }

  /**
   * Windows of rows as dense fields, at rows that you choose: for a validation set, or rows that another program names.
   * Each is what a sampler with these options gives when it draws that row.
   *
   * @param rows Row indices, shape `[B]`: of each window the first row, with `pad-left` the last, with offsets the anchor.
   * @param options The windows: `fields`, with `steps` or offsets, `boundary`, `episodes`; the same object every time.
   * @param out A batch of as many windows to be filled, which an earlier call gave; left out, the arrays are new.
   * @returns A batch with a column of shape `[B, S, W]` for each field, or of its offsets `[B, O, W]`; and of `extra`; or `out`.
   * @throws {RangeError | TypeError} If a row is none, or has no window, or an option or array is not allowed.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ action: 0, done: 1 });
   * for (let step = 0; step < 100; step++) store.append(step, { action: step, done: step % 10 === 9 });
   * const options = { steps: 2, fields: { action: 1 }, episodes: { end: "done" } } as const;
   * const batch = store.gatherRows([50, 17], options);
   * assert.deepEqual([...batch.fields.action.values], [50, 51, 17, 18]);
   * store.gatherRows([0, 1], options, batch); // into the same arrays
   * assert.throws(() => store.gatherRows([19], options), /rows\[0\] must be a row with 1 more of its episode/);
   * store.append(100, { action: 7, done: false }); // another episode begins
   * const { fields, mask } = store.context(options); // and is padded on its left
   * assert.deepEqual([[...fields.action.values], [...mask]], [[0, 7], [0, 1]]);
   * ```
   */
  gatherRows<const Options extends GatherRowsOptions<FieldName<Fields>, ExtraName<Extras>>>(
    rows: Indices,
    options: Checked<Options, GatherRowsOptions<FieldName<Fields>, ExtraName<Extras>>>,
    out?: BatchOf<Options, Extras>,
  ): BatchOf<Options, Extras> {
    return gatherRows(this.#session, rows, options, out as AnyBatch) as BatchOf<Options, Extras>;
  }

  /**
   * Draws batches of windows for learning: see {@link Sampler}, or, with `prefetch`, {@link PrefetchingSampler}.
   *
   * @param options The windows, `tokens` or `steps` long, the episodes that they belong to, and the order of drawing.
   * @returns A sampler of batches: columns of shape `[B, T]`, or `[B, S, W]` for each of `fields`; and of `extra`.
   * @throws {RangeError | TypeError} If an option is none or not allowed: the message names it, its value and what is.
   */
  sampler<const Options extends PrefetchOptions<FieldName<Fields>, ExtraName<Extras>>>(
    options: Checked<Options, PrefetchOptions<FieldName<Fields>, ExtraName<Extras>>>,
  ): SamplerOf<Options, Extras> {
    return newSampler(this.#session, options) as SamplerOf<Options, Extras>;
  }

  /**
   * The newest window, for a policy that acts while it collects: what a sampler with `pad-left` would give, as a batch
   * of one. It lies within the episode of the newest step, and is padded on its left. Nothing is committed for it.
   *
   * @param options The window, as {@linkcode StreamStore.gatherRows} takes it or in tokens; the same object every time.
   * @returns A batch of one, which the next call fills anew: columns of shape `[1, T]`, or of `fields` `[1, S, W]`.
   * @throws {RangeError | TypeError} If there is no step, a window is wider than the output, or an option not allowed.
   */
  context<const Options extends ContextOptions<FieldName<Fields>>>(
    options: Checked<Options, ContextOptions<FieldName<Fields>>>,
  ): BatchOf<Options> {
    return readContext(this.#session, options) as BatchOf<Options>;
  }

  /**
   * Draws batches of windows from several stores with the same fields as from one, or as often as their weights say.
   *
   * @param sources The stores, or for each `{ store, weight }`, a number above 0.
   * @param options As for a sampler, without `prefetch`.
   * @returns A {@link Mixture}: batches of shape `[B, T]` or `[B, S, W]`, whose `sources` say where windows are from.
   * @throws {RangeError | TypeError} If there is no store, one has other fields, or a weight or option is not allowed.
   */
  static mixture<
    const Fields extends FieldList,
    const Extras extends ExtraMap,
    const Options extends MixtureOptions<FieldName<Fields>, ExtraName<Extras>>,
  >(
    sources: readonly (StreamStore<Fields, Extras> | MixtureSource<StreamStore<Fields, Extras>>)[],
    options: Checked<Options, MixtureOptions<FieldName<Fields>, ExtraName<Extras>>>,
  ): Mixture<BatchOf<Options, Extras>, StreamStore<Fields, Extras>> {
    return newMixture(sources, options) as Mixture<BatchOf<Options, Extras>, StreamStore<Fields, Extras>>;
  }

  /**
   * One of {@linkcode StreamStore.rows}: `{ step, ...fields }`, lists as typed arrays, fields without a token left out.
   *
   * @param index From `firstRow` to `rowCount - 1`.
   * @returns A copy. A field that was ever written as a list comes as one, of shape `[values]`, in every row.
   * @throws {RangeError} If there is no such row.
   */
  row(index: number): Row<FieldName<Fields>> {
    return rowAt(this.#session, index) as Row<FieldName<Fields>>;
  }

  /**
   * Rows `[from, to)`; by default all that are kept.
   *
   * @param from The first row.
   * @param to The row after the last.
   * @returns A copy of each row, as `row` gives it.
   * @throws {RangeError} If the range does not lie within `firstRow` and `rowCount`.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   *
   * using store = new StreamStore({ reward: 0, observation: 1 });
   * for (const step of [3, 5, 8]) store.append(step, { reward: step / 2, observation: [step, 1] });
   * assert.deepEqual(store.rows(2), [{ step: 8, reward: 4, observation: Float64Array.of(8, 1) }]);
   * assert.deepEqual([store.row(1).step, store.rowOfToken(7), store.rowOfStep(4)], [5, 2, -1]);
   * const { values, width } = store.column("observation");
   * assert.deepEqual([[...values], width], [[3, 1, 5, 1, 8, 1], 2]);
   * const [from, to] = [store.rowAtOrAfter(4), store.rowAtOrAfter(8)];
   * assert.deepEqual([from, to, store.tokenOfRow(from), [...store.column("reward", from, to).values]], [1, 2, 3, [2.5]]);
   * ```
   */
  rows(from?: number, to?: number): Row<FieldName<Fields>>[] {
    return rowsOf(this.#session, from, to) as Row<FieldName<Fields>>[];
  }

  /**
   * The text or bytes of one name that stand beside the rows.
   *
   * @param name One of the store's `extra`.
   * @returns What reads them, as long as the store is open: {@linkcode Extra}.
   * @throws {TypeError} If the store has none of the name.
   */
  extra<Name extends ExtraName<Extras>>(name: Name): Extra<Extras[Name]> {
    return extraOf(this.#session, name) as Extra<Extras[Name]>;
  }

  /**
   * The index, as {@linkcode StreamStore.rows} takes it, of the row that holds a token. The other way: `tokenOfRow`.
   *
   * @param index A token index.
   * @returns A row index.
   * @throws {RangeError} If there is no such token.
   */
  rowOfToken(index: number): number {
    return rowOfToken(this.#session, index);
  }

  /**
   * The index of the first token of a row, or of the next row's where it has none. Of {@linkcode StreamStore.rows} the
   * one at `i` has the tokens from `tokenOfRow(i)` to `tokenOfRow(i + 1)`, without the last.
   *
   * @param index From `firstRow` to `rowCount`, for which it is `length`.
   * @returns A token index.
   * @throws {RangeError} If there is no such row.
   */
  tokenOfRow(index: number): number {
    return tokenOfRow(this.#session, index);
  }

  /**
   * The index, as {@linkcode StreamStore.rows} takes it, of the row of a step.
   *
   * @param step A safe integer, or a bigint of 64 bits.
   * @returns A row index, or -1 where the stream has no such step.
   * @throws {RangeError} If it is no such number.
   */
  rowOfStep(step: number | bigint): number {
    return rowOfStep(this.#session, step);
  }

  /**
   * The index of the first row of a step or a later one, of those that are kept; `rowCount` where there is none. Two of
   * them are a range of steps as {@linkcode StreamStore.rows} and `column` take it, without the last.
   *
   * @param step A safe integer, or a bigint of 64 bits.
   * @returns A row index.
   * @throws {RangeError} If it is no such number.
   */
  rowAtOrAfter(step: number | bigint): number {
    return rowAtOrAfter(this.#session, step);
  }

  /**
   * All values of one field in rows `[from, to)`, by default in all that are kept, copied.
   *
   * @param name The field.
   * @param from The first row.
   * @param to The row after the last.
   * @returns `{ values, width, offsets }` as {@link Column} says: an array of the field's dtype, and where its rows are.
   * @throws {TypeError | RangeError} If the name is no field, or the range none that {@linkcode StreamStore.rows} takes.
   */
  column<Key extends FieldName<Fields>>(name: Key, from?: number, to?: number): ColumnOf<Fields, Key> {
    return readColumn(this.#session, name, from, to) as ColumnOf<Fields, Key>;
  }

  /**
   * What the values of each field are like, as {@link FieldStats} say: range, mean, standard deviation, quantiles. A
   * later call reads only what is new since; what was counted stays counted, also once `retain` has dropped it.
   *
   * @param options The fields to look at; by default all.
   * @returns For each name its `FieldStats`, which does not change when the store grows.
   * @throws {TypeError} If a name is no field, or `fields` no list.
   */
  stats<const Key extends FieldName<Fields> = FieldName<Fields>>(
    options: StatsOptions<Key> = {},
  ): { readonly [Asked in Key]: FieldStats } {
    return takeStats(this.#session, options) as { [Asked in Key]: FieldStats };
  }

  /**
   * All rows as a table of apache-arrow, as {@linkcode StreamStore.saveDataset} saves it: a column a field in field
   * order, HuggingFace's features in the schema's metadata. A row without the field is null, an empty list is not.
   *
   * @param options Features by field name, further columns of shape `[rows]`, and the name of a column for the steps.
   * @returns A table of as many rows as are kept.
   * @throws {RangeError | TypeError} If a name is no field or used twice, or a feature or further column does not fit.
   */
  async toDataset(options: ToDatasetOptions<ColumnName<Fields, Extras>> = {}): Promise<Table> {
    return await (await import("./dataset/session.ts")).tableOf(this.#session, options as ToDatasetOptions);
  }

  /**
   * Appends all rows of a table of apache-arrow, or none. Columns that are no field are ignored; a null is a row
   * without the field. The columns' features are remembered for `toDataset` and {@linkcode StreamStore.saveDataset}, if
   * the store was empty or was loaded with the same. Steps go on behind the last one, from 0, unless a column has them.
   *
   * @param table Made by apache-arrow, its own copy or this package's.
   * @param options The column of steps, and what becomes of a null inside a list.
   * @throws {RangeError | TypeError} If it is no table, no column is a field, one does not hold a value, or steps fall.
   * @throws {StreamStoreError} As {@linkcode StreamStore.append}: among others `read-only` and `storage-full`.
   */
  async fromDataset(table: Table, options: LoadOptions<ExtraName<Extras>> = {}): Promise<void> {
    await (await import("./dataset/session.ts")).loadTable(this.#session, table, options);
  }

  /**
   * Appends all rows of a Parquet file, or of every `*.parquet` in a folder and those below it, in the order of their
   * paths; or none. Only columns that are fields are read, one row group at a time. All else is as in `loadDataset`.
   *
   * @param path A file or a folder, whether {@linkcode StreamStore.saveDataset} or another program wrote it.
   * @param options Which fields to load, the column of steps, and what becomes of a null inside a list.
   * @throws {RangeError | TypeError | StreamStoreError} As `loadDataset`.
   */
  async fromParquet(
    path: string,
    options: ParquetOptions<FieldName<Fields>, ExtraName<Extras>> = {},
  ): Promise<void> {
    await (await import("./dataset/session.ts")).loadParquet(this.#session, path, options);
  }

  /**
   * Saves all rows as one split of a dataset that Python's `datasets` reads with the same features and the same bits.
   * They are written beside their place and then moved there. {@link DatasetFormat} says what each format becomes.
   *
   * @param name A path, which begins with `./`, `../` or `/`, exists, or ends as the files of datasets do
   * (`.parquet`); else `user/name` on the HuggingFace Hub.
   * @param split The split's name: letters, digits, `_` and single dots.
   * @param options How it is written, and the features and further columns as `toDataset` takes them.
   * @throws {RangeError | TypeError} As `toDataset`, and if an option is not allowed, or `name` neither path nor name.
   * @throws {StreamStoreError} If a file cannot be written (as by `storage-full`), and then what was there is there still,
   * or the folder holds one dataset itself instead of splits (`already-exists`). For the Hub see {@link HubSaveOptions}.
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import { tableFromArrays } from "apache-arrow";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/runs.parquet`;
   * const table = tableFromArrays({ action: Uint8Array.of(1, 0), reward: Float32Array.of(0.5, 1), note: ["a", "b"] });
   * using store = await StreamStore.fromDataset(table, { onLeftOut: ({ name }) => assert.equal(name, "note") });
   * assert.deepEqual(store.fields[1], { name: "reward", type: 1, dtype: "float32" });
   * await store.saveDataset(path, "train", { extra: { task: ["push", "pull"] } });
   * using copy = await StreamStore.loadDataset(path, "train", { sortBy: "action" });
   * assert.deepEqual(copy.row(0), { ...store.row(1), step: 0 });
   * await copy.loadDataset(path); // once more, behind what is there
   * await copy.fromParquet(path, { columns: ["action"] });
   * await copy.fromDataset(table);
   * assert.deepEqual(copy.rows(4, 6), [{ step: 4, action: 1 }, { step: 5, action: 0 }]);
   * assert.equal((await copy.toDataset()).numRows, 8);
   * ```
   */
  async saveDataset(
    name: string,
    split = "train",
    options: SaveDatasetOptions<ColumnName<Fields, Extras>> = {},
  ): Promise<void> {
    const { save } = await import("./dataset/session.ts");
    await save(this.#session, name, split, options as SaveDatasetOptions);
  }

  /**
   * Appends all rows of one split of a dataset, or none. It may be a folder or a file, of any {@link DatasetFormat},
   * whoever wrote it; its splits are found as Python's `datasets` finds them. Only columns that are fields are kept.
   * Steps and features are as in `fromDataset`. Nothing else may be appended until the promise is settled.
   *
   * @param name A path or a name on the Hub, as {@linkcode StreamStore.saveDataset} takes them.
   * @param split The split's name.
   * @param options Among others what to sort the rows by, which fields to load, and the column of steps.
   * @throws {RangeError | TypeError} As `fromDataset`, and if a column to sort by has no order.
   * @throws {StreamStoreError} As `fromDataset`, and if there is no such dataset or split (`not-found`), something else
   * was appended meanwhile (`busy`), or a file is `damaged`, `file-too-large` or `unsupported`. See {@link HubLoadOptions}.
   */
  async loadDataset(
    name: string,
    split = "train",
    options: LoadDatasetOptions<FieldName<Fields>, ExtraName<Extras>> = {},
  ): Promise<void> {
    await (await import("./dataset/session.ts")).load(this.#session, name, split, options);
  }

  /**
   * Commits: moves steps from the tail into the columns, where readers see them, as {@linkcode StreamStore.open} shows.
   * This store's own reads do so where they need to. In a store that is open for reading only it does nothing.
   *
   * @throws {StreamStoreError} If the disk is full or fails (`storage-full`, `input-output`).
   */
  flush(): void {
    this.#session.flush();
  }

  /**
   * Flushes, and makes every step so far durable: it survives a failure of the whole system. After a sync that failed
   * every later one fails too, until {@linkcode StreamStore.open} opens it again: the first may not have written all.
   *
   * @throws {StreamStoreError} If it is open for reading only (`read-only`), or the disk is full or fails, as in `flush`.
   */
  sync(): void {
    this.#session.sync();
  }

  /**
   * For a reader: shows what was committed since {@linkcode StreamStore.open} or the last refresh. A writer sees all.
   *
   * @returns Whether there was anything new.
   * @throws {StreamStoreError} If its files were damaged meanwhile (`damaged`).
   */
  refresh(): boolean {
    return this.#session.refresh();
  }

  /**
   * For a reader, of {@linkcode StreamStore.open}: refreshes until there are `rowCount` rows, every 1 to 4 milliseconds.
   *
   * @param rowCount Rows, those that were dropped counted too.
   * @param options `signal` ends the waiting with its reason.
   * @throws {RangeError} If `rowCount` is no whole number.
   * @throws {StreamStoreError | Error} If the store is closed meanwhile (`closed`), and the reason of the signal.
   */
  async waitForRows(rowCount: number, options: WaitOptions = {}): Promise<void> {
    await (await import("./store/wait.ts")).waitForRows(this.#session, rowCount, options);
  }

  /** What opening the store found: steps that its last writer left in the tail, and what a failure of the system cut. */
  get recovery(): Recovery {
    return this.#session.recovery;
  }

  /**
   * Reads the whole store and compares every chunk with the checksum that it was written with. A temporary store, which
   * {@linkcode StreamStore.open} did not give, has none and is always whole. Other work goes on between chunks.
   *
   * @param options `onProgress`: called after every chunk.
   * @returns How many chunks there are, and which of them are damaged.
   * @throws {StreamStoreError} If the store is closed, also meanwhile (`closed`).
   */
  async verify(options: VerifyOptions = {}): Promise<Verification> {
    return await (await import("./store/verify.ts")).verify(this.#session, options);
  }

  /**
   * Ends the store and frees its files: what was appended is committed and made durable. Windows are empty from then
   * on, as {@link Window} says; of the {@linkcode StreamStore} only `length`, `firstToken`, `firstRow`, `rowCount`,
   * `fields` and `isClosed` still answer, as they stood then. Closing twice does nothing.
   *
   * @throws {StreamStoreError} If the disk is full or fails. The store is closed all the same.
   */
  close(): void {
    this.#session.close();
  }

  /**
   * Closes the store for good: a file `seal` has a checksum of all its files, nothing can be appended any more, and
   * {@linkcode StreamStore.open} with `mode: "read"` notices what is missing. Reads all of it once.
   *
   * @throws {StreamStoreError} If it is open for reading only (`read-only`) or temporary (`unsupported`), or the disk is
   * full or fails. The store is closed all the same, unsealed, unless it is still in use (`busy`).
   *
   * @example
   * ```ts
   * import { StreamStore } from "@streamstore/streamstore";
   * import assert from "node:assert/strict";
   * import { mkdtempSync } from "node:fs";
   * import { tmpdir } from "node:os";
   *
   * const path = `${mkdtempSync(`${tmpdir()}/example-`)}/run.stream`;
   * const store = StreamStore.open(path, { fields: { reward: 0 } });
   * store.append(0, { reward: 1 });
   * store.seal();
   * assert.throws(() => StreamStore.open(path), /it is sealed/);
   * assert.equal(StreamStore.open(path, { mode: "read" }).rowCount, 1);
   * ```
   */
  seal(): void {
    sealStore(this.#session);
  }

  /** The same as `close`, for `using store = …`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Size and last tokens, in a few lines. A closed {@linkcode StreamStore}, or one whose tokens cannot be read, says so.
   *
   * @returns The text that a console shows too.
   */
  toString(): string {
    return inspectText(this, this.#session.fields);
  }

  /** As `toString`, for a console. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return inspectText(this, this.#session.fields);
  }
}
