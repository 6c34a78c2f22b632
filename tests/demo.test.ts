import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CartPole, chooseAction } from "../examples/demo/cartpole.ts";
import { collectCartPole } from "../examples/demo/collect.ts";
import { Examples, neutralScales } from "../examples/demo/examples.ts";
import { findEpisodes, readLayout, type RowLayout } from "../examples/demo/layout.ts";
import { chooseFields } from "../examples/demo/lerobot.ts";
import { Adam, Network } from "../examples/demo/model.ts";
import { parseOptions, UsageError } from "../examples/demo/options.ts";
import { createRandom } from "../examples/demo/random.ts";
import { count, digits, rate } from "../examples/demo/report.ts";
import { findDifference } from "../examples/demo/roundtrip.ts";
import { Trainer } from "../examples/demo/train.ts";
import { StreamStore } from "../mod.ts";
import { runFlags } from "./support/runtime.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lerobot = join(root, "..", "shared", "data", "lerobot-g1");

test("createRandom() gives mulberry32's numbers", () => {
  // Computed with Python's integers.
  const random = createRandom(1);
  const numbers = Array.from({ length: 4 }, () => random() * 2 ** 32);
  assert.deepEqual(numbers, [2693262067, 11749833, 2265367787, 4213581821]);
});

test("CartPole.step() agrees with a solution of the Lagrangian equations", () => {
  // From Python: the two accelerations as the solution of a 2 × 2 linear system, not by the published formulas.
  const cases = [
    { from: [0, 0, 0, 0], action: 1, to: [0, 0.1951219512195122, 0, -0.29268292682926833] },
    { from: [0.3, -1.2, 0.15, 2], action: 0, to: [0.276, -1.3963370533265418, 0.19, 2.335133410731945] },
    { from: [-1, 0.5, -0.2, -3], action: 1, to: [-0.99, 0.6956050422475112, -0.26, -3.3459677297997628] },
  ] as const;
  const cartPole = new CartPole();
  for (const { from, action, to } of cases) {
    cartPole.state.set(from);
    cartPole.step(action);
    cartPole.state.forEach((value, index) => assertNear(value, to[index], 1e-14));
  }
});

test("CartPole.step() ends an episode beyond 2.4 m or 12 degrees", () => {
  const cases: [state: number[], done: boolean][] = [
    [[2.39, 0.4, 0, 0], false],
    [[2.39, 0.6, 0, 0], true],
    [[-2.39, -0.6, 0, 0], true],
    [[0, 0, 0.2, 0.45], false],
    [[0, 0, 0.2, 0.5], true],
    [[0, 0, -0.2, -0.5], true],
  ];
  const cartPole = new CartPole();
  for (const [state, done] of cases) {
    cartPole.state.set(state);
    assert.equal(cartPole.step(1), done, `from ${state}`);
  }
});

test("a seed gives the same episodes on every runtime", () => {
  const random = createRandom(7);
  const cartPole = new CartPole();
  let steps = 0;
  for (let episode = 0; episode < 100; episode++) {
    cartPole.reset(random);
    for (let done = false; !done; steps++) done = cartPole.step(chooseAction(cartPole.state, 0.5, random));
  }
  assert.deepEqual([steps, ...cartPole.state], [
    22806,
    0.39326662523601036,
    -0.3583699657768619,
    -0.209802543733892,
    -0.002384665070505193,
  ]);
});

test("Network.loss() has the gradient that finite differences give", () => {
  const random = createRandom(3);
  const network = new Network(5, 7, 3, random);
  const fill = (length: number) => Float64Array.from({ length }, () => 2 * random() - 1);
  network.parameters.set(fill(network.parameters.length));
  const inputs = fill(11 * 5), targets = fill(11 * 3);
  const gradient = new Float64Array(network.parameters.length).fill(NaN);
  network.loss(inputs, targets, 11, gradient);
  gradient.forEach((slope, index) => {
    const parameter = network.parameters[index];
    network.parameters[index] = parameter + 1e-5;
    const above = network.loss(inputs, targets, 11);
    network.parameters[index] = parameter - 1e-5;
    const below = network.loss(inputs, targets, 11);
    network.parameters[index] = parameter;
    assertNear(slope, (above - below) / 2e-5, 1e-8);
  });
});

test("Network predicts zero before training", () => {
  const network = new Network(2, 4, 2, createRandom(5));
  const targets = Float64Array.of(1, -2, 3, 4);
  assert.equal(network.loss(Float64Array.of(0.1, 0.2, -0.3, 0.4), targets, 2), (1 + 4 + 9 + 16) / 4);
});

