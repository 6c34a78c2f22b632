import { Examples, measureScales } from "./examples.ts";
import {
  findEpisodes,
  readLayout,
  type RowLayout,
  ROWS_PER_WINDOW,
  rowWindows,
  type Store,
  type Task,
} from "./layout.ts";
import { Adam, Network } from "./model.ts";
import type { Random } from "./random.ts";

/** How long to train, and with batches of what shape. */
export interface Plan {
  readonly updates: number;
  readonly batchWindows: number;
  readonly windowRows: number;
  readonly hiddenUnits: number;
  readonly rate: number;
}

/**
 * Trains a network to predict the next observation from an observation and an action.
 *
 * The last tenth of the episodes is held out. From the rest every update gathers a
 * batch of windows that start at random rows. Losses are mean squared errors of the
 * scaled change of the observation.
 */
export class Trainer {
  readonly episodeCount: number;
  readonly windowTokens: number;
  /** Time that was spent in `store.gather`. */
  gatherMilliseconds = 0;
  readonly #layout: RowLayout;
  readonly #trainingRows: number;
  readonly #network: Network;
  readonly #adam: Adam;
  readonly #gradient: Float64Array;
  readonly #batch: Examples;
  readonly #starts: Float64Array;
  readonly #values: Float32Array;
  #updates = 0;

  constructor(readonly store: Store, task: Task, readonly plan: Plan, readonly random: Random) {
    const layout = this.#layout = readLayout(store, task);
    const episodes = findEpisodes(store, task);
    this.episodeCount = episodes.length - 1;
    if (this.episodeCount < 2) {
      throw new RangeError(`Cannot train: at least 2 episodes are needed, got ${this.episodeCount}`);
    }
    this.#trainingRows = episodes[Math.min(this.episodeCount - 1, Math.floor(this.episodeCount * 0.9))];

    const windowRows = Math.min(plan.windowRows, this.#trainingRows);
    this.windowTokens = windowRows * layout.rowTokens;
    this.#starts = new Float64Array(plan.batchWindows);
    this.#values = new Float32Array(plan.batchWindows * this.windowTokens);
    const scales = measureScales(this.#windows(0, this.#trainingRows), layout, ROWS_PER_WINDOW);
    this.#batch = new Examples(layout, scales, plan.batchWindows * (windowRows - 1));
    this.#network = new Network(this.#batch.inputWidth, plan.hiddenUnits, this.#batch.targetWidth, random);
    this.#adam = new Adam(this.#network.parameters);
    this.#gradient = new Float64Array(this.#network.parameters.length);
  }

  /** Gathers one batch, moves the parameters once, and returns the batch's loss before the move. */
  update(): number {
    this.#gatherBatch();
    const { inputs, targets, count } = this.#batch;
    const loss = this.#network.loss(inputs, targets, count, this.#gradient);
    const remaining = 1 - this.#updates / this.plan.updates; // the rate falls to zero along a line
    this.#adam.update(this.#gradient, this.plan.rate * remaining);
    this.#updates++;
    return loss;
  }

  /**
   * The loss over all rows of the episodes that were held out. Before the first update the
   * network predicts zero, so this is then the loss of predicting that nothing changes.
   */
  heldOutLoss(): number {
    const examples = new Examples(this.#layout, this.#batch.scales, ROWS_PER_WINDOW);
    let sum = 0, count = 0;
    for (const values of this.#windows(this.#trainingRows, this.store.rowCount)) {
      examples.fill(values, values.length);
      sum += examples.count * this.#network.loss(examples.inputs, examples.targets, examples.count);
      count += examples.count;
    }
    if (count === 0) throw new RangeError("Cannot train: no held-out episode has three rows in succession");
    return sum / count;
  }

  #gatherBatch(): void {
    const { rowTokens } = this.#layout;
    const startRows = this.#trainingRows - this.windowTokens / rowTokens + 1;
    for (let window = 0; window < this.#starts.length; window++) {
      this.#starts[window] = Math.floor(this.random() * startRows) * rowTokens;
    }
    const started = performance.now();
    this.store.gather(this.#starts, this.windowTokens, { values: this.#values, types: null, steps: null });
    this.gatherMilliseconds += performance.now() - started;
    this.#batch.fill(this.#values, this.windowTokens);
  }

  *#windows(fromRow: number, toRow: number): Generator<Float64Array> {
    for (const window of rowWindows(this.store, this.#layout.rowTokens, { fromRow, toRow })) {
      yield window.values as Float64Array;
    }
  }
}
