/** What a prefetching sampler and its Worker say to each other. */
import { type ErrorCode, StreamStoreError } from "../../error.ts";
import type { ExtraWindows } from "../batch.ts";
import type { BatchPlan } from "../batch_plan.ts";
import type { RingMemory } from "./ring.ts";
import type { SamplerPlan } from "../plan.ts";
import type { SamplerState } from "../state.ts";

/** To the Worker. A generation begins with every start and every restore. */
export type Order =
  | {
    readonly kind: "start";
    readonly path: string;
    readonly plan: SamplerPlan;
    readonly batch: BatchPlan;
    readonly memory: RingMemory;
    readonly state: SamplerState;
    readonly generation: number;
  }
  | { readonly kind: "restore"; readonly state: SamplerState; readonly generation: number }
  | { readonly kind: "close" };

/** From the Worker. */
export type Report =
  /** What is sent to a Worker before its module has been evaluated would be lost. `thread`: its number in the system. */
  | { readonly kind: "ready"; readonly thread: number }
  /** There is a batch for who asked for a message. */
  | { readonly kind: "made" }
  /** Text and bytes beside the rows, of the batch with this number, which comes after. */
  | { readonly kind: "extra"; readonly number: number; readonly extra: ExtraWindows }
  | { readonly kind: "end"; readonly state: SamplerState; readonly generation: number }
  | {
    readonly kind: "error";
    readonly name: string;
    readonly message: string;
    readonly code?: ErrorCode;
    readonly generation: number;
  }
  | { readonly kind: "closed" };

/** What comes after the batches. */
export type LastReport = Report & { readonly kind: "end" | "error" };

/** An error as it is sent: by its name, message and code. */
export function reportError(error: unknown, generation: number): LastReport {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const code = error instanceof StreamStoreError ? error.code : undefined;
  return { kind: "error", name, message, code, generation };
}

/** For who waits for a batch of a sampler that is closed. */
function closedError(): StreamStoreError {
  return new StreamStoreError("closed", "Cannot sample: the sampler was closed");
}

/** The error that was sent. */
export function errorOf(report: LastReport | null): Error {
  if (report?.kind !== "error") return closedError();
  const { name, message, code = "internal" } = report;
  if (name === "RangeError") return new RangeError(message);
  return name === "TypeError" ? new TypeError(message) : new StreamStoreError(code, message);
}
