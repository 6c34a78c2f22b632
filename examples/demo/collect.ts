import { type Feature, StreamStore } from "../../mod.ts";
import { CartPole, chooseAction } from "./cartpole.ts";
import type { Random } from "./random.ts";
import type { Source } from "./source.ts";

const EPISODE_STEPS_MAX = 500;

const fields = { action: 0, observation: 1, reward: 2, done: 3 };

const features: Record<string, Feature> = {
  action: { dtype: "int64", _type: "Value" },
  observation: { feature: { dtype: "float32", _type: "Value" }, length: 4, _type: "List" },
  reward: { dtype: "float32", _type: "Value" },
  done: { dtype: "bool", _type: "Value" },
};

/** Plays CartPole into a temporary store, one `append` a step. */
export function collectCartPole(episodes: number, random: Random): Source {
  const store = new StreamStore(fields, { capacity: 1 << 20 });
  const cartPole = new CartPole();
  const observation = new Float32Array(4); // append copies, so one array serves every step
  const started = performance.now();
  for (let episode = 0, step = 0; episode < episodes; episode++) {
    const exploration = 0.2 + 0.6 * random(); // clumsier episodes are shorter, and see larger angles
    cartPole.reset(random);
    for (let played = 1, done = false; !done; played++, step++) {
      observation.set(cartPole.state);
      const action = chooseAction(cartPole.state, exploration, random);
      done = cartPole.step(action) || played === EPISODE_STEPS_MAX;
      store.append(step, { action, observation, reward: 1, done });
    }
  }
  return {
    store,
    fields,
    features,
    task: { observation: "observation", action: "action", episode: { field: "done", kind: "flag" } },
    plan: { updates: 1500, batchWindows: 32, windowRows: 16, hiddenUnits: 32, rate: 0.005 },
    collected: {
      name: "CartPole",
      including: "with physics and policy",
      milliseconds: performance.now() - started,
    },
  };
}
