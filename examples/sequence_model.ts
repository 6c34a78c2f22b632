/**
 * Sampling for a sequence model: batches of windows that stay within episodes, dense and normalized.
 *
 *     ./run deno -A examples/sequence_model.ts
 *     ./run bun examples/sequence_model.ts
 *
 * The model here is the smallest there is: it predicts the next observation as a sum of the last ones, each with a
 * weight. What matters is what it is fed with: `[batch, steps, width]` arrays that are filled anew for every update.
 */
import { StreamStore } from "../mod.ts";

const [steps, batchSize, updates, learningRate] = [8, 64, 2000, 0.05];

using store = new StreamStore({ observation: 0, done: 1 });
let [phase, step] = [0, 0];
for (let episode = 0; episode < 200; episode++) {
  phase = episode * 1.7;
  for (let left = 99; left >= 0; left--) {
    store.append(step++, { observation: 100 + 10 * Math.sin(phase += 0.3), done: left === 0 });
  }
}

const sampler = store.sampler({
  steps,
  fields: { observation: 1 },
  episodes: { end: "done" },
  order: "shuffle",
  normalize: true,
  batchSize,
  seed: 3,
});

const weights = new Float64Array(steps - 1);
const errors: number[] = [];
for (let update = 0; update < updates; update++) {
  const { fields: { observation }, size } = sampler.next()!;
  const gradient = new Float64Array(steps - 1);
  let error = 0;
  for (let window = 0; window < size; window++) {
    const values = observation.values.subarray(window * steps, (window + 1) * steps);
    const off = weights.reduce((sum, weight, index) => sum + weight * values[index], 0) - values[steps - 1];
    for (let index = 0; index < gradient.length; index++) gradient[index] += off * values[index] / size;
    error += off * off / size;
  }
  for (let index = 0; index < gradient.length; index++) weights[index] -= learningRate * gradient[index];
  errors.push(error);
}
console.log(`${store.rowCount} rows in 200 episodes; batches of ${batchSize} × ${steps}`);
console.log(`squared error of the first update: ${errors[0].toFixed(4)}`);
console.log(`squared error of the last update: ${errors[updates - 1].toFixed(4)}`);
