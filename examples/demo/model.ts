import type { Random } from "./random.ts";

/**
 * A network with one hidden layer: inputs → hidden units → outputs.
 *
 * The hidden units are softsign, x / (1 + |x|) (Glorot & Bengio 2010): it bends
 * like tanh, but without Math.tanh, whose last bit JavaScript leaves to the engine.
 * So a seed gives the same weights, bit for bit, on every runtime.
 *
 * The output weights start at zero: before training it predicts zero for everything.
 */
export class Network {
  /** Hidden weights, hidden biases, output weights, output biases, one after another. */
  readonly parameters: Float64Array;
  readonly #hidden: Float64Array;
  readonly #hiddenError: Float64Array;
  readonly #outputError: Float64Array;

  constructor(readonly inputs: number, readonly hidden: number, readonly outputs: number, random: Random) {
    const hiddenWeights = hidden * inputs;
    this.parameters = new Float64Array(hiddenWeights + hidden + outputs * hidden + outputs);
    const limit = Math.sqrt(6 / (inputs + hidden));
    for (let index = 0; index < hiddenWeights; index++) {
      this.parameters[index] = (2 * random() - 1) * limit;
    }
    this.#hidden = new Float64Array(hidden);
    this.#hiddenError = new Float64Array(hidden);
    this.#outputError = new Float64Array(outputs);
  }

  /**
   * The mean squared error over a batch.
   *
   * @param inputs `count` × `this.inputs` numbers
   * @param targets `count` × `this.outputs` numbers
   * @param gradient if given, overwritten with the gradient by `parameters`
   */
  loss(inputs: Float64Array, targets: Float64Array, count: number, gradient?: Float64Array): number {
    gradient?.fill(0);
    if (count === 0) return 0;
    let sum = 0;
    for (let example = 0; example < count; example++) {
      this.#activateHidden(inputs, example * this.inputs);
      sum += this.#compareOutputs(targets, example * this.outputs);
      if (gradient) this.#addGradient(gradient, inputs, example * this.inputs);
    }
    const terms = count * this.outputs;
    if (gradient) { for (let index = 0; index < gradient.length; index++) gradient[index] *= 2 / terms; }
    return sum / terms;
  }

  #activateHidden(inputs: Float64Array, from: number): void {
    const parameters = this.parameters, hidden = this.#hidden, width = this.inputs;
    const biases = hidden.length * width;
    for (let unit = 0, weight = 0; unit < hidden.length; unit++) {
      let sum = parameters[biases + unit];
      for (let input = 0; input < width; input++) sum += parameters[weight++] * inputs[from + input];
      hidden[unit] = sum / (1 + Math.abs(sum));
    }
  }

  /** Leaves output − target in the output error, and returns the sum of its squares. */
  #compareOutputs(targets: Float64Array, from: number): number {
    const parameters = this.parameters, hidden = this.#hidden, error = this.#outputError;
    let weight = hidden.length * (this.inputs + 1);
    const biases = weight + error.length * hidden.length;
    let squares = 0;
    for (let output = 0; output < error.length; output++) {
      let sum = parameters[biases + output];
      for (let unit = 0; unit < hidden.length; unit++) sum += parameters[weight++] * hidden[unit];
      const difference = sum - targets[from + output];
      error[output] = difference;
      squares += difference * difference;
    }
    return squares;
  }

  /** Adds the gradient of half the last example's squared error. */
  #addGradient(gradient: Float64Array, inputs: Float64Array, from: number): void {
    const parameters = this.parameters, hidden = this.#hidden;
    const outputError = this.#outputError, hiddenError = this.#hiddenError;
    const width = this.inputs;
    const hiddenBiases = hidden.length * width;
    const outputBiases = hiddenBiases + hidden.length + outputError.length * hidden.length;

    hiddenError.fill(0);
    for (let output = 0, weight = hiddenBiases + hidden.length; output < outputError.length; output++) {
      const error = outputError[output];
      gradient[outputBiases + output] += error;
      for (let unit = 0; unit < hidden.length; unit++, weight++) {
        gradient[weight] += error * hidden[unit];
        hiddenError[unit] += error * parameters[weight];
      }
    }
    for (let unit = 0, weight = 0; unit < hidden.length; unit++) {
      const slope = 1 - Math.abs(hidden[unit]); // the derivative of softsign is its square
      const error = hiddenError[unit] * slope * slope;
      gradient[hiddenBiases + unit] += error;
      for (let input = 0; input < width; input++) gradient[weight++] += error * inputs[from + input];
    }
  }
}

/** Adam (Kingma & Ba 2015), with the constants of the paper. */
export class Adam {
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  #meanDecay = 1;
  #varianceDecay = 1;

  constructor(readonly parameters: Float64Array) {
    this.#mean = new Float64Array(parameters.length);
    this.#variance = new Float64Array(parameters.length);
  }

  /** Moves the parameters against the gradient. */
  update(gradient: Float64Array, rate: number): void {
    const parameters = this.parameters, mean = this.#mean, variance = this.#variance;
    this.#meanDecay *= 0.9;
    this.#varianceDecay *= 0.999;
    const meanScale = 1 / (1 - this.#meanDecay);
    const varianceScale = 1 / (1 - this.#varianceDecay);
    for (let index = 0; index < parameters.length; index++) {
      const slope = gradient[index];
      mean[index] += 0.1 * (slope - mean[index]);
      variance[index] += 0.001 * (slope * slope - variance[index]);
      parameters[index] -= rate * meanScale * mean[index] /
        (Math.sqrt(varianceScale * variance[index]) + 1e-8);
    }
  }
}
