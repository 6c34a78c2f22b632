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
import { openDirectory } from "../../store/open.ts";
import type { Connection } from "../../store/connection.ts";
import type { AnyBatch } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import type { DrawSource } from "../batch_plan.ts";
import { EpisodeIndex } from "../episodes.ts";
import { extraBuffers } from "../extra_fill.ts";
import { type Order, type Report, reportError } from "./messages.ts";
import { poolOf } from "../pool_of.ts";
import { Sampler } from "../sampler.ts";

interface Scope {
  onmessage: ((event: { data: Order }) => void) | null;
  postMessage(report: Report, moved?: ArrayBuffer[]): void;
  close(): void;
}

const scope = globalThis as unknown as Scope;

class Filling {
  readonly #connection: Connection;
  readonly #sampler: Sampler;
  readonly #batches: readonly AnyBatch[];
  readonly #free: number[];
  #generation: number;
  #isEnded = false;

  constructor({ path, plan, batch, buffers, state, generation }: Order & { kind: "start" }) {
    const { connection, fields, extras, directory } = openDirectory(path, {
      mode: "read",
      salvage: false,
    });
    this.#connection = connection;
    const source: DrawSource = {
      connection,
      fields,
      extras,
      index: new EpisodeIndex(connection, directory),
      prepare: (action) => {
        connection.checkOpen(action);
        connection.refresh();
      },
    };
    this.#sampler = new Sampler(poolOf(source, plan, batch), plan, batch);
    this.#sampler.restore(state);
    const layout = new BatchLayout(batch);
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
      const { size, extra = null } = batch;
      scope.postMessage(
        { kind: "batch", slot, size, extra, state, generation },
        extra === null ? [] : extraBuffers(extra),
      );
    }
  }

  /** After an error nothing comes until it is restored. */
  fail(error: unknown): void {
    this.#isEnded = true;
    scope.postMessage(reportError(error, this.#generation));
  }

  close(): void {
    this.#connection.close();
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
    if (filling !== null) return filling.fail(error);
    scope.postMessage(reportError(error, order.kind === "start" ? order.generation : 0));
  }
};

function close(): void {
  filling?.close();
  filling = null;
  scope.postMessage({ kind: "closed" });
  scope.close();
}

scope.postMessage({ kind: "ready" });
