import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runFlags } from "./support/runtime.ts";

/** Runs an example in a process of its own. */
function run(name: string): { readonly status: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [...runFlags, path], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

test("a trainer that is killed goes on with the same windows", () => {
  const { status, output } = run("trainer.ts");
  assert.equal(status, 0, output);
  assert.match(output, /killed [1-3] times, 300 updates/);
  assert.match(output, /never killed: the same\nits weights: the same/);
});

test("a dataset at the Hub is pulled, gets new steps, and only those are pushed", () => {
  const { status, output } = run("hub.ts");
  assert.equal(status, 0, output);
  const uploaded = [...output.matchAll(/(\d+) rows were there, \d+ were added: (\d+) bytes/g)];
  assert.deepEqual(uploaded.map(([, rows]) => Number(rows)), [0, 20_000, 20_100]);
  const [first, ...later] = uploaded.map(([, , bytes]) => Number(bytes));
  for (const bytes of later) assert.ok(bytes > 0 && bytes < first / 20, output);
  assert.match(output, /20200 rows in 3 shards/);
});

test("a game loop appends every frame, within the frame", () => {
  const { status, output } = run("game_loop.ts");
  assert.equal(status, 0, output);
  assert.match(output, /36000 frames, 108240 tokens; kicks in the last second: \d/);
});

test("a sensor log keeps the newest rows", () => {
  const { status, output } = run("sensor_log.ts");
  assert.equal(status, 0, output);
  const [, first, end, kept] = /rows (\d+) to (\d+): (\d+) kept/.exec(output)!.map(Number);
  assert.equal(end, 100_001);
  // Besides what is kept there can be a chunk of tokens, three a row, and as many again that no commit has counted yet.
  assert.ok(kept >= 20_000 && kept < 20_000 + 2 * 65_536 / 3 && first === end - kept, output);
  assert.match(output, /of 2025-01-01T00:16:40.000Z, has serial fedcba9876543210/);
});

test("a sequence model learns from windows within episodes", () => {
  const { status, output } = run("sequence_model.ts");
  assert.equal(status, 0, output);
  const [first, last] = [...output.matchAll(/update: (.+)/g)].map(([, error]) => Number(error));
  assert.ok(first > 0.5 && last < 0.01, output);
});

test("a walker learns while it collects", () => {
  const { status, output } = run("reinforcement_learning.ts");
  assert.equal(status, 0, output);
  const [first, last] = [...output.matchAll(/episodes: (.+)/g)].map(([, steps]) => Number(steps));
  // Seven steps are the fewest; one in five is random.
  assert.ok(first > 11 && last >= 7 && last < 10, output);
});

test("a robot's episodes become a LeRobot dataset, and chunks of actions", () => {
  const { status, output } = run("robots.ts");
  assert.equal(status, 0, output);
  assert.match(
    output,
    /1000 frames in 4 episodes of "Wave\."\na batch of 32 chunks of 16 actions of 6 joints/,
  );
  const [, rows, there] = /of its (\d+) rows, (\d+) are not padding/.exec(output)!.map(Number);
  assert.ok(rows === 512 && there > 450 && there <= 512, output);
});

test("an agent's rollouts survive a kill, and are pushed to the Hub", () => {
  const { status, output } = run("agent_rollouts.ts");
  assert.equal(status, 0, output);
  const [, told] = /killed after (\d+) of 2000 rollouts: all are there/.exec(output)!.map(Number);
  assert.ok(told >= 500 && told < 2000, output);
  assert.match(output, /pushed 2000 rollouts, of which 8\d % are right\na wrong one: 511 \+ 876 = 7287/);
});

test("a robot's pictures stand beside its states, and come in batches with them", () => {
  const { status, output } = run("robot_camera.ts");
  assert.equal(status, 0, output);
  assert.match(output, /a batch of 32 windows of 2 pictures, and 64 pushes/);
  assert.match(output, /1000 rows saved and loaded: every picture is the same/);
});

test("a language model takes every token of its documents", () => {
  const { status, output } = run("language_models.ts");
  assert.equal(status, 0, output);
  // (118010 - 65) / 64 windows, rounded down and one more, of 64 targets.
  assert.match(output, /2000 documents, 118010 tokens, 117952 targets/);
  const [first, last] = [...output.matchAll(/batch: (.+)/g)].map(([, bits]) => Number(bits));
  assert.ok(last < first && last < 2, output);
});

test("a reader watches a writer in another process", () => {
  const { status, output } = run("watch.ts");
  assert.equal(status, 0, output);
  const sum = Array.from({ length: 2000 }, (_, step) => Math.sin(step / 100)).reduce(
    (total, one) => total + one,
    0,
  );
  assert.ok(output.includes(`saw 2000 rows, whose rewards sum to ${sum.toFixed(3)}`), output);
});

const skip = spawnSync("python3", ["-c", "import numpy"]).status !== 0 && "python3 has no numpy";
test("Python reads the columns with numpy", { skip }, () => {
  const { status, output } = run("numpy_columns.ts");
  assert.equal(status, 0, output);
  assert.match(output, /30000 tokens in 10000 rows, steps 0 to 9999/);
  assert.match(output, /reward: mean 4.500 of 10000 values/);
});
if (skip !== false) console.log(`Not run: ${skip}`);
