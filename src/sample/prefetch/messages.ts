/** What a prefetching sampler and its Worker say to each other. */
import type { ErrorCode } from "../../error.ts";
import type { SamplerOptions } from "../options.ts";
import type { SamplerState } from "../state.ts";

/** To the Worker. A generation begins with every start and every restore. */
export type Order =
  | {
    readonly kind: "start";
    readonly path: string;
    readonly options: SamplerOptions;
    /** One batch each. */
    readonly buffers: readonly SharedArrayBuffer[];
    readonly state: SamplerState;
    readonly generation: number;
  }
  | { readonly kind: "restore"; readonly state: SamplerState; readonly generation: number }
  | { readonly kind: "free"; readonly slot: number }
  | { readonly kind: "close" };

/** From the Worker. */
export type Report =
  /** What is sent to a Worker before its module has been evaluated would be lost. */
  | { readonly kind: "ready" }
  | {
    readonly kind: "batch";
    readonly slot: number;
    readonly size: number;
    /** Where a sampler stands that has made this batch last. */
    readonly state: SamplerState;
    readonly generation: number;
  }
  | { readonly kind: "end"; readonly state: SamplerState; readonly generation: number }
  | {
    readonly kind: "error";
    readonly name: string;
    readonly message: string;
    readonly code?: ErrorCode;
    readonly generation: number;
  }
  | { readonly kind: "closed" };
