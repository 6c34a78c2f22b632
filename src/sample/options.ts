/** What a sampler may be asked for. */
import type { Indices } from "../read/gather.ts";
import type { Documented, OnlyKnown } from "../option_types.ts";

/**
 * Where episodes begin and end. `end`: the field, or each of several, that is truthy (neither 0 nor NaN) in the last
 * row of an episode; where a writer began another episode does too, unless `sessions` says `join`. `id`: the field whose
 * change begins a new one. `starts`: the rows with which they begin, shape `[episodes]`, in rising order. `"rows"`: each
 * row is an episode, such as a document of tokens. Part of {@linkcode WindowOptions}.
 */
export type EpisodeRule<Name extends string = string> =
  /** Each row is an episode: windows of tokens lie within one. */
  | "rows"
  | {
    /** A field, or up to 64 of them, of which one is truthy in the last row of an episode. */
    readonly end: Name | readonly Name[];
    /**
     * What becomes of an episode that had not ended when its writer did, killed or closed: it is over at the first row
     * of the next one (`split`, where nothing is said; see {@linkcode StreamStore.sessions}), or goes on there (`join`).
     */
    readonly sessions?: "split" | "join";
    /**
     * The field that says of which environment a row is, where rows of several are appended in turn: windows follow one
     * of them then. Every row must have it. Only for windows of `steps` with `fields`, and fields with offsets: tokens of
     * one do not stand side by side. For those give each a store of its own, and draw from a mixture of them.
     */
    readonly environment?: Name;
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
 * (`pad-left`) at every position of one, and the rest is padding; or they `cross` boundaries. Of fields with offsets
 * every row is an anchor, and a row that lies outside of its episode is the nearest one of it (`edge`), or `zero`. Part
 * of {@linkcode SamplerOptions}.
 */
export type Boundary = "within" | "pad-left" | "pad-right" | "cross" | "edge" | "zero";

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
 * The number type of sampled values; bfloat16 comes as its bits in a Uint16Array. What a narrower float cannot hold is
 * rounded to the nearest; what is no integer, or one that does not fit, is an error where integers are asked for. Part
 * of {@linkcode Output} and {@linkcode FieldOutput}.
 */
export type ValueDtype =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "uint8"
  | "uint16"
  | "int32"
  | "int64";

/** How a field comes in batches of dense fields. Part of {@linkcode WindowOptions}. */
export interface FieldOutput {
  /** W, values a row. */
  readonly width: number;
  /** The number type of its values; that of `output` where nothing is said. */
  readonly dtype?: ValueDtype;
  /**
   * Its rows, of shape `[O]`: whole numbers relative to the anchor, the row that a window is drawn by: -1 is the row
   * before, 0 the anchor. With offsets there are no `steps`; a field without them has [0].
   */
  readonly offsets?: readonly number[] | Int32Array;
}

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
export interface Moments {
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
  /** Dense output of windows of rows: for each field W, so many values a row, or W and its dtype and offsets. */
  readonly fields?: { readonly [Key in Name]?: number | FieldOutput };
  /** Cuts what is longer than the output's width. Without it that is an error. */
  readonly truncate?: boolean;
  /** Without a rule the whole stream is one episode. */
  readonly episodes?: EpisodeRule<Name>;
  /** The number types of a batch's arrays. */
  readonly output?: Output;
  /**
   * Normalizes values by field: by the statistics that the store has when the sampler is made, or by given ones. Fields
   * that come as integers stay as they are.
   */
  readonly normalize?: boolean | Normalization<Name>;
}

/**
 * The part of a stream that is drawn from: rows whose step is at least the first of the two, and below the second.
 * Windows lie in it as if the stream had no other rows, at anchors where they would stand without it: two parts of which
 * one ends where the other begins have no window in common. `Infinity` for the second is no end. Part of
 * {@linkcode SamplerOptions}.
 */
export interface Between {
  /** Safe integers, or bigints of 64 bits, of which the first is below the second. */
  readonly steps: readonly [from: number | bigint, to: number | bigint];
}

/** Options of a sampler. Taken by {@linkcode StreamStore.sampler}. */
export interface SamplerOptions<Name extends string = string, ExtraName extends string = string>
  extends WindowOptions<Name> {
  /** B, windows a batch; 256 where nothing is said. */
  readonly batchSize?: number;
  /** Where nothing is said `within`, and of fields with offsets `edge`. */
  readonly boundary?: Boundary;
  /** Distance between the anchors of windows of one episode, in tokens or rows; 1 where nothing is said. */
  readonly stride?: number;
  /** The part that is drawn from, such as all but the last day; the whole stream where nothing is said. */
  readonly between?: Between;
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
  /**
   * Text and bytes beside the rows that a batch is to have, by their names in the store's `extra`: as `batch.extra`,
   * `[B][S]`. Only for windows of `steps`.
   */
  readonly extra?: readonly ExtraName[];
}

/** A store of a mixture, and how often it is drawn from. Taken by {@linkcode StreamStore.mixture}. */
export interface MixtureSource<Store> {
  /** The store that is drawn from. */
  readonly store: Store;
  /**
   * A finite number above 0, for all stores or for none: of all windows the share `weight` / (sum of the weights of all
   * stores that have a window) is drawn from the store. Without weights each window of all stores is as likely. Only for
   * the order `uniform`.
   */
  readonly weight?: number;
}

/** Options of a mixture: those of a sampler. Taken by {@linkcode StreamStore.mixture}. */
export type MixtureOptions<Name extends string = string, ExtraName extends string = string> = SamplerOptions<
  Name,
  ExtraName
>;

/** Options of {@linkcode StreamStore.sampler}: those of a sampler, and whether it works ahead. */
export interface PrefetchOptions<Name extends string = string, ExtraName extends string = string>
  extends SamplerOptions<Name, ExtraName> {
  /**
   * Batches made ahead in a Worker, a whole number from 1 to 64: the sampler is a {@linkcode PrefetchingSampler} then,
   * asynchronous. For a store in a directory. With the order `prioritized` draws follow the priorities as they are when
   * they are drawn, so many batches early; then not for rows of several environments.
   */
  readonly prefetch?: number | undefined;
}

/**
 * What says how long a window is: at least one of `tokens` and `steps` must stand in the options, or offsets of a field.
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
type WithLength<Given> = Given extends unknown ? "tokens" extends keyof Given ? unknown
  : "steps" extends keyof Given ? unknown
  : Given extends { readonly fields: infer Fields } ? [WithOffsets<Fields>] extends [never] ? TokensOrSteps
    : unknown
  : TokensOrSteps
  : never;

/**
 * The names of fields that have offsets.
 *
 * @internal
 */
export type WithOffsets<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly offsets: unknown } ? Name : never;
}[keyof Fields];
