/**
 * The long run of the damage tests: `main.ts [--count N] [--seed N]`. Prints figures, one a line; on a failure the seed
 * and what was done to the store.
 */
import { runLong } from "./long_run.ts";
import { runDamage } from "./run.ts";

await runLong(import.meta.url, "damage", 100_000, 5000, runDamage);
