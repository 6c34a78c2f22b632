/** What a sampler may be asked for, checked and laid out as the sampler's parts want it. */
import { describe, type Field } from "../fields.ts";
import type { Indices } from "../read/gather.ts";
import { checkOptions, type Documented, type OnlyKnown, optionNames } from "../options.ts";
import { isList, readElements } from "../typed_array.ts";

/**
 * Where episodes begin and end. `end`: the field, or each of several, that is truthy (neither 0 nor NaN) in the last
 * row of an episode. `id`: the field whose change begins a new one. `starts`: the rows with which they begin, shape
 * `[episodes]`, in rising order. Part of {@linkcode WindowOptions}.
 */
export type EpisodeRule<Name extends string = string> =
  | {
    /** A field, or several, of which one is truthy in the last row of an episode. */
    readonly end: Name | readonly Name[];
  }
  | {
    /** A field whose change begins a new episode. */
    readonly id: Name;
  }
  | {
    /** The rows with which episodes begin, in rising order. */
    readonly starts: Indices;
  };

/**
 * What becomes of windows at the boundaries of episodes: they stay `within` one; or they start (`pad-right`) or end
 * (`pad-left`) at every position of one, and the rest is padding; or they `cross` boundaries. Part of
 * {@linkcode SamplerOptions}.
 */
export type Boundary = "within" | "pad-left" | "pad-right" | "cross";

/**
 * In which order windows are drawn.
 *
 * | order | what is drawn |
 * | --- | --- |
 * | `uniform` | each draw is one of all valid windows, every one as likely |
 * | `shuffle` | every valid window once an epoch, in an order that looks random |
 * | `sequential` | every valid window once an epoch, from the first to the last |
 * | `recent`, `steps` | uniform among the windows whose anchor lies in the newest `steps` rows |
 * | `recent`, `decay` | the newest window most often, each older one `decay` times as often as the next; `decay` is from 0 to 1, without the two |
 * | `prioritized` | in proportion to priority ** `alpha` (0.6 by default), with importance weights of exponent `beta` (0.4) |
 *
 * A window's anchor is its first position, or with `pad-left` its last. Published as: `prioritized`, Schaul, Quan,
 * Antonoglou and Silver, "Prioritized experience replay", ICLR 2016; `shuffle`, Black and Rogaway, "Ciphers with
 * arbitrary finite domains", CT-RSA 2002. Part of {@linkcode SamplerOptions}.
 */
export type Order =
  /** Each draw is one of all valid windows, every one as likely. */
  | "uniform"
  /** Every valid window once an epoch, in an order that looks random. */
  | "shuffle"
  /** Every valid window once an epoch, from the first to the last. */
  | "sequential"
  | {
    /** Uniform among the windows whose anchor lies in the newest `steps` rows. */
    readonly kind: "recent";
    /** Rows, a positive integer. */
    readonly steps: number;
  }
  | {
    /** The newest window most often, each older one `decay` times as often as the next. */
    readonly kind: "recent";
    /** A number between 0 and 1. */
    readonly decay: number;
  }
  | {
    /** In proportion to priorities ** `alpha`, with importance weights of exponent `beta`. */
    readonly kind: "prioritized";
    /** From 0, where all windows are as likely, upwards; 0.6 where nothing is said. */
    readonly alpha?: number;
    /** From 0, where all weights are 1, upwards; 0.4 where nothing is said. */
    readonly beta?: number;
  };

/**
 * The number type of sampled values; bfloat16 comes as its bits in a Uint16Array. A value that a narrower type cannot
 * hold is rounded to the nearest. Part of {@linkcode Output}.
 */
export type ValueDtype = "float32" | "float64" | "float16" | "bfloat16";

/** Which columns a batch has, and their dtypes; null leaves one out. Part of {@linkcode WindowOptions}. */
export interface Output {
  /** float32 where nothing is said. */
  readonly values?: ValueDtype | null;
  /** int32. Batches of dense fields have no types. */
  readonly types?: "int32" | null;
  /** int64 where nothing is said. */
  readonly steps?: "int64" | "float64" | null;
}

/**
 * By how much each field's values are shifted and scaled: (value - mean) / standardDeviation, both in the values' own
 * unit. A field whose standard deviation is 0 is only shifted; one that is not named stays as it is, and so does one
 * whose mean is NaN. Part of {@linkcode WindowOptions}.
 */
export type Normalization<Name extends string = string> = { readonly [Key in Name]?: Moments };

/**
 * By what the values of a field are shifted and scaled.
 *
 * @internal
 */