test("Adam's first move is the rate, against the gradient's sign", () => {
  const parameters = Float64Array.of(1, 1, 1);
  new Adam(parameters).update(Float64Array.of(1e-3, -20, 0), 0.1);
  assertNear(parameters[0], 0.9, 1e-5);
  assertNear(parameters[1], 1.1, 1e-5);
  assert.equal(parameters[2], 1);
});

test("Examples.fill() leaves out what crosses the end of an episode or of a window", () => {
  // Rows of [observation, action, done]; two windows of five rows.
  const values = Float64Array.of(
    ...[1, 10, 0, 2, 11, 0, 4, 12, 1, 50, 13, 0, 60, 14, 0],
    ...[5, 20, 0, 7, 21, 0, 8, 22, 0, 8.5, 23, 0, 9, 24, 1],
  );
  const layout: RowLayout = {
    rowTokens: 3,
    observation: { offset: 0, width: 1 },
    action: { offset: 1, width: 1 },
    episode: { offset: 2, width: 1, kind: "flag" },
  };
  const examples = new Examples(layout, neutralScales(layout), 10);
  examples.fill(values, 15);
  assert.equal(examples.count, 4);
  assert.deepEqual([...examples.targets.subarray(0, 4)], [2, 1, 0.5, 0.5]);
  assert.deepEqual([...examples.inputs.subarray(0, 8)], [2, 1, 11, 1, 7, 2, 21, 1]);

  const numbered = Float64Array.of(1, 10, 3, 2, 11, 3, 4, 12, 3, 50, 13, 4, 60, 14, 4);
  const byNumber = new Examples(
    { ...layout, episode: { ...layout.episode, kind: "number" } },
    examples.scales,
    10,
  );
  byNumber.fill(numbered, 15);
  assert.equal(byNumber.count, 1);
});

test("readLayout() finds the fields, and throws on rows of different lengths", () => {
  const fields: Record<string, number> = { action: 7, observation: 3, done: 5 };
  const task = {
    observation: "observation",
    action: "action",
    episode: { field: "done", kind: "flag" },
  } as const;
  using store = new StreamStore(fields, { capacity: 1024 });
  assert.throws(() => readLayout(store, task), /the store has no rows/);
  for (let step = 0; step < 10; step++) {
    store.append(step, { action: step, observation: [1, 2, 3], done: step % 4 === 3 });
  }
  assert.deepEqual(readLayout(store, task), {
    rowTokens: 5,
    observation: { offset: 1, width: 3 },
    action: { offset: 0, width: 1 },
    episode: { offset: 4, width: 1, kind: "flag" },
  });
  assert.deepEqual(findEpisodes(store, task), [0, 4, 8, 10]);
  store.append(10, { action: 1, observation: [1, 2], done: false });
  store.append(11, { action: 1, observation: [1, 2, 3, 4], done: false });
  assert.throws(() => readLayout(store, task), /observation must have the same width in all rows/);
});

test("Trainer learns CartPole, on what it has not seen too", () => {
  const random = createRandom(2);
  const source = collectCartPole(40, random);
  using store = source.store;
  const trainer = new Trainer(store, source.task, { ...source.plan, updates: 300 }, random);
  const unchanged = trainer.heldOutLoss();
  const losses = Array.from({ length: 300 }, () => trainer.update());
  assert.equal(trainer.episodeCount, 40);
  assert.ok(losses[299] < losses[0] / 20, `loss ${losses[0]} → ${losses[299]}`);
  assert.ok(trainer.heldOutLoss() < unchanged / 20, `held-out loss ${unchanged} → ${trainer.heldOutLoss()}`);
});

test("findDifference() sees one bit", () => {
  const makeStore = (values: number[]) => {
    const store = new StreamStore({ value: 0 } as Record<string, number>, { capacity: 1024 });
    values.forEach((value, step) => store.append(step, { value }));
    return store;
  };
  using store = makeStore([1, 0, 2]);
  using same = makeStore([1, 0, 2]);
  using negativeZero = makeStore([1, -0, 2]);
  using shorter = makeStore([1, 0]);
  assert.equal(findDifference(store, same), undefined);
  assert.match(findDifference(store, negativeZero)!, /^token 1 had bits 0 and now has 9223372036854775808$/);
  assert.equal(findDifference(store, shorter), "3 tokens became 2");
});

