// Collects data step by step, trains a model on windows of it, and converts it to a
// dataset and back. `./run demo --help` lists the options.
import process from "node:process";
import { collectCartPole } from "./demo/collect.ts";
import type { Store } from "./demo/layout.ts";
import { readLeRobot } from "./demo/lerobot.ts";
import { type Options, parseOptions, USAGE, UsageError } from "./demo/options.ts";
import { createRandom } from "./demo/random.ts";
import { measureAppend } from "./demo/replay.ts";
import { count, detail, digits, Progress, rate, runtime, section, table } from "./demo/report.ts";
import { type RoundTrip, roundTrip } from "./demo/roundtrip.ts";
import type { Source } from "./demo/source.ts";
import { Trainer } from "./demo/train.ts";

/** The loss of a batch is noisy: what is shown is the mean of so many. */
const LOSSES_SHOWN = 20;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry ./run demo --help`);
  process.exitCode = 2;
}

async function main({ data, episodes, seed }: Options): Promise<void> {
  console.log(`StreamStore demo on ${runtime()}`);
  const random = createRandom(seed);
  const source = data === undefined ? collectCartPole(episodes, random) : await readLeRobot(data);
  using store = source.store;
  const trainer = new Trainer(store, source.task, source.plan, random);
  const { name, including, milliseconds } = source.collected;
  section("Collect", `${name}, ${sizes(source, trainer)}`);
  detail(`${rate(store.rowCount, "steps", milliseconds)}, ${including}`);

  const learning = learn(trainer);
  const trip = await convert(source);
  section("Report");
  table(summary(source, trainer, learning, trip));
  if (trip.difference !== undefined) process.exitCode = 1;
}

/** Losses of the first and the last updates, and held-out losses before the first and after the last. */
interface Learning {
  readonly first: number;
  readonly last: number;
  readonly unchanged: number;
  readonly heldOut: number;
  readonly milliseconds: number;
}

function learn(trainer: Trainer): Learning {
  const { updates, batchWindows } = trainer.plan;
  section("Learn", `the next observation, from [${batchWindows}, ${trainer.windowTokens}] windows`);
  const unchanged = trainer.heldOutLoss();
  const progress = new Progress(updates, "updates");
  const losses: number[] = [];
  const started = performance.now();
  for (let update = 1; update <= updates; update++) {
    losses.push(trainer.update());
    progress.update(update, `loss ${digits(mean(losses.slice(-LOSSES_SHOWN)))}`);
  }
  const milliseconds = performance.now() - started;
  progress.stop();
  const heldOut = trainer.heldOutLoss();
  detail(`held-out loss ${digits(heldOut)}, against ${digits(unchanged)} for predicting no change`);
  return { first: losses[0], last: mean(losses.slice(-LOSSES_SHOWN)), unchanged, heldOut, milliseconds };
}

async function convert(source: Source): Promise<RoundTrip> {
  section("Convert", "the store to a HuggingFace dataset, and that into a second store");
  const trip = await roundTrip(source);
  detail(
    trip.difference ?? `${count(source.store.length)} tokens identical, in every bit of step, type and value`,
  );
  return trip;
}

function summary(source: Source, trainer: Trainer, learning: Learning, trip: RoundTrip): [string, string][] {
  const { store } = source;
  const { first, last, unchanged, heldOut, milliseconds } = learning;
  const append = measureAppend(source);
  return [
    ["collected", sizes(source, trainer)],
    ["append", rate(append.steps, "steps", append.milliseconds)],
    ["gather", rate(trainer.plan.updates, "batches", trainer.gatherMilliseconds)],
    ["loss", `${digits(first)} → ${digits(last)} in ${digits(milliseconds / 1e3)} s`],
    ["held-out loss", `${digits(unchanged)} → ${digits(heldOut)}`],
    ["mapped files", `${count(mappedBytes(store) / 1024)} KiB of tokens and rows`],
    ["to dataset", `${digits(trip.toMilliseconds)} ms`],
    ["from dataset", `${digits(trip.fromMilliseconds)} ms`],
    ["identical", trip.difference === undefined ? "yes" : "no"],
  ];
}

/** A token is an int64 step, an int32 type and a 64-bit cell; a row is the 64-bit index of its first token. */
function mappedBytes(store: Store): number {
  return store.length * (8 + 4 + 8) + store.rowCount * 8;
}

function sizes({ store }: Source, { episodeCount }: Trainer): string {
  return `${count(episodeCount)} episodes, ${count(store.rowCount)} steps, ${count(store.length)} tokens`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
