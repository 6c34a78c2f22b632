/**
 * The Worker of a prefetching sampler: opens the store to read and fills shared buffers with batches, ahead of the
 * trainer. It exports nothing. A program that goes through a bundler has a second entry beside its own,
 * `streamstore_worker.ts`, that imports it:
 *
 * ```ts ignore
 * import "@streamstore/streamstore/worker";
 * ```
 *
 * @module
 */
import { StreamStoreError } from "../../error.ts";
import { StreamStore } from "../../store.ts";
import type { AnyBatch } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import { parseSamplerOptions } from "../parse_options.ts";
import type { Order, Report } from "./messages.ts";
import type { Sampler } from "../sampler.ts";

interface Scope {
  onmessage: ((event: { data: Order }) => void) | null;
  postMessage(report: Report): void;
  close(): void;
}

const scope = globalThis as unknown as Scope;

class Filling {
  readonly #store: StreamStore;
  readonly #sampler: Sampler;
  readonly #batches: readonly AnyBatch[];
  readonly #free: number[];
  #generation: number;
  #isEnded = false;

  constructor({ path, options, buffers, state, generation }: Order & { kind: "start" }) {
    this.#store = StreamStore.open(path, { mode: "read" });
    this.#sampler = this.#store.sampler(options) as Sampler;
    this.#sampler.restore(state);
    const fields = this.#store.fields.map((field, position) => ({
      ...field,
      position,
      kind: 0,
      isList: false,
    }));
    const { window, batchSize } = parseSamplerOptions(options, fields, "Cannot prefetch");
    const layout = new BatchLayout(window, window.width!, batchSize, {
      isPrioritized: false,
      isMixture: false,
    });
    this.#batches = buffers.map((buffer) => layout.over(buffer).filled);
    this.#free = buffers.map((_, slot) => slot);
    this.#generation = generation;
  }

  restore({ state, generation }: Order & { kind: "restore" }): void {
    this.#generation = generation;
    this.#isEnded = false;
    this.#sampler.restore(state);
  }

  free(slot: number): void {
    this.#free.push(slot);
  }

  /** Fills what is free. */
  fill(): void {
    const generation = this.#generation;
    while (this.#free.length > 0 && !this.#isEnded) {
      const slot = this.#free[0];
      const batch = this.#sampler.next(this.#batches[slot]);
      const state = this.#sampler.state();
      this.#isEnded = batch === null;
      if (batch === null) return scope.postMessage({ kind: "end", state, generation });
      this.#free.shift();
      scope.postMessage({ kind: "batch", slot, size: batch.size, state, generation });
    }
  }

  /** After an error nothing comes until it is restored. */
  fail(error: unknown): void {
    this.#isEnded = true;
    report(error, this.#generation);
  }

  close(): void {
    this.#store.close();
  }
}

let filling: Filling | null = null;

scope.onmessage = ({ data: order }) => {
  try {
    if (order.kind === "start") filling = new Filling(order);
    else if (order.kind === "restore") filling?.restore(order);
    else if (order.kind === "free") filling?.free(order.slot);
    else return close();
    filling?.fill();
  } catch (error) {
    if (filling === null) report(error, order.kind === "start" ? order.generation : 0);
    else filling.fail(error);
  }
};

function close(): void {
  filling?.close();
  filling = null;
  scope.postMessage({ kind: "closed" });
  scope.close();
}

function report(error: unknown, generation: number): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof StreamStoreError ? error.code : undefined;
  scope.postMessage({ kind: "error", name, message, code, generation });
}

scope.postMessage({ kind: "ready" });
