/**
 * Reinforcement learning: collecting and learning at once, from one store.
 *
 *     ./run deno -A examples/reinforcement_learning.ts
 *     ./run bun examples/reinforcement_learning.ts
 *
 * A walker in a corridor of eight cells learns by Q-learning to go to its end. Every step is appended, and after every
 * step a batch is drawn from all that was collected so far. A transition is a window of two rows within an episode; the
 * last row of one has the cell that was reached, and says so.
 */
import { StreamStore } from "../mod.ts";

const [cells, episodes, learningRate, discount] = [8, 60, 0.5, 0.9];
let state = 1;
const random = () => (state = state * 48271 % 2147483647) / 2147483647;

using store = new StreamStore({ cell: 0, action: 1, reward: 2, done: 3 });
const sampler = store.sampler({
  steps: 2, // a row and the one that follows
  fields: { cell: 1, action: 1, reward: 1 },
  episodes: { end: "done" },
  batchSize: 32,
  seed: 1,
});
const worth = Array.from({ length: cells }, () => [0, 0]);

function learn(): void {
  const { fields: { cell, action, reward }, size } = sampler.next()!;
  for (let i = 0; i < size; i++) {
    const [from, to] = [cell.values[2 * i], cell.values[2 * i + 1]];
    const wanted = reward.values[2 * i] + discount * Math.max(...worth[to]);
    worth[from][action.values[2 * i]] += learningRate * (wanted - worth[from][action.values[2 * i]]);
  }
}

const lengths: number[] = [];
for (let episode = 0, step = 0; episode < episodes; episode++) {
  let [cell, length] = [0, 0];
  while (cell < cells - 1) {
    const action = random() < 0.2 || worth[cell][0] === worth[cell][1]
      ? Math.floor(2 * random())
      : +(worth[cell][1] > worth[cell][0]);
    store.append(step++, { cell, action, reward: -1, done: false });
    cell = Math.max(0, cell + 2 * action - 1);
    if (++length > 1) learn();
  }
  store.append(step++, { cell, action: 0, reward: 0, done: true });
  lengths.push(length);
}
const mean = (some: number[]) => some.reduce((sum, one) => sum + one, 0) / some.length;
console.log(`${store.rowCount} rows in ${episodes} episodes`);
console.log(`steps of the first 5 episodes: ${mean(lengths.slice(0, 5)).toFixed(1)}`);
console.log(`steps of the last 20 episodes: ${mean(lengths.slice(-20)).toFixed(1)}`);
