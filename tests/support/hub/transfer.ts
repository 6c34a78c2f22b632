/**
 * Loads or saves a dataset at a Hub, as a program of its own: `transfer.ts load|save|both ENDPOINT TOKEN [OPTIONS]`,
 * the token empty to leave it out; both are two loads at the same time. Ends by itself, so that whatever kept it alive would be found.
 */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

const [verb, endpoint, token, more = "{}"] = process.argv.slice(2);
const options = { endpoint, token: token || undefined, retry: { attempts: 1 }, ...JSON.parse(more) };
if (options.onProgress) options.onProgress = () => {};

using store = new StreamStore({ reward: 0 });
try {
  if (verb === "both") {
    using other = new StreamStore({ reward: 0 });
    const loads = [other.loadDataset("user/other", "train", options)];
    await Promise.all([...loads, store.loadDataset("user/name", "train", options)]);
  } else if (verb === "load") await store.loadDataset("user/name", "train", options);
  else {
    for (let step = 0; step < 1000; step++) store.append(step, { reward: step });
    await store.saveDataset("user/name", "train", options);
  }
  console.log(`${verb}: ${store.rowCount} rows`);
} catch (error) {
  console.log(`${verb}: ${(error as Error).message}`);
}
