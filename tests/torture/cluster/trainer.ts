/**
 * Draws windows of all replicas of a follower, those that have ended too, while they grow, until it is killed. Tells how
 * many it has checked.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Order, StreamStore } from "../../../mod.ts";
import { pause } from "../../../src/pause.ts";
import { type Widths, widthsOf } from "../content.ts";
import { tell } from "../tell.ts";
import { checkWindows } from "./windows_content.ts";

export interface TrainerRequest {
  /** Where the replicas are. */
  readonly directory: string;
  readonly seed: number;
}

const { directory, seed }: TrainerRequest = JSON.parse(process.argv[2]);
/** Of all that there is, and of what has just come. */
const order: Order = seed % 2 === 0 ? "uniform" : { kind: "recent", steps: 500 };
const windowTokens = 32;
const stores = new Map<string, StreamStore>();
/** Stores with other fields do not go together. */
const mixtures = new Map<Widths, ReturnType<typeof mixtureOf>>();

for (let windows = 0;; await pause(2)) {
  openNew();
  for (const store of stores.values()) store.refresh();
  for (const [widths, mixture] of mixtures) {
    const batch = mixture.next();
    if (batch !== null) windows += checkWindows(batch, widths);
  }
  if (windows > 0) tell(String(windows));
}

function openNew(): void {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  for (const name of names) {
    if (!/^steps\.\d+(@\d+)?\.stream$/.test(name) || stores.has(name)) continue;
    const store = StreamStore.open(join(directory, name), { mode: "read" }) as unknown as StreamStore;
    // A mixture must have a window.
    if (store.length - store.firstToken < windowTokens) {
      store.close();
      continue;
    }
    stores.set(name, store);
    const widths = widthsOf(store);
    const mixture = mixtures.get(widths);
    if (mixture === undefined) mixtures.set(widths, mixtureOf(store));
    else mixture.add(store);
  }
}

function mixtureOf(store: StreamStore) {
  return StreamStore.mixture([store], {
    tokens: windowTokens,
    batchSize: 16,
    order,
    seed,
    output: { values: "float64", steps: "float64" },
  });
}
