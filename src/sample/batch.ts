/** What a sampler gives: the batches, and what their types are by its options. */
import type { ExtraMap, ExtraValue } from "../extras.ts";
import type { WithOffsets } from "./options.ts";

/**
 * What every batch says of its windows. All arrays are row by row, a window a row: B windows, T tokens or S rows each.
 * Part of {@linkcode TokenBatch} and {@linkcode FieldBatch}.
 */
export interface BatchBase<Steps> {
  /** Windows in the batch, B: the sampler's batch size, or fewer where the last epoch ends. */
  readonly size: number;
  /** Shape `[B]`: where each window begins, a token index, or a row index in samplers of `steps`. Padding does not count. */
  readonly starts: Float64Array;
  /** Shape `[B]`: how many places of each window are no padding: tokens, or rows of dense fields. */
  readonly lengths: Int32Array;
  /** Shape `[B, T]`, or `[B, S]` for dense fields: 1 where there is something, 0 where there is padding. */
  readonly mask: Uint8Array;
  /** Shape `[B, T]`, or `[B, S]` for dense fields: the step of each place; 0 where there is padding. */
  readonly steps: Steps;
  /** Where the order is prioritized, shape `[B]`: what `updatePriorities` knows each window by. */
  readonly ids: Float64Array | null;
  /** Where the order is prioritized, shape `[B]`: the probability with which a draw gives the window. */
  readonly probabilities: Float64Array | null;
  /**
   * Where the order is prioritized, shape `[B]`: importance weights, (windows × probability) ** -`beta`, divided by
   * the largest of the batch.
   */
  readonly weights: Float64Array | null;
  /** In mixtures, shape `[B]`: the source of each window, by its place in the list. */
  readonly sources: Int32Array | null;
}

/**
 * A batch of windows as tokens: columns of shape `[B, T]`, B windows of T tokens. Returned by
 * {@linkcode Sampler.next}.
 */
export interface TokenBatch<
  Values = BatchValues | null,
  Types = Int32Array | null,
  Steps = BigInt64Array | Float64Array | null,
> extends BatchBase<Steps> {
  /** Shape `[B, T]`: the numbers; 0 where there is padding. */
  readonly values: Values;
  /** Shape `[B, T]`: the type ID of each token; 0 where there is padding. */
  readonly types: Types;
}

/** One field of a batch of dense fields: W values for each of S rows of B windows. Part of {@linkcode FieldBatch}. */
export interface FieldValues<Values = BatchValues> {
  /** Values a row, W. */
  readonly width: number;
  /** Shape `[B, S, W]`: the numbers; 0 where the row has no value. */
  readonly values: Values;
  /** Shape `[B, S, W]`: 1 where the row has a value. */
  readonly mask: Uint8Array;
}

/**
 * One field of a batch at offsets around anchors: W values for each of O rows of B windows. Part of
 * {@linkcode FieldBatch}.
 */
export interface OffsetValues<Values = BatchValues> extends FieldValues<Values> {
  /** Shape `[B, O, W]`: the numbers; outside of the episode those of its nearest row with `edge`, 0 with `zero`. */
  readonly values: Values;
  /** Shape `[B, O, W]`: 1 where the row lies within the anchor's episode and has a value. */
  readonly mask: Uint8Array;
  /** Shape `[O]`: which rows, relative to the anchor. */
  readonly offsets: readonly number[];
  /** Shape `[B, O]`: 1 where the row lies within the anchor's episode. */
  readonly offsetMask: Uint8Array;
}

/** A batch of windows of rows as dense fields. Returned by {@linkcode Sampler.next}. */
export interface FieldBatch<
  Fields extends { readonly [name: string]: FieldValues } = { readonly [name: string]: FieldValues },
  Steps = BigInt64Array | Float64Array | null,
> extends BatchBase<Steps> {
  /** Each field that was asked for, by name: values of shape `[B, S, W]`, or of its offsets, `[B, O, W]`. */
  readonly fields: Fields;
}

/**
 * The numbers of a batch, of shape `[B, T]` or `[B, S, W]`. bfloat16 is a Uint16Array of bits. Part of
 * {@linkcode TokenBatch} and {@linkcode FieldValues}.
 */
export type BatchValues =
  | Float32Array
  | Float64Array
  | Float16Array
  | Uint16Array
  | Uint8Array
  | Int32Array
  | BigInt64Array;

/**
 * A batch whose options are not known: as tokens it has `values` and `types` of shape `[B, T]`, else `fields`.
 * Returned by {@linkcode Sampler.next}.
 */
