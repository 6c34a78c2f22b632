/** The Worker's part of reading series: it answers queries, and between them builds what they ask for. */
import { builtin } from "../../native/builtin.ts";
import type { WorkerScope } from "../../native/worker.ts";
import { openDirectory } from "../../store/open.ts";
import type { Connection } from "../../store/connection.ts";
import { sendable, type SeriesOrder, type SeriesReport } from "./messages.ts";
import { PyramidFiles } from "./pyramid_files.ts";
import { Pyramids, type SeriesQuery } from "./pyramids.ts";

/** A query waits so long for what is not built yet, so that a chart of most stores is whole at once. */
const patienceMs = 150;

interface Waiting {
  readonly query: SeriesQuery;
  readonly until: number;
}

interface Opened {
  readonly place: string;
  readonly connection: Connection;
  readonly pyramids: Pyramids;
}

function open(path: string): Opened {
  const place = placeOf(path);
  const { connection, fields } = openDirectory(path, { mode: "read", salvage: false });
  return {
    place,
    connection,
    pyramids: new Pyramids(connection, fields, new PyramidFiles(connection, path)),
  };
}

/** What differs between a store and one that is made in its place. */
function placeOf(path: string): string {
  const found = builtin.fs.statSync(builtin.path.join(path, "head"), { throwIfNoEntry: false, bigint: true });
  return found === undefined ? "" : `${found.dev} ${found.ino}`;
}

class Service {
  #store: Opened;
  readonly #waiting = new Map<number, Waiting>();
  #isRunning = false;
  #isClosed = false;
  readonly #path: string;

  constructor(path: string, private readonly send: (report: SeriesReport, moved?: ArrayBuffer[]) => void) {
    this.#path = path;
    this.#store = open(path);
  }

  take(order: SeriesOrder): void {
    if (order.kind === "query") {
      this.#waiting.set(order.id, { query: order.query, until: performance.now() + patienceMs });
      this.#answer();
      if (!this.#isRunning) this.#run();
    } else if (order.kind === "cancel") this.#waiting.delete(order.id);
  }

  close(): void {
    this.#isClosed = true;
    while (this.#store.pyramids.saveOne(true)) continue;
    this.#store.connection.close();
  }

  /** A slice in each turn of the event loop: messages come between them. */
  #run(): void {
    this.#isRunning = !this.#isClosed && !this.#step();
    if (this.#isRunning) builtin.timers.setImmediate(() => this.#run());
  }

  /** Whether there is nothing more to do. */
  #step(): boolean {
    let isDone = true;
    try {
      isDone = this.#current().pyramids.step();
    } catch (error) {
      for (const id of this.#waiting.keys()) this.#fail(id, error);
    }
    this.#answer(isDone);
    if (this.#waiting.size > 0) return false;
    return !this.#store.pyramids.saveOne(isDone) && isDone;
  }

  /** Answers what is known, and what has waited long enough. */
  #answer(isLast = false): void {
    for (const [id, { query, until }] of this.#waiting) {
      try {
        const isDue = isLast || performance.now() >= until;
        const answer = this.#current().pyramids.query(query, isDue);
        if (answer === null) continue;
        this.#waiting.delete(id);
        this.send({ kind: "answer", id, answer }, answer.values.map(({ buffer }) => buffer));
      } catch (error) {
        this.#fail(id, error);
      }
    }
  }

  /** The store that stands at the path now. One whose directory is gone can still be read. */
  #current(): Opened {
    const place = placeOf(this.#path);
    if (place === "" || place === this.#store.place) return this.#store;
    const opened = open(this.#path);
    this.#store.connection.close();
    return this.#store = opened;
  }

  #fail(id: number, error: unknown): void {
    this.#waiting.delete(id);
    this.send({ kind: "failed", id, error: sendable(error) });
  }
}

/** Serves whoever has started this Worker, from the first order on. */
export function serveSeries(
  scope: WorkerScope<SeriesOrder, SeriesReport>,
  first: SeriesOrder & { kind: "series" },
): void {
  let service: Service | null = null;
  try {
    service = new Service(first.path, (report, moved) => scope.postMessage(report, moved));
  } catch (error) {
    scope.postMessage({ kind: "failed", id: -1, error: sendable(error) });
  }
  scope.onmessage = ({ data: order }) => {
    if (order.kind !== "close") return service?.take(order);
    service?.close();
    scope.postMessage({ kind: "closed" });
    scope.close();
  };
}
