/** What options come to, checked: what samplers and contexts work by. */
import type { ExtraInfo } from "../extras.ts";
import type { Field } from "../fields.ts";
import type { PartPlan } from "./part.ts";
import type { Boundary, Normalization, Shard, ValueDtype } from "./options.ts";

/** A dense field of a batch. */
export interface DenseField {
  readonly field: Field;
  readonly width: number;
  readonly dtype: ValueDtype;
  /** Its rows, relative to the anchor; null where a window is consecutive rows. */
  readonly offsets: Int32Array | null;
}

/** How many rows before and after an anchor are looked at. */
export interface Reach {
  readonly before: number;
  readonly after: number;
}

/** By what one field's values are shifted, and then multiplied. */
export interface Scale {
  readonly shift: number;
  readonly factor: number;
}

export type EpisodePlan =
  | { readonly kind: "none" }
  | { readonly kind: "rows" }
  | {
    readonly kind: "end";
    readonly fields: readonly Field[];
    /** Whether an episode goes on where a writer began. */
    readonly joinsSessions: boolean;
    /** The field that says of which environment a row is; null where all are of one. */
    readonly environment: Field | null;
  }
  | { readonly kind: "id"; readonly fields: readonly Field[] }
  | { readonly kind: "starts"; readonly starts: BigUint64Array };

/** How the episodes of several environments are told apart. */
export interface EnvironmentPlan {
  readonly environment: Field;
  /** Those that are true in the last row of an episode. */
  readonly fields: readonly Field[];
  readonly joinsSessions: boolean;
}

/** The windows that are asked for, checked. */
export interface WindowPlan {
  readonly unit: "tokens" | "steps";
  /** Tokens or rows a window. */
  readonly length: number;
  /** Places a window has in the output: tokens, or rows of dense fields. */
  readonly width: number | null;
  readonly fields: readonly DenseField[] | null;
  /** Of windows that are rows around an anchor, which then is the window, of one row. */
  readonly reach: Reach | null;
  readonly truncate: boolean;
  readonly episodes: EpisodePlan;
  readonly values: ValueDtype | null;
  readonly hasTypes: boolean;
  readonly steps: "int64" | "float64" | null;
  /** By field; null where the statistics of the store say it. */
  readonly scales: ReadonlyMap<string, Scale> | null;
}

export type OrderPlan =
  | { readonly kind: "uniform" | "shuffle" | "sequential" }
  | { readonly kind: "recent"; readonly steps: number }
  | { readonly kind: "recent"; readonly decay: number }
  | { readonly kind: "prioritized"; readonly alpha: number; readonly beta: number };

/** What a sampler does, checked. */
export interface SamplerPlan {
  readonly window: WindowPlan;
  /** The part that is drawn from; null where that is the whole stream. */
  readonly between: PartPlan | null;
  readonly batchSize: number;
  readonly boundary: Boundary;
  readonly stride: number;
  readonly order: OrderPlan;
  readonly seed: bigint;
  readonly shard: Shard;
  readonly epochs: number;
  /** Batches that a Worker makes ahead; null where there is none. */
  readonly prefetch: number | null;
  /** What of the rows comes beside the arrays; null where nothing is asked for. */
  readonly extra: readonly ExtraInfo[] | null;
}

/** What a normalization does to each field. A field that never varies is only shifted. */
export function scalesOf(normalization: Normalization): Map<string, Scale> {
  const scales = new Map<string, Scale>();
  for (const [name, moments] of Object.entries(normalization)) {
    if (moments === undefined || !Number.isFinite(moments.mean)) continue;
    const { mean, standardDeviation } = moments;
    scales.set(name, { shift: mean, factor: standardDeviation > 0 ? 1 / standardDeviation : 1 });
  }
  return scales;
}

/** Whether values of a dtype are not rounded to it, and so must be such. */
export function isIntegerOutput(dtype: ValueDtype | null): dtype is "uint8" | "uint16" | "int32" | "int64" {
  return dtype !== null && /int/.test(dtype);
}
