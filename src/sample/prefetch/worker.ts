/**
 * The Worker of a prefetching sampler: opens the store to read and fills shared buffers with batches, ahead of the
 * trainer; or that of the viewer, which reads series of a store. It exports nothing. A program that goes through a bundler has a second entry beside its own,
 * `streamstore_worker.ts`, that imports it:
 *
 * ```ts ignore
 * import "@streamstore/streamstore/worker";
 * ```
 *
 * @module
 */
import { runtime } from "../../native/load.ts";
import { type WorkerScope, workerScope } from "../../native/worker.ts";
import { openDirectory } from "../../store/open.ts";
import type { Connection } from "../../store/connection.ts";
import type { AnyBatch, ExtraWindows } from "../batch.ts";
import { BatchLayout } from "../batch_layout.ts";
import type { DrawSource } from "../batch_plan.ts";
import { DrawnFiller, isDrawnFirst } from "./drawn.ts";
import { EpisodeIndex } from "../episodes.ts";
import { extraBuffers } from "../extra_fill.ts";
import { type Order, type Report, reportError } from "./messages.ts";
import { poolOf } from "../pool_of.ts";
import { Maker } from "./ring.ts";
import { Sampler } from "../sampler.ts";
import type { SeriesOrder, SeriesReport } from "../../view/series/messages.ts";

const scope = workerScope<Order | SeriesOrder, Report | SeriesReport>();

class Filling {
  readonly #connection: Connection;
  readonly #sampler: Sampler;
  /** Where windows are drawn by the sampler that this works for. */
  readonly #drawn: DrawnFiller | null;
  readonly #batches: readonly AnyBatch[];
  readonly #ring: Maker;
  /** Orders that were taken; while there is another one it is the event loop's turn. */
  #orderCount = 1;
  #generation: number;
  #isEnded = false;

  constructor({ path, plan, batch, memory, state, generation }: Order & { kind: "start" }) {
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
    const pool = poolOf(source, plan, batch);
    this.#drawn = isDrawnFirst(plan) ? new DrawnFiller(pool, plan, memory.slots) : null;
    this.#sampler = new Sampler(pool, plan, batch);
    this.#sampler.restore(state);
    const layout = new BatchLayout(batch);
    this.#batches = memory.slots.map((slot) => layout.over(slot).filled);
    this.#ring = new Maker(memory, this.#drawn !== null);
    this.#generation = generation;
  }

  restore({ state, generation }: Order & { kind: "restore" }): void {
    this.#orderCount++;
    this.#generation = generation;
    this.#isEnded = false;
    this.#sampler.restore(state);
  }

  /** Fills what is free, and waits for more to be, until there is an order. */
  fill(): void {
    while (!this.#isEnded && this.#ring.waitForRoom(this.#orderCount)) {
      if (this.#drawn === null) this.#make();
      else this.#fillDrawn(this.#drawn);
    }
  }

  #make(): void {
    const batch = this.#sampler.next(this.#batches[this.#ring.slot]);
    if (batch === null) return this.#end();
    this.#sendExtra(batch.extra);
    const { position, epoch } = this.#sampler.place;
    const report = { generation: this.#generation, size: batch.size, position, epoch };
    if (this.#ring.publish(report)) scope.postMessage({ kind: "made" });
  }

  #fillDrawn(drawn: DrawnFiller): void {
    const { slot } = this.#ring;
    const isFilled = drawn.fill(this.#batches[slot], slot);
    if (isFilled) this.#sendExtra(this.#batches[slot].extra);
    if (this.#ring.publishDrawn(isFilled)) scope.postMessage({ kind: "made" });
  }

  #sendExtra(extra: ExtraWindows | undefined): void {
    if (extra === undefined) return;
    scope.postMessage({ kind: "extra", number: this.#ring.number, extra }, extraBuffers(extra));
  }

  /** After the last epoch, or an error, nothing comes until it is restored. */
  #end(): void {
    this.#isEnded = true;
    scope.postMessage({ kind: "end", state: this.#sampler.state(), generation: this.#generation });
    this.#ring.wake();
  }

  fail(error: unknown): void {
    this.#isEnded = true;
    scope.postMessage(reportError(error, this.#generation));
    this.#ring.wake();
  }

  close(): void {
    this.#connection.close();
  }
}

let filling: Filling | null = null;

scope.onmessage = ({ data: order }) => {
  if (order.kind === "series") return void serve(order);
  if (order.kind === "query" || order.kind === "cancel") return;
  try {
    if (order.kind === "start") filling = new Filling(order);
    else if (order.kind === "restore") filling?.restore(order);
    else return close();
    filling?.fill();
  } catch (error) {
    if (filling !== null) return filling.fail(error);
    scope.postMessage(reportError(error, order.kind === "start" ? order.generation : 0));
  }
};

/** Orders that come before the viewer's part is there wait for it. */
async function serve(first: SeriesOrder & { kind: "series" }): Promise<void> {
  const early: SeriesOrder[] = [];
  const seriesScope = scope as WorkerScope<SeriesOrder, SeriesReport>;
  seriesScope.onmessage = ({ data }) => early.push(data);
  const { serveSeries } = await import("../../view/series/worker.ts");
  serveSeries(seriesScope, first);
  for (const data of early) seriesScope.onmessage({ data });
}

function close(): void {
  filling?.close();
  filling = null;
  scope.postMessage({ kind: "closed" });
  scope.close();
}

scope.postMessage({ kind: "ready", thread: runtime.tables.threads.ss_thread_find() });
