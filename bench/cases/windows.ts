/** Windows as imitation learning and language models take them: rows around an anchor, chosen rows, tokens as they are. */
import { compare, elapsed, prove } from "../harness/harness.ts";
import { native } from "../harness/limits.ts";
import { type Measurement, measurementOf, microseconds } from "../harness/measurement.ts";
import { robotStore, robotWidth, rowsPerEpisode, windowsAroundAnchors } from "../harness/robot.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom } from "../harness/stream.ts";
import { tokenStore } from "../harness/tokens.ts";

export async function windows(sizes: Sizes): Promise<Measurement[]> {
  return [...await aroundAnchors(sizes), await tokens(sizes)];
}

const batchSize = 64;
const width = robotWidth;

/** A policy's chunks of actions, drawn and at chosen rows, against a copy of such rows. */
async function aroundAnchors(sizes: Sizes): Promise<Measurement[]> {
  const rowCount = Math.ceil(sizes.gatherSteps / 8);
  using store = robotStore(rowCount);
  const options = windowsAroundAnchors(rowCount);
  const sampler = store.sampler({ ...options, batchSize, seed: 1 });
  const out = sampler.allocate();
  const random = createRandom(2);
  const draw = () => Float64Array.from({ length: batchSize }, () => Math.floor(random() * rowCount));
  const { values } = store.window(0, store.length);
  const [seen, done] = [2, 16].map((rows) => new Float32Array(batchSize * rows * width));
  const limit = () => {
    const anchors = draw().map((row) => Math.min(Math.max(1, row), rowCount - 16));
    const observations = anchors.map((row) => (row - 1) * 2 * width);
    const actions = anchors.map((row) => (row * 2 + 1) * width);
    return elapsed(() => {
      native.sl_rows_copy(observations, batchSize, 2, 2 * width, width, values, seen);
      native.sl_rows_copy(actions, batchSize, 16, 2 * width, width, values, done);
    });
  };
  const check = () => {
    for (let window = 0; window < batchSize; window++) {
      const anchor = out.starts[window];
      const first = anchor - anchor % rowsPerEpisode;
      const end = Math.min(rowCount, first + rowsPerEpisode);
      const { observation, action } = out.fields;
      const before = observation.values[window * 2 * width + 3];
      prove("an observation before", before, Math.max(first, anchor - 1) + 3);
      const last = action.values[(window * 16 + 15) * width + 25];
      prove("an action after", last, -(Math.min(end - 1, anchor + 15) + 25));
      prove("whether it is the episode's", action.offsetMask[window * 16 + 15], Number(anchor + 15 < end));
    }
  };
  const drawn = await compare(sizes.shortRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    check();
    return time;
  }, limit);
  const chosen = await compare(sizes.shortRounds, () => {
    const rows = draw();
    const time = elapsed(() => void store.gatherRows(rows, options, out));
    check();
    return time;
  }, limit);
  const shape = `rows around an anchor, ${batchSize} × (2 + 16) × ${width}`;
  const judged = { limit: "copy of such rows in Zig", goal: { ratioMax: 1.5 } };
  return [
    measurementOf(`sampler, ${shape}`, microseconds, drawn, judged),
    measurementOf(`gatherRows, ${shape}`, microseconds, chosen, judged),
  ];
}

/** A language model's batch, against nanoGPT's loop: draw a start, copy what follows it. */
async function tokens(sizes: Sizes): Promise<Measurement> {
  const length = 1025;
  using store = tokenStore(sizes.gatherSteps * 11);
  const sampler = store.sampler({
    tokens: length,
    batchSize,
    seed: 3,
    output: { values: "uint16", types: null, steps: null },
  });
  const out = sampler.allocate();
  const all = store.window(0, store.length).values;
  const copied = new Uint16Array(batchSize * length);
  let seed = 1;
  const sample = await compare(sizes.shortRounds, () => {
    const time = elapsed(() => void sampler.next(out));
    for (let window = 0; window < batchSize; window++) {
      prove("a token", out.values[window * length + 1024], (out.starts[window] + 1024) & 0xffff);
    }
    return time;
  }, () => {
    const time = elapsed(() => native.sl_tokens_draw(seed++, batchSize, length, store.length, all, copied));
    prove("a token of nanoGPT's", copied[1024], (copied[0] + 1024) & 0xffff);
    return time;
  });
  return measurementOf(`sampler, ${batchSize} × ${length} tokens of uint16`, microseconds, sample, {
    limit: "nanoGPT's loop in Zig",
    goal: { ratioMax: 1.1 },
  });
}
