import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { UsageError } from "./options.ts";
import type { Source } from "./source.ts";

const NUMERIC = /^(bool|u?int(8|16|32|64)|float(16|32|64))$/;

/** The features that the model learns from. */
const needed = { observation: "observation.state", action: "action", episode: "episode_index" };

/** A feature as `meta/info.json` describes it. */
interface Description {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/**
 * Reads a LeRobot dataset folder, layout v2 or v3, into a temporary store: the numeric features
 * of `meta/info.json`, and the rows of all Parquet files under `data/` in the order of their names.
 */
export async function readLeRobot(folder: string): Promise<Source> {
  const fields = chooseFields(readDescriptions(folder));
  const store = new StreamStore(fields, { capacity: 1 << 20 });
  const started = performance.now();
  await store.fromParquet(join(folder, "data"));
  return {
    store,
    fields,
    features: {}, // the store remembers those of the Parquet files
    task: {
      observation: needed.observation,
      action: needed.action,
      episode: { field: needed.episode, kind: "number" },
    },
    plan: { updates: 400, batchWindows: 32, windowRows: 16, hiddenUnits: 32, rate: 0.01 },
    collected: { name: "LeRobot", including: "read from Parquet", milliseconds: performance.now() - started },
  };
}

function readDescriptions(folder: string): Record<string, Description> {
  const path = join(folder, "meta", "info.json");
  try {
    return JSON.parse(readFileSync(path, "utf8")).features ?? {};
  } catch (error) {
    throw new UsageError(`--data must be a LeRobot folder: ${path} is missing or no JSON`, { cause: error });
  }
}

/**
 * Scalars and vectors of numbers become fields, with the type IDs 0, 1, 2, …
 * Images, videos, texts and matrices are left out.
 */
export function chooseFields(descriptions: Record<string, Description>): Record<string, number> {
  const names = Object.keys(descriptions).filter((name) => {
    const { dtype, shape } = descriptions[name];
    return NUMERIC.test(dtype) && shape.length === 1;
  });
  for (const name of Object.values(needed)) {
    if (!names.includes(name)) {
      throw new UsageError(`--data must be a LeRobot folder with the numeric feature ${name}`);
    }
  }
  return Object.fromEntries(names.map((name, index) => [name, index]));
}
