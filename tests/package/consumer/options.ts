/** Only checked, never run: what a program says, and what it gets for it; each error stands at the word that is wrong. */
import { PrefetchingSampler, range, Sampler, StreamStore } from "@streamstore/streamstore";
import type { AnyBatch, DtypeArray, SamplerOptions } from "@streamstore/streamstore";

const store = new StreamStore({
  action: 0,
  id: { type: 1, dtype: "int64" },
  mask: { type: 2, dtype: "uint64" },
});
const sources = [{ store, weight: 1 }];

/** Exactly this type, neither wider nor narrower. */
type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends (<T>() => T extends Right ? 1 : 2) ? true
  : false;
const same = <Left, Right>(_: Same<Left, Right>): void => {};

// Columns have the array of the field's dtype, and any of them all where that is not known.
export function columns(): void {
  const action = store.column("action").values;
  same<typeof action, Float64Array>(true);
  const id = store.column("id").values;
  same<typeof id, BigInt64Array>(true);
  const mask = store.column("mask").values;
  same<typeof mask, BigUint64Array>(true);
  const unknown = StreamStore.open("run.stream").column("id").values;
  same<typeof unknown, DtypeArray>(true);
  if (unknown instanceof Uint16Array) same<typeof unknown, Uint16Array>(true);
  const dtype: "int64" | "uint64" = Math.random() < 0.5 ? "int64" : "uint64";
  const either = new StreamStore({ id: { type: 0, dtype } }).column("id").values;
  same<typeof either, BigInt64Array | BigUint64Array>(true);
  // @ts-expect-error: no such field
  store.column("acton");
}

// Whichever way a dtype is declared, a column has its array.
export function dtypes(): void {
  const narrow = new StreamStore({
    action: "uint8",
    observation: "float32",
    done: "bool",
    half: { dtype: "float16" },
  });
  const action = narrow.column("action").values;
  same<typeof action, Uint8Array>(true);
  const observation = narrow.column("observation").values;
  same<typeof observation, Float32Array>(true);
  const done = narrow.column("done").values;
  same<typeof done, Uint8Array>(true);
  const half = narrow.column("half").values;
  same<typeof half, Float16Array>(true);
  narrow.append(0, { action: 1, observation: [0.5], done: true });
  const tokens = new StreamStore({ tokens: { type: 7, dtype: "uint16" } }).column("tokens").values;
  same<typeof tokens, Uint16Array>(true);
  const entries = new StreamStore([["1", "int8"], ["0", { dtype: "int32" }]]);
  const [one, zero] = [entries.column("1").values, entries.column("0").values];
  same<typeof one, Int8Array>(true);
  same<typeof zero, Int32Array>(true);
  // @ts-expect-error: no such field
  narrow.append(0, { acton: 1 });
  // @ts-expect-error: no dtype
  new StreamStore({ a: "uint128" });
  // @ts-expect-error: no dtype
  new StreamStore({ a: { dtype: "uint128" } });
  // @ts-expect-error: neither a type ID nor a dtype
  new StreamStore({ a: {} });
  // @ts-expect-error: no such part of a field
  new StreamStore({ a: { dtype: "int8", tpye: 1 } });
}

// Lists of names and of entries give the same names and dtypes.
export function lists(): void {
  const named = new StreamStore(["action", "1"]);
  const plain = named.column("1").values;
  same<typeof plain, Float64Array>(true);
  named.append(0, { action: 1, "1": 2 });
  named.append([0], ["1"], [1]);
  // @ts-expect-error: no such field
  named.append(0, { b: 1 });
  // @ts-expect-error: no such field
  named.append([0], ["b"], [1]);
  const entries = new StreamStore([["b", 0], ["1", { type: 1, dtype: "int64" }]]);
  const wide = entries.column("1").values;
  same<typeof wide, BigInt64Array>(true);
  const row = entries.row(0)["1"];
  entries.window(0, row === undefined ? 0 : 1);
  // @ts-expect-error: no such field
  entries.column("c");
  const opened = StreamStore.open("run.stream", { fields: [["b", 0], ["1", { type: 1, dtype: "uint64" }]] });
  const widest = opened.column("1").values;
  same<typeof widest, BigUint64Array>(true);
  const batch = entries.sampler({ steps: 2, fields: { "1": 1 } }).next();
  if (batch !== null) same<keyof typeof batch.fields, "1">(true);
  // @ts-expect-error: a name among entries
  new StreamStore([["b", 0], "c"]);
  // @ts-expect-error: no type ID
  new StreamStore([["b", "0"]]);
  // @ts-expect-error: no such part of a field
  new StreamStore({ a: { type: 0, dytpe: "int64" } });
}

