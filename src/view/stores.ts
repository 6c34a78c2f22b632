/** The stores that the viewer was opened with: each is open to be read, and what becomes of its directory is seen. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { StreamStoreError } from "../error.ts";
import { StreamStore } from "../store.ts";
import { readManifest } from "../store/manifest.ts";
import type { StoreState } from "./protocol.ts";
import { BadQuestion, type ViewedStores } from "./route.ts";

/** How often it is asked whether a directory holds the same store. */
const sameMilliseconds = 200;

export interface State {
  readonly state: StoreState;
  readonly reason?: string;
}

export class OpenStores implements ViewedStores {
  readonly #stores: readonly ViewedStore[];

  constructor(paths: readonly string[]) {
    this.#stores = paths.map((path) => new ViewedStore(path));
  }

  get count(): number {
    return this.#stores.length;
  }

  get(index: number): StreamStore {
    return this.at(index).open();
  }

  path(index: number): string {
    return this.at(index).path;
  }

  /** One of them, whatever its state. */
  at(index: number): ViewedStore {
    const found = this.#stores[index];
    if (found !== undefined) return found;
    throw new BadQuestion(`Cannot show the store: its number must be < ${this.count}, got ${index}`, 404);
  }

  close(): void {
    for (const store of this.#stores) store.close();
  }
}

export class ViewedStore {
  #store: StreamStore | null = null;
  #place: string | undefined;
  #id: string | null = null;
  #lookedAt = -Infinity;
  #state: State = { state: "open" };
  /** How many stores have stood in the directory's place. */
  generation = 0;

  constructor(readonly path: string) {}

  /** The store with what was committed so far. */
  open(): StreamStore {
    const { state, reason } = this.look();
    if (this.#store !== null) return this.#store;
    throw new BadQuestion(reason!, state === "deleted" ? 404 : 409);
  }

  /** As it was when it was last looked at: null where it cannot be read. */
  get current(): StreamStore | null {
    return this.#store;
  }

  /** Shows what was committed, opens what has not been opened, and says how it stands. */
  look(): State {
    try {
      this.#lookAtPlace();
      this.#store?.refresh();
    } catch (error) {
      this.#close();
      this.#lookedAt = performance.now();
      this.#state = { state: "failed", reason: (error as Error).message };
    }
    return this.#state;
  }

  close(): void {
    this.#close();
  }

  #lookAtPlace(): void {
    const now = performance.now();
    if (now - this.#lookedAt < sameMilliseconds) return;
    this.#lookedAt = now;
    const place = placeOf(this.path);
    if (place === this.#place && this.#store !== null) return;
    this.#close();
    if (place === undefined) this.#state = this.#deleted;
    else this.#reopen(place);
  }

  get #deleted(): State {
    const isNew = this.generation === 0;
    const reason = isNew ? `There is no store at ${this.path}` : `The store at ${this.path} was deleted`;
    return { state: "deleted", reason };
  }

  #reopen(place: string): void {
    let id: string | null;
    try {
      this.#store = StreamStore.open(this.path, { mode: "read" });
      id = readManifest(this.path).id;
    } catch (error) {
      // It is being made, or taken away, just now.
      if (!(error instanceof StreamStoreError && error.code === "not-found")) throw error;
      this.#close();
      this.#state = this.#deleted;
      return;
    }
    // A file that was deleted leaves its number to the next.
    if (place !== this.#place || id !== this.#id) this.generation++;
    [this.#place, this.#id] = [place, id];
    this.#state = { state: this.generation > 1 ? "replaced" : "open" };
  }

  #close(): void {
    this.#store?.close();
    this.#store = null;
  }
}

/** What differs between a store and one that is made in its place, or undefined where there is none. */
function placeOf(path: string): string | undefined {
  const found = statSync(join(path, "head"), { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
}
