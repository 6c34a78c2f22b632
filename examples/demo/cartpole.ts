// The pole-balancing task of Barto, Sutton & Anderson, "Neuronlike adaptive
// elements that can solve difficult learning control problems", IEEE Transactions
// on Systems, Man, and Cybernetics SMC-13 (1983) 834-846: without friction, and
// with the constants, the thresholds and the Euler step that later versions of the
// task have in common.
import type { Random } from "./random.ts";

const GRAVITY = 9.8; // m/s²
const CART_MASS = 1; // kg
const POLE_MASS = 0.1; // kg
const POLE_HALF_LENGTH = 0.5; // m, from the hinge to the centre of mass
const FORCE = 10; // N, to the left or to the right
const STEP_SECONDS = 0.02;
const POSITION_LIMIT = 2.4; // m from the middle of the track
const ANGLE_LIMIT = 12 * Math.PI / 180; // rad from upright

/** 0 pushes the cart to the left, 1 to the right. */
export type Action = 0 | 1;

/** A pole hinged on a cart, to be kept upright by pushing the cart. */
export class CartPole {
  /** Cart position (m) and velocity (m/s), pole angle (rad) and angular velocity (rad/s). */
  readonly state: Float64Array = new Float64Array(4);

  /** Starts an episode: every variable uniform in ±0.05. */
  reset(random: Random): void {
    for (let index = 0; index < 4; index++) this.state[index] = random() * 0.1 - 0.05;
  }

  /**
   * Moves the state on by one Euler step.
   *
   * @returns whether the episode ends: the pole fell, or the cart left the track
   */
  step(action: Action): boolean {
    const state = this.state;
    const velocity = state[1], angle = state[2], angularVelocity = state[3];
    const totalMass = CART_MASS + POLE_MASS;
    const poleMassLength = POLE_MASS * POLE_HALF_LENGTH;
    const sineAngle = sine(angle);
    const cosineAngle = cosine(angle);

    const force = action === 1 ? FORCE : -FORCE;
    const push = (force + poleMassLength * angularVelocity * angularVelocity * sineAngle) / totalMass;
    const angularAcceleration = (GRAVITY * sineAngle - cosineAngle * push) /
      (POLE_HALF_LENGTH * (4 / 3 - POLE_MASS * cosineAngle * cosineAngle / totalMass));
    const acceleration = push - poleMassLength * angularAcceleration * cosineAngle / totalMass;

    state[0] += STEP_SECONDS * velocity;
    state[1] += STEP_SECONDS * acceleration;
    state[2] += STEP_SECONDS * angularVelocity;
    state[3] += STEP_SECONDS * angularAcceleration;
    return Math.abs(state[0]) > POSITION_LIMIT || Math.abs(state[2]) > ANGLE_LIMIT;
  }
}

/**
 * Linear feedback that leans the cart under the falling pole and back to the middle
 * of the track, replaced by a coin toss in a share of the steps.
 *
 * @param exploration the share of random actions: the larger, the sooner the pole falls
 */
export function chooseAction(state: Float64Array, exploration: number, random: Random): Action {
  if (random() < exploration) return random() < 0.5 ? 0 : 1;
  const lean = 0.02 * state[0] + 0.1 * state[1] + state[2] + 0.3 * state[3];
  return lean > 0 ? 1 : 0;
}

// JavaScript leaves the last bit of Math.sin and Math.cos to the engine, and V8 and
// JavaScriptCore do differ there. On an unstable system one bit grows until the
// same seed gives different episodes. These Taylor polynomials use only operations
// that IEEE 754 fixes; the first term left out is under 1e-16 for angles up to
// 0.5 rad, and an episode ends near 0.21.

function sine(angle: number): number {
  const square = angle * angle;
  return angle * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 *
              (1 - square / 72 * (1 - square / 110 * (1 - square / 156))))));
}

function cosine(angle: number): number {
  const square = angle * angle;
  return 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 *
                  (1 - square / 90 * (1 - square / 132 * (1 - square / 182))))));
}