test("chooseFields() takes the numeric scalars and vectors of meta/info.json", () => {
  const action = { dtype: "float64", shape: [1] };
  const fields = chooseFields({
    "observation.image": { dtype: "video", shape: [3, 64, 64] },
    "observation.state": { dtype: "float32", shape: [3] },
    task: { dtype: "string", shape: [1] },
    action,
    matrix: { dtype: "float32", shape: [2, 2] },
    episode_index: { dtype: "int64", shape: [1] },
  });
  assert.deepEqual(Object.entries(fields), [["observation.state", 0], ["action", 1], ["episode_index", 2]]);
  assert.throws(() => chooseFields({ action }), /with the numeric feature observation\.state/);
});

test("parseOptions() reads what is right and names what is wrong", () => {
  assert.deepEqual(parseOptions([]), { data: undefined, episodes: 300, seed: 1, help: false });
  assert.deepEqual(parseOptions(["--episodes", "5", "--seed=9", "-h"]), {
    data: undefined,
    episodes: 5,
    seed: 9,
    help: true,
  });
  const wrong: [args: string[], message: RegExp][] = [
    [["--epochs", "3"], /Unknown option '--epochs'/],
    [["folder"], /Unexpected argument 'folder'/],
    [["--episodes"], /'--episodes <value>' argument missing/],
    [["--episodes", "1"], /--episodes must be an integer from 2 to 1000000, got 1/],
    [["--episodes", "many"], /got many/],
    [["--seed", "1.5"], /--seed must be an integer from 0 to 4294967295, got 1.5/],
    [["--seed", ""], /--seed must be/],
    [["--data", "folder", "--episodes", "3"], /no meaning with --data/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});

test("numbers are printed short", () => {
  assert.deepEqual([0, 999, 1000, 1234567.8].map(count), ["0", "999", "1,000", "1,234,568"]);
  assert.deepEqual([0.000321, 1.0456, 99.96, 1234.5].map(digits), ["0.000321", "1.05", "100", "1,235"]);
  assert.equal(rate(2_000_000, "steps", 500), "4,000,000 steps/s, 250 ns each");
  assert.equal(rate(100, "batches", 2), "50,000 batches/s, 20.0 µs each");
  assert.equal(rate(10, "steps", 200), "50 steps/s, 20.0 ms each");
});

test("the demo collects, learns and gets every bit back", async () => {
  const { status, output } = await runDemo("--episodes", "20");
  assert.equal(status, 0, output);
  assert.match(output, /^Collect +CartPole, 20 episodes, [\d,]+ steps, [\d,]+ tokens$/m);
  assert.match(output, /^ +1500 of 1500 updates · loss 0\.00\d+$/m);
  assert.match(output, /^ +[\d,]+ tokens identical/m);
  assert.match(output, /^ +identical +yes$/m);
});

test("the demo runs on the fewest episodes", async () => {
  const { status, output } = await runDemo("--episodes", "2", "--seed", "3");
  assert.equal(status, 0, output);
});

if (!existsSync(lerobot)) console.log(`The LeRobot test is skipped: ${lerobot} does not exist`);

test("the demo does the same on a LeRobot folder", { skip: !existsSync(lerobot) }, async () => {
  const { status, output } = await runDemo("--data", lerobot);
  assert.equal(status, 0, output);
  assert.match(output, /^Collect +LeRobot, 20 episodes, 7,844 steps, 447,108 tokens$/m);
  assert.match(output, /447,108 tokens identical/);
  const [, unchanged, heldOut] = /held-out loss +([\d.]+) → ([\d.]+)/.exec(output)!;
  assert.ok(Number(heldOut) < 0.7 * Number(unchanged), output);
});

test("the demo says what is wrong with the command line, with exit code 2", async () => {
  const unknown = await runDemo("--epochs", "3");
  assert.equal(unknown.status, 2);
  assert.equal(unknown.output, "Unknown option '--epochs'\nTry ./run demo --help\n");
  const missing = await runDemo("--data", join(root, "no-such-folder"));
  assert.equal(missing.status, 2);
  assert.match(missing.output, /^--data must be a LeRobot folder: .*info\.json is missing/m);
  const help = await runDemo("--help");
  assert.equal(help.status, 0);
  assert.match(help.output, /--episodes <count>/);
});

function runDemo(...args: string[]): Promise<{ status: number; output: string }> {
  const command = [...runFlags, join("examples", "demo.ts"), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}