interface Moments {
  /** What is subtracted, in the values' own unit. */
  readonly mean: number;
  /** What the rest is divided by, in the values' own unit, where it is not 0. */
  readonly standardDeviation: number;
}

/**
 * One of several samplers that share the windows among them: draw number `n` of all belongs to shard `n % count`. All
 * must be given the same seed; only the order `sequential` needs none. Part of {@linkcode SamplerOptions}.
 */
export interface Shard {
  /** Which of the samplers that share the windows, from 0 and below `count`. */
  readonly index: number;
  /** How many samplers share the windows. */
  readonly count: number;
}

/**
 * The windows: their unit and length, and what a batch of them looks like. B windows come as columns of shape `[B,
 * T]`, T tokens each; or with `fields` as one array a field, of shape `[B, S, W]`: S rows each, W values a row. Part
 * of {@linkcode SamplerOptions} and {@linkcode ContextOptions}.
 */
export interface WindowOptions<Name extends string = string> {
  /** T, tokens a window. With `steps`: the width of the output in tokens, which windows of rows are padded to. */
  readonly tokens?: number;
  /**
   * S, rows a window. Without `fields` they come as tokens: as many as `tokens` says, or else S times the tokens of
   * the widest row that there is when the sampler is made.
   */
  readonly steps?: number;
  /** Dense output of windows of rows: for each field W, so many values a row. */
  readonly fields?: { readonly [Key in Name]?: number };
  /** Cuts what is longer than the output's width. Without it that is an error. */
  readonly truncate?: boolean;
  /** Without a rule the whole stream is one episode. */
  readonly episodes?: EpisodeRule<Name>;
  /** The number types of a batch's arrays. */
  readonly output?: Output;
  /** Normalizes values by field: by the statistics that the store has when the sampler is made, or by given ones. */
  readonly normalize?: boolean | Normalization<Name>;
}

/** Options of a sampler. Taken by {@linkcode StreamStore.sampler}. */
export interface SamplerOptions<Name extends string = string> extends WindowOptions<Name> {
  /** B, windows a batch; 256 where nothing is said. */
  readonly batchSize?: number;
  /** `within` where nothing is said. */
  readonly boundary?: Boundary;
  /** Distance between the anchors of windows of one episode, in tokens or rows; 1 where nothing is said. */
  readonly stride?: number;
  /** `uniform` where nothing is said. */
  readonly order?: Order;
  /** A whole number, below 2 ** 53 or as a bigint below 2 ** 64; random where nothing is said. */
  readonly seed?: number | bigint;
  /** Draws only every `count`-th window of all. */
  readonly shard?: Shard;
  /**
   * For `shuffle` and `sequential`: ends after so many epochs. Where nothing is said `shuffle` is endless, and
   * `sequential` has 1.
   */
  readonly epochs?: number;
}

/** Options of {@linkcode StreamStore.sampler}: those of a sampler, and whether it works ahead. */
export interface PrefetchOptions<Name extends string = string> extends SamplerOptions<Name> {
  /**
   * Batches made ahead in a Worker, a whole number from 1 to 64: the sampler is a {@linkcode PrefetchingSampler} then,
   * asynchronous. For a store in a directory, and every order but `prioritized`.
   */
  readonly prefetch?: number | undefined;
}

/**
 * What says how long a window is: at least one of `tokens` and `steps` must stand in the options.
 *
 * @internal
 */
interface TokensOrSteps {
  readonly tokens: number;
}

/**
 * Options that are inferred, and then refused where there is none of that name, or nothing says how long a window is.
 *
 * @internal
 */
export type Checked<Given, Allowed> =
  & Given
  & Documented<Given, Allowed>
  & OnlyKnown<Given, Allowed>
  & WithLength<Given>;

/**
 * What options lack that say nothing of how long a window is.
 *
 * @internal
 */
type WithLength<Given> = Given extends unknown
  ? "tokens" extends keyof Given ? unknown : "steps" extends keyof Given ? unknown : TokensOrSteps
  : never;

/** A dense field of a batch. */
export interface DenseField {
  readonly field: Field;
  readonly width: number;
}

/** By what one field's values are shifted, and then multiplied. */
export interface Scale {
  readonly shift: number;
  readonly factor: number;
}

export type EpisodePlan =
  | { readonly kind: "none" }
  | { readonly kind: "end" | "id"; readonly fields: readonly Field[] }
  | { readonly kind: "starts"; readonly starts: BigUint64Array };

