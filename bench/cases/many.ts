/** Batches from many stores, and from many environments in one, beside those of one store of as many rows. */
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, microseconds, milliseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";

const fields = { observation: "float32", action: "float32", done: "bool", environment: "int32" } as const;
type Store = StreamStore<typeof fields>;

const width = 8;
const rowsPerEpisode = 200;
const asked = { steps: 2, fields: { observation: width, action: 1 }, batchSize: 256, seed: 1 } as const;

export async function many(sizes: Sizes): Promise<Measurement[]> {
  const rows = Math.min(1_000_000, sizes.gatherSteps);
  using one = makeStore(rows, 1);
  return [...await mixtures(one, rows, sizes), ...await environments(one, rows, sizes)];
}

async function mixtures(one: Store, rows: number, sizes: Sizes): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [count, ratioMax] of [[64, 2], [sizes.mixedStores, 4]]) {
    const stores = Array.from({ length: count }, () => makeStore(Math.floor(rows / count), 1));
    const options = { ...asked, episodes: { end: "done" } } as const;
    const opening = elapsed(() => void StreamStore.mixture(stores, options).next());
    const [mixture, sampler] = [StreamStore.mixture(stores, options), one.sampler(options)];
    const [out, other] = [mixture.allocate(), sampler.allocate()];
    const sample = await compare(20 * sizes.mediumRounds, () => {
      const time = elapsed(() => void mixture.next(out));
      for (let i = 0; i < asked.batchSize; i++) {
        prove("an action of a mixture", out.fields.action.values[2 * i + 1], out.starts[i] + 1);
      }
      return time;
    }, () => elapsed(() => void sampler.next(other)));
    const name = `mixture of ${count.toLocaleString("en")} stores, uniform within episodes, 256 × 2 steps`;
    measurements.push(
      measurementOf(name, microseconds, sample, { limit: "one store of as many rows", goal: { ratioMax } }),
      measurementOf(`first batch of a mixture of ${count.toLocaleString("en")} stores`, milliseconds, {
        time: opening,
        best: opening,
      }, { goal: { valueMax: 1000 } }),
    );
    for (const store of stores) store.close();
  }
  return measurements;
}

async function environments(one: Store, rows: number, sizes: Sizes): Promise<Measurement[]> {
  const count = 16;
  using store = makeStore(rows, count);
  const sampler = store.sampler({ ...asked, episodes: { end: "done", environment: "environment" } });
  const alone = one.sampler({ ...asked, episodes: { end: "done" } });
  const [out, other] = [sampler.allocate(), alone.allocate()];
  const sample = await compare(20 * sizes.mediumRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    for (let i = 0; i < asked.batchSize; i++) {
      prove("an action of an environment", out.fields.action.values[2 * i + 1], out.starts[i] + count);
    }
    return time;
  }, () => elapsed(() => void alone.next(other)));
  const name = `sampler of ${count} environments in one store, 256 × 2 steps within episodes`;
  return [
    measurementOf(name, microseconds, sample, {
      limit: "one environment, its rows side by side",
      goal: { ratioMax: 1.5 },
    }),
  ];
}

/** Rows of environments in turn, whose action is the row. */
function makeStore(rows: number, environments: number): Store {
  const store = new StreamStore(fields);
  const step = Float64Array.from({ length: rows }, (_, i) => i);
  const values = Float32Array.from({ length: rows * width }, (_, i) => i % 1000);
  store.appendColumns({
    step,
    observation: { values, width },
    action: step,
    done: step.map((row) => Math.floor(row / environments) % rowsPerEpisode === rowsPerEpisode - 1 ? 1 : 0),
    environment: step.map((row) => row % environments),
  });
  return store;
}
