/** What a batch costs that a Worker has made ahead: to take one that is ready, and where the trainer is the faster one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, microseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { filledStore, observationWidth, referenceFields } from "../harness/stream.ts";

const slots = 63;
const batches = 60;

export async function prefetch(sizes: Sizes): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    using store = StreamStore.open(join(directory, "run.stream"), { fields: referenceFields });
    filledStore(20_000, store).flush();
    const options = { steps: 8, fields: { observation: observationWidth }, batchSize: 64, seed: 1 } as const;
    const plain = store.sampler(options);
    using ahead = store.sampler({ ...options, prefetch: slots });
    const times: Record<"plain" | "ready" | "bare", number[]> = { plain: [], ready: [], bare: [] };
    for (let round = 0; round < 2 * sizes.shortRounds; round++) {
      times.plain.push(await timeOf(() => Promise.resolve(plain.next())));
      // Long enough for a Worker that has the processor now and then.
      await new Promise((resolve) => setTimeout(resolve, 15));
      times.ready.push(await timeOf(() => ahead.next()));
      times.bare.push(await timeOf(() => ahead.next()));
    }
    prove("the draws of both", ahead.state().position, 2 * plain.state().position);
    const [made, ready, bare] = [times.plain, times.ready, times.bare].map((list) =>
      list.sort((a, b) => a - b)
    );
    const sampleOf = (list: number[]) => ({ time: list[list.length >> 1], best: list[0] });
    return [
      measurementOf("a batch that was made ahead, taken", microseconds, sampleOf(ready), {
        goal: { valueMax: 5 },
      }),
      measurementOf("a batch made ahead, in a loop that only takes", microseconds, sampleOf(bare)),
      measurementOf("the same batch, not made ahead", microseconds, sampleOf(made)),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function timeOf(next: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < batches; i++) await next();
  return (performance.now() - start) * 1e6 / batches;
}
