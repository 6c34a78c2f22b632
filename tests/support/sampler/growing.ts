/** Stores of one simple shape that grow, on disk or not. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamStore } from "../../../mod.ts";
import { drawStarts } from "./drawing.ts";

export const fields = { a: 0, done: 1, id: { type: 2, dtype: "int64" } } as const;
export type Store = StreamStore<typeof fields>;

export const windows = { steps: 3, fields: { a: 1 }, episodes: { end: "done" } } as const;

/** Rows of three tokens, an episode every 10. */
export function grow(store: Store, rows: number): Store {
  const step = Float64Array.from({ length: rows }, (_, i) => store.rowCount + i);
  store.appendColumns({
    step,
    a: step,
    done: step.map((row) => row % 10 === 9 ? 1 : 0),
    id: step.map((row) => Math.floor(row / 10)),
  });
  store.flush();
  return store;
}

/** What a new sampler over the store as it is has to draw. */
export function allStarts(store: Store, options: Record<string, unknown> = windows): number[] {
  const sampler = store.sampler({ ...options, order: "sequential", batchSize: 50 } as never);
  return drawStarts(sampler as never, 100_000);
}

/** For stores in a directory, which is gone afterwards. */
export function inTemporaryFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "sampler-"));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
