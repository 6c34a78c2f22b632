/** Series of a store as charts show them, read by a Worker, so that nobody waits while rows are gone through. */
import { StreamStoreError } from "../../error.ts";
import { type StartedWorker, startWorker, workerUrl } from "../../native/worker.ts";
import { errorOf, type SeriesOrder, type SeriesReport } from "./messages.ts";
import type { SeriesQuery, SeriesValues } from "./pyramids.ts";

interface Asked {
  readonly resolve: (answer: SeriesValues) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads series of the store in a directory. The first query starts the Worker. */
export class SeriesReader {
  #worker: StartedWorker | null = null;
  #isReady = false;
  #isClosed = false;
  #nextId = 0;
  readonly #asked = new Map<number, Asked>();
  readonly #unsent: SeriesOrder[] = [];

  constructor(private readonly path: string) {}

  /**
   * For each of `columns` columns of pixels over rows `[from, to)` the first, last, least and greatest finite value, and how
   * many rows have one; rows that are not there have none.
   *
   * @param series Names of fields, or of elements of their lists: `observation[2]`.
   * @param signal Ends the query with its reason.
   * @returns `values`: of each series `[5, columns]`, NaN in columns without a value. `knownFrom`: rows before it are not in
   * them yet, since there is no pyramid for them.
   * @throws {TypeError} If there is no such series.
   * @throws {StreamStoreError} If the store cannot be opened or read, or the reader is closed (`closed`).
   */
  query(
    series: readonly string[],
    from: number,
    to: number,
    columns: number,
    signal?: AbortSignal,
  ): Promise<SeriesValues> {
    const query: SeriesQuery = { series, from, to, columns };
    return this.#ask((id) => ({ kind: "query", id, query }), signal);
  }

  /** Ends the Worker, and every query. Closing twice does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failAll(closedError());
    const worker = this.#worker;
    if (worker === null) return;
    // It closes its store before it ends; one that is stuck is ended all the same.
    const timer = setTimeout(() => worker.terminate(), 5000);
    worker.onmessage = ({ data }: { data: SeriesReport }) => {
      if (data.kind === "ready") worker.postMessage({ kind: "close" } satisfies SeriesOrder);
      if (data.kind !== "closed") return;
      clearTimeout(timer);
      worker.terminate();
    };
    worker.postMessage({ kind: "close" } satisfies SeriesOrder);
  }

  #ask(orderOf: (id: number) => SeriesOrder, signal?: AbortSignal): Promise<SeriesValues> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closedError());
      if (signal?.aborted) return reject(signal.reason);
      const id = this.#nextId++;
      const cancel = () => {
        this.#asked.delete(id);
        this.#send({ kind: "cancel", id });
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      const settle = () => signal?.removeEventListener("abort", cancel);
      this.#asked.set(id, {
        resolve: (answer) => (settle(), resolve(answer)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#send(orderOf(id));
    });
  }

  #send(order: SeriesOrder): void {
    this.#worker ??= this.#start();
    if (this.#isReady) this.#worker.postMessage(order);
    else this.#unsent.push(order);
  }

  #start(): StartedWorker {
    const worker = startWorker(workerUrl);
    this.#isReady = false;
    this.#unsent.unshift({ kind: "series", path: this.path });
    worker.onmessage = ({ data }: { data: SeriesReport }) => this.#take(worker, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(
        worker,
        new StreamStoreError("internal", `Cannot read series: the Worker has crashed: ${event.message}`),
      );
    };
    return worker;
  }

  #take(worker: StartedWorker, report: SeriesReport): void {
    if (report.kind === "ready") {
      this.#isReady = true;
      for (const order of this.#unsent.splice(0)) worker.postMessage(order);
    } else if (report.kind === "answer") this.#settled(report.id)?.resolve(report.answer);
    else if (report.kind === "failed" && report.id < 0) this.#end(worker, errorOf(report.error));
    else if (report.kind === "failed") this.#settled(report.id)?.reject(errorOf(report.error));
  }

  #settled(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }

  /** The next query tries again, with another Worker. */
  #end(worker: StartedWorker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#unsent.length = 0;
    worker.terminate();
    this.#failAll(error);
  }

  #failAll(error: Error): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(error);
  }
}

function closedError(): StreamStoreError {
  return new StreamStoreError("closed", "Cannot read series: the reader was closed");
}
