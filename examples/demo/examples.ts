import { isContinued, type RowLayout } from "./layout.ts";

/** Factors and offsets that bring every input and every target near a spread of 1. */
export interface Scales {
  readonly inputMean: Float64Array;
  readonly inputFactor: Float64Array;
  readonly changeFactor: Float64Array;
}

/**
 * Inputs and targets of a network, filled from windows of the stream.
 *
 * An example is made of three rows in succession. Inputs are the middle row's observation
 * and action, and how both changed since the row before: positions alone do not tell the
 * speed. The target is the change to the observation of the row after.
 */
export class Examples {
  readonly inputWidth: number;
  readonly targetWidth: number;
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
  count = 0;

  constructor(readonly layout: RowLayout, readonly scales: Scales, countMax: number) {
    this.inputWidth = inputWidthOf(layout);
    this.targetWidth = layout.observation.width;
    this.inputs = new Float64Array(countMax * this.inputWidth);
    this.targets = new Float64Array(countMax * this.targetWidth);
  }

  /**
   * Replaces the examples by all those that lie in one window and in one episode: a
   * model must not learn the jump from an episode's end to the next one's start.
   *
   * @param values windows of `windowTokens` values, one after another, each of whole rows
   */
  fill(values: Float32Array | Float64Array, windowTokens: number): void {
    const { layout } = this;
    this.count = 0;
    for (let window = 0; window < values.length; window += windowTokens) {
      const lastRow = window + windowTokens - layout.rowTokens;
      for (let row = window + layout.rowTokens; row < lastRow; row += layout.rowTokens) {
        if (!isContinued(values, row - layout.rowTokens, layout)) continue;
        if (isContinued(values, row, layout)) this.#add(values, row);
      }
    }
  }

  #add(values: Float32Array | Float64Array, row: number): void {
    const { observation, action, rowTokens } = this.layout;
    const { inputMean, inputFactor, changeFactor } = this.scales;
    const { inputs, targets } = this;
    let input = this.count * this.inputWidth, column = 0;
    for (const { offset, width } of [observation, action]) {
      for (let index = row + offset; index < row + offset + width; index++) {
        inputs[input++] = (values[index] - inputMean[column]) * inputFactor[column++];
        const change = values[index] - values[index - rowTokens];
        inputs[input++] = (change - inputMean[column]) * inputFactor[column++];
      }
    }
    const from = row + observation.offset, target = this.count * this.targetWidth;
    for (let index = 0; index < observation.width; index++) {
      const change = values[from + rowTokens + index] - values[from + index];
      targets[target + index] = change * changeFactor[index];
    }
    this.count++;
  }
}

function inputWidthOf(layout: RowLayout): number {
  return 2 * (layout.observation.width + layout.action.width);
}

/** Scales that leave everything as it is. */
export function neutralScales(layout: RowLayout): Scales {
  const inputWidth = inputWidthOf(layout);
  return {
    inputMean: new Float64Array(inputWidth),
    inputFactor: new Float64Array(inputWidth).fill(1),
    changeFactor: new Float64Array(layout.observation.width).fill(1),
  };
}

/**
 * Measures scales over windows of rows: inputs get mean 0 and standard deviation 1,
 * changes get root mean square 1. Changes keep their zero, so that predicting zero
 * still means predicting no change, and scores about 1.
 */
export function measureScales(windows: Iterable<Float64Array>, layout: RowLayout, rowsMax: number): Scales {
  const examples = new Examples(layout, neutralScales(layout), rowsMax);
  const { inputWidth, targetWidth } = examples;
  const inputSum = new Float64Array(inputWidth), inputSquares = new Float64Array(inputWidth);
  const changeSquares = new Float64Array(targetWidth);
  let count = 0;
  for (const values of windows) {
    examples.fill(values, values.length);
    count += examples.count;
    for (let index = 0; index < examples.count * inputWidth; index++) {
      inputSum[index % inputWidth] += examples.inputs[index];
      inputSquares[index % inputWidth] += examples.inputs[index] ** 2;
    }
    for (let index = 0; index < examples.count * targetWidth; index++) {
      changeSquares[index % targetWidth] += examples.targets[index] ** 2;
    }
  }
  if (count === 0) throw new RangeError("Cannot train: no episode has three rows in succession");
  const inputMean = inputSum.map((sum) => sum / count);
  const variance = inputSquares.map((squares, index) => squares / count - inputMean[index] ** 2);
  return {
    inputMean,
    inputFactor: variance.map(inverseRoot),
    changeFactor: changeSquares.map((squares) => inverseRoot(squares / count)),
  };
}

/** What never varies carries nothing to learn from: factor 0. */
function inverseRoot(variance: number): number {
  return variance > 1e-12 ? 1 / Math.sqrt(variance) : 0;
}