/** The windows that are asked for, checked. */
export interface WindowPlan {
  readonly unit: "tokens" | "steps";
  /** Tokens or rows a window. */
  readonly length: number;
  /** Places a window has in the output: tokens, or rows of dense fields. */
  readonly width: number | null;
  readonly fields: readonly DenseField[] | null;
  readonly truncate: boolean;
  readonly episodes: EpisodePlan;
  readonly values: ValueDtype | null;
  readonly hasTypes: boolean;
  readonly steps: "int64" | "float64" | null;
  readonly normalize: boolean | Normalization;
}

export type OrderPlan =
  | { readonly kind: "uniform" | "shuffle" | "sequential" }
  | { readonly kind: "recent"; readonly steps: number }
  | { readonly kind: "recent"; readonly decay: number }
  | { readonly kind: "prioritized"; readonly alpha: number; readonly beta: number };

/** What a sampler does, checked. */
export interface SamplerPlan {
  readonly window: WindowPlan;
  readonly batchSize: number;
  readonly boundary: Boundary;
  readonly stride: number;
  readonly order: OrderPlan;
  readonly seed: bigint;
  readonly shard: Shard;
  readonly epochs: number;
}

const countMax = 2 ** 31 - 1;
const outputMax = 2 ** 28;

/** Checks the options of a sampler over a store with `fields`. `action` begins the messages: `Cannot make a sampler`. */
export function parseSamplerOptions(
  given: SamplerOptions,
  fields: readonly Field[],
  action: string,
): SamplerPlan {
  const check = new Checks(action);
  check.names(given, samplerKeys);
  const options = readOptions(given);
  const window = parseWindow(options, fields, check);
  const order = parseOrder(options.order ?? "uniform", check);
  const hasEpochs = order.kind === "shuffle" || order.kind === "sequential";
  if (options.epochs !== undefined && !hasEpochs) {
    throw check.refuse("epochs", `left out where the order is ${order.kind}`, options.epochs);
  }
  const batchSize = check.count("batchSize", options.batchSize ?? 256);
  const widths = window.fields?.map((dense) => dense.width * window.length) ??
    [window.width ?? window.length];
  for (const width of widths) checkSize(batchSize, width, check);
  return {
    window,
    batchSize,
    boundary: check.choice("boundary", options.boundary ?? "within", boundaries),
    stride: check.count("stride", options.stride ?? 1),
    order,
    seed: parseSeed(options.seed, check),
    shard: parseShard(options.shard ?? { index: 0, count: 1 }, order, options.seed, check),
    epochs: options.epochs === undefined
      ? (order.kind === "sequential" ? 1 : Infinity)
      : options.epochs === Infinity
      ? Infinity
      : check.count("epochs", options.epochs),
  };
}

const boundaries = ["within", "pad-left", "pad-right", "cross"] as const;
const valueDtypes = ["float32", "float64", "float16", "bfloat16"] as const;
const samplerKeys = optionNames<PrefetchOptions>({
  tokens: true,
  steps: true,
  fields: true,
  truncate: true,
  episodes: true,
  output: true,
  normalize: true,
  batchSize: true,
  boundary: true,
  stride: true,
  order: true,
  seed: true,
  shard: true,
  epochs: true,
  prefetch: true,
});
const outputKeys = optionNames<Output>({ values: true, types: true, steps: true });
const shardKeys = optionNames<Shard>({ index: true, count: true });
const momentKeys = optionNames<Moments>({ mean: true, standardDeviation: true });

/**
 * Options as they are when they are read, each once: a getter or a proxy could say something else the next time. Lists
 * in them are read where they are checked.
 */
export function readOptions<Options extends SamplerOptions>(options: Options): Options {
  const known = Object.entries(copyOf(options)).map(([name, value]) => [name, copyOf(value)]);
  return Object.fromEntries(known) as Options;
}

/** What is no object of options stays what it is, to be refused. */
function copyOf<Value>(value: Value): Value {
  return typeof value === "object" && value !== null && !isList(value) && !ArrayBuffer.isView(value)
    ? { ...value }
    : value;
}

