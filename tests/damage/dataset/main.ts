/**
 * The long run of the tests with damaged datasets: `main.ts [--count N] [--seed N]`. Prints figures, one a line; on a
 * failure the seed and what was done to the dataset.
 */
import { runLong } from "../long_run.ts";
import { runDatasetDamage } from "./run.ts";

await runLong(import.meta.url, "damaged datasets", 20_000, 2000, runDatasetDamage);