export type AnyBatch = BatchBase<BigInt64Array | Float64Array | null> & {
  readonly values?: BatchValues | null;
  readonly types?: Int32Array | null;
  readonly fields?: { readonly [name: string]: FieldValues };
  readonly extra?: ExtraWindows;
};

/**
 * Text and bytes beside the rows of a batch's windows, by name: B lists of S values, null where there is padding or the
 * row has none. They are made anew for every batch, and stay what they are. Part of {@linkcode BatchOf}.
 */
export type ExtraWindows<Extras extends ExtraMap = ExtraMap, Name extends string = string> = {
  readonly [Key in Name]:
    readonly (readonly (ExtraValue<Key extends keyof Extras ? Extras[Key] : never> | null)[])[];
};

/**
 * The array of a dtype.
 *
 * @internal
 */
type ArrayOf<Dtype> = Dtype extends "float64" ? Float64Array
  : Dtype extends "float16" ? Float16Array
  : Dtype extends "bfloat16" | "uint16" ? Uint16Array
  : Dtype extends "uint8" ? Uint8Array
  : Dtype extends "int32" ? Int32Array
  : Dtype extends "int64" ? BigInt64Array
  : Dtype extends null ? null
  : Float32Array;
/**
 * The array for a choice of types.
 *
 * @internal
 */
type TypesOf<Dtype> = Dtype extends null ? null : Int32Array;
/**
 * The array for a choice of steps.
 *
 * @internal
 */
type StepsOf<Dtype> = Dtype extends null ? null : Dtype extends "float64" ? Float64Array : BigInt64Array;

/**
 * The choices that options make.
 *
 * @internal
 */
type OutputOf<Options> = "output" extends keyof Options ? Options["output"] : undefined;
/**
 * One of the choices.
 *
 * @internal
 */
type Key<Wanted, Name extends string> = Wanted extends unknown
  ? Name extends keyof Wanted ? Wanted[Name] : undefined
  : never;

/**
 * What only prioritized batches have.
 *
 * @internal
 */
type Drawn<Options> = Options extends { readonly order: { readonly kind: "prioritized" } }
  ? { readonly ids: Float64Array; readonly probabilities: Float64Array; readonly weights: Float64Array }
  : unknown;

/**
 * What only batches with text and bytes have.
 *
 * @internal
 */
type Beside<Options, Extras extends ExtraMap> = Options extends
  { readonly extra: readonly (infer Name extends string)[] } ? { readonly extra: ExtraWindows<Extras, Name> }
  : unknown;

/**
 * The batches of a sampler with these options: a {@link FieldBatch} where they name `fields`, else a {@link
 * TokenBatch}; where their type does not tell, {@link AnyBatch}.
 */
export type BatchOf<Options, Extras extends ExtraMap = ExtraMap> = Options extends unknown
  ? "fields" extends keyof Options ? DenseBatchOf<Options, Options["fields"], Extras>
  :
    & Drawn<Options>
    & Beside<Options, Extras>
    & TokenBatch<
      ArrayOf<Key<OutputOf<Options>, "values">>,
      TypesOf<Key<OutputOf<Options>, "types">>,
      StepsOf<Key<OutputOf<Options>, "steps">>
    >
  : never;

/**
 * The batches of options with `fields`, or which may have them.
 *
 * @internal
 */
type DenseBatchOf<Options, Dense, Extras extends ExtraMap> = [Dense] extends [object] ?
    & Drawn<Options>
    & Beside<Options, Extras>
    & FieldBatch<
      {
        readonly [Name in Extract<keyof Dense, string>]: FieldOf<
          [WithOffsets<Dense>] extends [never] ? false : true,
          Exclude<ArrayOf<FieldDtype<Dense[Name], Key<OutputOf<Options>, "values">>>, null>
        >;
      },
      StepsOf<Key<OutputOf<Options>, "steps">>
    >
  : AnyBatch & Beside<Options, Extras>;

/**
 * A field by whether there are offsets.
 *
 * @internal
 */
type FieldOf<HasOffsets, Values> = HasOffsets extends true ? OffsetValues<Values> : FieldValues<Values>;

/**
 * The dtype of a field: its own, or that of all.
 *
 * @internal
 */
type FieldDtype<Wanted, All> = Wanted extends { readonly dtype: infer Own } ? Own
  : Wanted extends { readonly dtype?: infer Own } ? Exclude<Own, undefined> | All
  : All;