// Whether a sampler is asynchronous is said by prefetch, as far as its type tells.
export function samplers(prefetch: number | undefined, options: SamplerOptions<"action">): void {
  const own = store.sampler({ tokens: 4 });
  same<typeof own extends Sampler<infer _> ? true : false, true>(true);
  const ahead = store.sampler({ tokens: 4, prefetch: 2 });
  same<typeof ahead extends PrefetchingSampler<infer _> ? true : false, true>(true);
  const either = store.sampler({ tokens: 4, prefetch });
  // @ts-expect-error: may be a promise
  either.next()?.size;
  if (either instanceof Sampler) either.next()?.size;
  const none = store.sampler({ tokens: 4, prefetch: undefined });
  none.next()?.size;
  const batch = store.sampler({ ...options, tokens: 4 }).next();
  if (batch !== null) same<typeof batch, AnyBatch>(true);
}

// Batches have the arrays of the dtypes that are asked for, of all values or of one field's.
export function outputs(): void {
  const tokens = store.sampler({ tokens: 4, output: { values: "uint16" } }).next();
  if (tokens !== null) same<typeof tokens.values, Uint16Array>(true);
  const fields = { action: { width: 2, dtype: "int32" }, id: { width: 1, dtype: "int64" }, mask: 1 } as const;
  const dense = store.sampler({ steps: 4, fields, output: { values: "uint8" } }).next();
  if (dense !== null) {
    same<typeof dense.fields.action.values, Int32Array>(true);
    same<typeof dense.fields.id.values, BigInt64Array>(true);
    same<typeof dense.fields.mask.values, Uint8Array>(true);
  }
  const floats = store.context({ steps: 4, fields: { action: { width: 1 }, id: 1 } }).fields;
  same<typeof floats.action.values | typeof floats.id.values, Float32Array>(true);
  // @ts-expect-error: dtype
  store.sampler({ steps: 4, fields: { action: { width: 1, dytpe: "int32" } } });
  // @ts-expect-error: width
  store.sampler({ steps: 4, fields: { action: { dtype: "int32" } } });
  // @ts-expect-error: int32
  store.sampler({ steps: 4, fields: { action: { width: 1, dtype: "int" } } });
}

// Offsets of a field stand for steps, and give every field a mask of them.
export function offsets(): void {
  const fields = { action: { width: 2, offsets: range(0, 16), dtype: "float64" }, id: 1 } as const;
  const batch = store.sampler({ fields }).next();
  if (batch !== null) {
    same<typeof batch.fields.action.values, Float64Array>(true);
    same<typeof batch.fields.id.values, Float32Array>(true);
    same<typeof batch.fields.id.offsetMask, Uint8Array>(true);
  }
  store.context({ fields: { action: { width: 2, offsets: [-1, 0] } }, episodes: { id: "id" } });
  StreamStore.mixture(sources, { fields, boundary: "zero" });
  const steps = store.sampler({ steps: 2, fields: { action: 1 } }).next();
  const gathered = store.gatherRows([0], { fields, boundary: "zero" });
  same<typeof gathered.fields.action.values, Float64Array>(true);
  store.gatherRows(Int32Array.of(0), { fields }, store.gatherRows([1], { fields }));
  // @ts-expect-error: no such option
  store.gatherRows([0], { fields, stride: 2 });
  // @ts-expect-error: only with offsets
  steps?.fields.action.offsetMask;
  // @ts-expect-error: neither steps nor offsets
  store.sampler({ fields: { action: 1 } });
  // @ts-expect-error: numbers
  store.sampler({ fields: { action: { width: 1, offsets: ["0"] } } });
}

// Options that there are none of, and options that are missing.
export function typos(): void {
  // @ts-expect-error: batchSize
  store.sampler({ tokens: 4, batch: 64 });
  // @ts-expect-error: neither tokens nor steps
  store.sampler({ batchSize: 64 });
  // @ts-expect-error: a number
  store.sampler({ tokens: 4, batchSize: "64" });
  // @ts-expect-error: observation
  store.sampler({ steps: 4, fields: { action: 1, obs: 2 } });
  // @ts-expect-error: values
  store.sampler({ tokens: 4, output: { vals: "float64" } });
  // @ts-expect-error: alpha
  store.sampler({ tokens: 4, order: { kind: "prioritized", alfa: 1 } });
  // @ts-expect-error: shuffle
  store.sampler({ tokens: 4, order: "shufle" });
  // @ts-expect-error: count
  store.sampler({ tokens: 4, shard: { index: 0, count: 2, of: 2 } });
  // @ts-expect-error: no such field
  store.sampler({ tokens: 4, episodes: { end: "done" } });
  // @ts-expect-error: standardDeviation
  store.sampler({ tokens: 4, normalize: { action: { mean: 0, standardDeviation: 1, std: 1 } } });
  const typed = { tokens: 4, batch: 64 };
  // @ts-expect-error: batchSize, also in a variable
  store.sampler(typed);
  // @ts-expect-error: not of mixtures
  StreamStore.mixture(sources, { tokens: 4, prefetch: 2 });
  // @ts-expect-error: neither tokens nor steps
  StreamStore.mixture(sources, { batchSize: 4 });
  // @ts-expect-error: padTo
  store.context({ steps: 4, padto: 8 });
  // @ts-expect-error: neither tokens nor steps
  store.context({ padTo: 8 });
  // @ts-expect-error: steps
  store.gather([0], 2, { values: "float32", step: null });
  // @ts-expect-error: retain
  StreamStore.open("run.stream", { retian: { rows: 1 } });
  // @ts-expect-error: rows
  StreamStore.open("run.stream", { retain: { row: 1 } });
  // @ts-expect-error: capacity
  new StreamStore({ a: 0 }, { capcity: 1 });
  // @ts-expect-error: { fields: ["action"] }
  store.stats(["action"]);
  // @ts-expect-error: fields
  store.stats({ field: ["action"] });
  // @ts-expect-error: width
  store.appendColumns({ step: [0], action: { values: [1], widht: 1 } });
}