/** Checks what windows are to be. The options are a copy that `readOptions` has made. */
export function parseWindow(options: WindowOptions, fields: readonly Field[], check: Checks): WindowPlan {
  if (options.tokens === undefined && options.steps === undefined) {
    throw new TypeError(`${check.action}: tokens or steps must say how long a window is, got neither`);
  }
  const tokens = options.tokens === undefined ? null : check.count("tokens", options.tokens);
  const steps = options.steps === undefined ? null : check.count("steps", options.steps);
  const dense = options.fields === undefined ? null : parseDense(options.fields, fields, check);
  if (dense !== null && steps === null) {
    throw new TypeError(`${check.action}: fields need steps, the rows of a window, got tokens ${tokens}`);
  }
  if (dense !== null && tokens !== null) {
    throw new TypeError(`${check.action}: fields must have steps without tokens, got tokens ${tokens}`);
  }
  const output = options.output ?? {};
  check.names(output, outputKeys, "output.");
  const values = output.values === undefined ? "float32" : output.values;
  if (dense !== null && (values === null || output.types != null)) {
    throw new TypeError(
      `${check.action}: batches of fields have values and no types, got output ${JSON.stringify(output)}`,
    );
  }
  return {
    unit: steps === null ? "tokens" : "steps",
    length: steps ?? tokens!,
    width: dense !== null ? steps : tokens,
    fields: dense,
    truncate: check.boolean("truncate", options.truncate ?? false),
    episodes: parseEpisodes(options.episodes, fields, check),
    values: values === null ? null : check.choice("output.values", values, valueDtypes),
    hasTypes: dense === null && output.types !== null &&
      check.choice("output.types", output.types ?? "int32", ["int32"]) === "int32",
    steps: output.steps === null
      ? null
      : check.choice("output.steps", output.steps ?? "int64", ["int64", "float64"]),
    normalize: parseNormalize(options.normalize ?? false, fields, check),
  };
}

function parseDense(widths: object, fields: readonly Field[], check: Checks): DenseField[] {
  check.object("fields", widths);
  const dense = Object.entries(widths).map(([name, width]) => ({
    field: check.field("fields", name, fields),
    width: check.count(`fields.${name}`, width),
  }));
  if (dense.length === 0) {
    throw new RangeError(`${check.action}: fields must name at least one field, got {}`);
  }
  return dense;
}

function parseEpisodes(rule: EpisodeRule | undefined, fields: readonly Field[], check: Checks): EpisodePlan {
  if (rule === undefined) return { kind: "none" };
  check.object("episodes", rule);
  const keys = Object.keys(rule);
  if (keys.length !== 1 || !["end", "id", "starts"].includes(keys[0])) {
    throw new TypeError(
      `${check.action}: episodes must be one of { end }, { id } and { starts }, got { ${keys.join(", ")} }`,
    );
  }
  if ("starts" in rule) return { kind: "starts", starts: parseStarts(rule.starts, check) };
  if ("id" in rule) return { kind: "id", fields: [check.field("episodes.id", rule.id, fields)] };
  const names = Array.isArray(rule.end) ? rule.end : [rule.end];
  if (names.length === 0) throw new RangeError(`${check.action}: episodes.end must name a field, got []`);
  return { kind: "end", fields: names.map((name) => check.field("episodes.end", name, fields)) };
}

function parseStarts(starts: Indices, check: Checks): BigUint64Array {
  if (!isList(starts)) {
    throw new TypeError(
      `${check.action}: episodes.starts must be a list or typed array, got ${describe(starts)}`,
    );
  }
  const parsed: bigint[] = [];
  readElements(`${check.action}: episodes.starts`, starts, (start, i) => {
    const row = typeof start === "bigint" ? Number(start) : start;
    if (typeof row !== "number" || !Number.isSafeInteger(row) || row < 0) {
      throw check.refuse(`episodes.starts[${i}]`, "a row, a whole number", start);
    }
    parsed.push(BigInt(row));
    if (i > 0 && parsed[i] <= parsed[i - 1]) {
      throw check.refuse(`episodes.starts[${i}]`, `more than ${parsed[i - 1]}, the start before it`, row);
    }
  });
  return BigUint64Array.from(parsed);
}

function parseOrder(order: Order, check: Checks): OrderPlan {
  if (order === "uniform" || order === "shuffle" || order === "sequential") return { kind: order };
  if (typeof order !== "object" || order === null) {
    throw check.refuse(
      "order",
      "uniform, shuffle, sequential, or an object with kind recent or prioritized",
      order,
    );
  }
  if (order.kind === "prioritized") {
    check.names(order, ["kind", "alpha", "beta"], "order.");
    const alpha = check.number("order.alpha", order.alpha ?? 0.6, 0, Infinity);
    return { kind: order.kind, alpha, beta: check.number("order.beta", order.beta ?? 0.4, 0, Infinity) };
  }
  if (order.kind !== "recent") {
    throw check.refuse("order.kind", "recent or prioritized", (order as Order & object).kind);
  }
  check.names(order, ["kind", "steps", "decay"], "order.");
  if ("steps" in order && "decay" in order) {
    throw new TypeError(`${check.action}: order must have steps or decay, got both`);
  }
  if ("decay" in order) {
    const { decay } = order;
    if (!(typeof decay === "number" && decay > 0 && decay < 1)) {
      throw check.refuse("order.decay", "a number between 0 and 1", decay);
    }
    return { kind: "recent", decay };
  }
  return { kind: "recent", steps: check.count("order.steps", (order as { steps: number }).steps) };
}

