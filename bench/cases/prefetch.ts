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
const readyBatches = 60;
/** So many that those which are ready at first do not count. */
const batches = 300;

export async function prefetch(sizes: Sizes): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    using store = StreamStore.open(join(directory, "run.stream"), { fields: referenceFields });
    filledStore(20_000, store).flush();
    const options = { steps: 8, fields: { observation: observationWidth }, batchSize: 64, seed: 1 } as const;
    const plain = store.sampler(options);
    using ahead = store.sampler({ ...options, prefetch: slots });
    const times = {
      plain: [] as number[],
      ready: [] as number[],
      bare: [] as number[],
      beyond: [] as number[],
    };
    let taken = 0;
    for (let round = 0; round < 2 * sizes.shortRounds; round++) {
      times.plain.push(await timeOf(batches, () => Promise.resolve(plain.next())));
      times.bare.push(await timeOf(batches, () => ahead.next()));
      times.beyond.push(times.bare[round] - times.plain[round]);
      // Long enough for a Worker that has the processor now and then.
      await new Promise((resolve) => setTimeout(resolve, 15));
      times.ready.push(await timeOf(readyBatches, () => ahead.next()));
      taken += batches + readyBatches;
    }
    prove("the draws", plain.state().position, 64 * batches * times.plain.length);
    prove("the draws made ahead", ahead.state().position, 64 * taken);
    const samples = Object.values(times).map((list) => {
      list.sort((a, b) => a - b);
      return { time: list[list.length >> 1], best: list[0] };
    });
    const [made, ready, bare, beyond] = samples;
    const goal = { valueMax: 5 };
    return [
      measurementOf("a batch that was made ahead, taken", microseconds, ready, { goal }),
      measurementOf("a batch made ahead, in a loop that only takes", microseconds, bare),
      measurementOf("the same batch, not made ahead", microseconds, made),
      measurementOf("what it takes longer, made ahead, in the same round", microseconds, beyond, { goal }),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function timeOf(count: number, next: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) await next();
  return (performance.now() - start) * 1e6 / count;
}