export async function asyncTypos(): Promise<void> {
  // @ts-expect-error: fieldFeatures
  await store.toDataset({ fieldFeature: {} });
  // @ts-expect-error: format
  await store.saveDataset("x", "train", { fromat: "csv" });
  // @ts-expect-error: sortBy
  await store.loadDataset("x", "train", { sortby: "action" });
  // @ts-expect-error: attempts
  await store.loadDataset("x", "train", { retry: { attempt: 1 } });
  // @ts-expect-error: columns
  await store.fromParquet("x", { column: ["action"] });
  // @ts-expect-error: onLeftOut
  await StreamStore.loadDataset("x", "train", { onleftOut: () => {} });
  // @ts-expect-error: path
  await StreamStore.fromParquet("x", { paths: "run.stream" });
  // @ts-expect-error: signal
  await store.waitForRows(1, { signals: AbortSignal.timeout(1) });
  // @ts-expect-error: onProgress
  await store.verify({ onprogress: () => {} });
}

// Windows and copies have one array for all fields: their own dtype's where they have one, else that of the widest.
export function cells(): void {
  // The four forms of declaring fields: type IDs, names, dtypes, and both.
  const numbered = new StreamStore({ action: 0, observation: 1 });
  same<Values<typeof numbered>, Float64Array>(true);
  const named = new StreamStore(["action", "observation"]);
  same<Values<typeof named>, Float64Array>(true);
  const tokens = new StreamStore({ tokens: "uint16" });
  same<Values<typeof tokens>, Uint16Array>(true);
  const both = new StreamStore({ tokens: { type: 7, dtype: "uint16" } });
  same<Values<typeof both>, Uint16Array>(true);
  const floats = new StreamStore({ action: "uint8", observation: "float32", done: "bool" });
  same<Values<typeof floats>, Float32Array>(true);
  const integers = new StreamStore([["1", "uint16"], ["0", { dtype: "uint8" }]]);
  same<Values<typeof integers>, Int16Array>(true);
  const bytes = new StreamStore({ done: "bool", action: "uint8" });
  same<Values<typeof bytes>, Uint8Array>(true);
  const wide = new StreamStore({ id: "int64", half: "float16" });
  same<Values<typeof wide>, Float64Array>(true);
  const counts = new StreamStore({ id: "uint64", size: "int8" });
  same<Values<typeof counts>, BigInt64Array>(true);
  const opened = StreamStore.open("run.stream", { fields: { tokens: "uint16" } });
  same<Values<typeof opened>, Uint16Array>(true);
}

/** The array of a window, of which `get` and a `gather` without more ado give copies. */
type Values<Store extends { window(start: number, length: number): { readonly values: unknown } }> =
  ReturnType<
    Store["window"]
  >["values"];

// Bits are unsigned and as wide as the values; copies have the values' array unless another is asked for.
export function copies(): void {
  const half = new StreamStore({ a: "float16", b: "int16" });
  const { values, bits } = half.window(0, 1);
  same<typeof values, Float16Array>(true);
  same<typeof bits, Uint16Array>(true);
  const gathered = half.gather([0], 1).values;
  same<typeof gathered, Float16Array>(true);
  const got = half.get([0]).values;
  same<typeof got, Float16Array>(true);
  const floats = half.gather([0], 1, { values: "float32" }).values;
  same<typeof floats, Float32Array>(true);
  const none = half.gather([0], 1, { values: null }).values;
  same<typeof none, null>(true);
  const again = half.gather([0], 1, { values: gathered }).values;
  same<typeof again, Float16Array>(true);
  const wide = new StreamStore({ a: "uint64" }).window(0, 1).bits;
  same<typeof wide, BigUint64Array>(true);
}

// Of a store that is opened without its fields nothing is known until it is looked at.
export function unknown(): void {
  const store = StreamStore.open("run.stream");
  const { values } = store.window(0, 1);
  same<typeof values, DtypeArray>(true);
  if (values instanceof Uint16Array) same<typeof values, Uint16Array>(true);
  if (values instanceof Float64Array) same<typeof values, Float64Array>(true);
  const gathered = store.gather([0], 1).values;
  same<typeof gathered, DtypeArray>(true);
  if (gathered instanceof BigInt64Array) same<typeof gathered, BigInt64Array>(true);
  const got = store.get([0]).values;
  same<typeof got, DtypeArray>(true);
  // @ts-expect-error: may be bigints
  const first: number = values[0];
  same<typeof first, number>(true);
}
