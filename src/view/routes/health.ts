/** `/api/health`: compares a store with its checksums, and says how far it is. */
import type { StreamStore } from "../../store.ts";
import { Parameters } from "../parameters.ts";
import type { HealthEvent } from "../protocol.ts";
import type { Route } from "../route.ts";

const eventMilliseconds = 50;

export const healthRoute: Route = {
  path: "/api/health",
  answer(question) {
    const query = new Parameters(question, "verify the store", ["store"]);
    const store = query.store(question);
    return { type: "application/x-ndjson", body: events(store, question.signal) };
  },
};

/** The verification goes on only as long as somebody hears of it. */
async function* events(store: StreamStore, signal: AbortSignal): AsyncGenerator<string> {
  const verification = new Verifying(store, signal);
  try {
    while (true) {
      const event = await verification.next();
      yield `${JSON.stringify(event)}\n`;
      if (event.done) return;
    }
  } finally {
    verification.stop();
  }
}

class Verifying {
  #event: HealthEvent;
  #isStopped = false;
  /** Wakes whoever waits for the next event. */
  #wake = () => {};

  constructor(private readonly store: StreamStore, private readonly signal: AbortSignal) {
    const recovery = { ...store.recovery };
    this.#event = {
      done: false,
      chunksChecked: 0,
      chunkCount: 0,
      damaged: [],
      recovery,
      sessions: store.sessions.slice(-100),
    };
    void this.#run();
  }

  /** How far it is, once there is something to be said. */
  async next(): Promise<HealthEvent> {
    await new Promise<void>((resolve) => {
      if (this.#event.done) resolve();
      else this.#wake = resolve;
    });
    return this.#event;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    let said = performance.now();
    const onProgress = (chunksChecked: number, chunkCount: number) => {
      if (this.#isStopped || this.signal.aborted) throw new Error("Nobody wants to know any longer");
      const now = performance.now();
      if (now - said < eventMilliseconds) return;
      said = now;
      this.#say({ chunksChecked, chunkCount });
    };
    try {
      const { chunkCount, damaged } = await this.store.verify({ onProgress });
      this.#say({ done: true, chunksChecked: chunkCount, chunkCount, damaged });
    } catch (error) {
      this.#say({ done: true, error: (error as Error).message });
    }
  }

  #say(change: Partial<HealthEvent>): void {
    this.#event = { ...this.#event, ...change };
    this.#wake();
  }
}