function parseNormalize(
  normalize: boolean | Normalization,
  fields: readonly Field[],
  check: Checks,
): boolean | Normalization {
  if (typeof normalize === "boolean") return normalize;
  check.object("normalize", normalize);
  for (const [name, moments] of Object.entries(normalize)) {
    check.field("normalize", name, fields);
    check.names(moments!, momentKeys, `normalize.${name}.`);
    check.number(`normalize.${name}.mean`, moments!.mean, -Infinity, Infinity);
    check.number(`normalize.${name}.standardDeviation`, moments!.standardDeviation, 0, Infinity);
  }
  return normalize;
}

function parseSeed(seed: number | bigint | undefined, check: Checks): bigint {
  if (seed === undefined) return crypto.getRandomValues(new BigUint64Array(1))[0] >> 11n;
  const isSeed = typeof seed === "bigint"
    ? seed >= 0n && seed < 2n ** 64n
    : Number.isSafeInteger(seed) && seed >= 0;
  if (!isSeed) throw check.refuse("seed", "a whole number, below 2 ** 53 or a bigint below 2 ** 64", seed);
  return BigInt(seed);
}

/** Without one seed for all, each shard would draw from an order of its own, and they would overlap. */
function parseShard(
  given: Shard,
  order: OrderPlan,
  seed: number | bigint | undefined,
  check: Checks,
): Shard {
  check.names(given, shardKeys, "shard.");
  const { index, count: shards } = given;
  const count = check.count("shard.count", shards);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw check.refuse("shard.index", `a whole number below shard.count, ${count}`, index);
  }
  if (count > 1 && seed === undefined && order.kind !== "sequential") {
    throw new TypeError(
      `${check.action}: shard needs a seed, the same in all ${count} shards, or they draw the same windows; got none`,
    );
  }
  return { index, count };
}

/** A batch that no machine can hold is refused here, by the options that make it so large. */
export function checkSize(batchSize: number, width: number, check: Checks): void {
  if (batchSize * width <= outputMax) return;
  throw new RangeError(
    `${check.action}: a batch must have <= ${outputMax} values a column, got ${batchSize} x ${width}`,
  );
}

/** Checks of options, whose errors begin with what could not be done. */
export class Checks {
  constructor(readonly action: string) {}

  refuse(name: string, allowed: string, value: unknown): RangeError {
    return new RangeError(`${this.action}: ${name} must be ${allowed}, got ${describe(value)}`);
  }

  object(name: string, value: unknown): void {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
    throw new TypeError(`${this.action}: ${name} must be an object, got ${describe(value)}`);
  }

  /** A name that is none is a typing error that nobody would notice. */
  names(options: object, allowed: readonly string[], prefix = ""): void {
    checkOptions(options, allowed, this.action.replace(/^Cannot /, ""), prefix);
  }

  count(name: string, value: unknown): number {
    if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= countMax) {
      return value as number;
    }
    throw this.refuse(name, `a positive integer up to ${countMax}`, value);
  }

  number(name: string, value: unknown, least: number, limit: number): number {
    if (typeof value === "number" && value >= least && value < limit && Number.isFinite(value)) return value;
    throw this.refuse(name, least === 0 ? "a finite number >= 0" : "a finite number", value);
  }

  boolean(name: string, value: unknown): boolean {
    if (typeof value === "boolean") return value;
    throw this.refuse(name, "true or false", value);
  }

  choice<const Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
    if ((choices as readonly string[]).includes(value)) return value as Choice;
    throw this.refuse(name, choices.join(" or "), value);
  }

  field(name: string, wanted: unknown, fields: readonly Field[]): Field {
    const found = fields.find((field) => field.name === wanted);
    if (found !== undefined) return found;
    const names = fields.map((field) => field.name).join(", ");
    throw new TypeError(`${this.action}: ${name} must be among the fields ${names}, got ${describe(wanted)}`);
  }
}
