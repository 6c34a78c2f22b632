/**
 * Run by dataset_damage.test.ts and main.ts, in a process that damage must not end:
 * `child.ts <directory> <seed> <count>`. Prints the seed of each mutation that failed with the reason, and at the end
 * the figures as JSON.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../../mod.ts";
import { startHub } from "../../support/hub/server.ts";
import { Random } from "../../support/support.ts";
import { mutate } from "./mutations.ts";
import { type Files, makeSamples, type Sample, writeFiles } from "./samples.ts";

const [directory, firstSeed, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

/** A load of some kilobytes that takes so long is as good as a hang. */
const secondsMax = 10;
/** Rows that the files can have at most, by far: more come of a number that was believed. */
const rowsMax = 100_000;

const figures = {
  mutations: 0,
  refused: 0,
  /** Loaded, with the very values that the whole dataset has. */
  right: 0,
  /** Loaded, and other: what a changed number gives where no checksum tells, as in text and in Python's files. */
  changed: 0,
  failures: 0,
  secondsMax: 0,
  memoryMax: 0,
};

class Refusal extends Error {}

/** What a whole load gives of each sample, as it is and sorted. */
const whole = new Map<Sample, readonly [string, string]>();
const hub = await startHub();
const samples = await makeSamples(directory);
for (const sample of samples) {
  const { files, key } = sample;
  whole.set(sample, [await load(sample, files, {}), await load(sample, files, { sortBy: key })]);
}

/** Loads into a store that has rows already, which no load may touch. Gives all values that were added, as text. */
async function load(sample: Sample, files: Files, options: object): Promise<string> {
  using store = new StreamStore(sample.fields, { capacity: 512 });
  const oldRows = 3;
  for (let step = 0; step < oldRows; step++) store.append(step, { [sample.key]: step });
  const [oldTokens, oldBits] = [store.length, store.window(0, store.length).bits.slice()];
  let refusal: Error | null = null;
  try {
    if (sample.isRemote) await loadRemote(store, files, options);
    else {
      writeFiles(join(directory, "mutant"), files);
      await store.loadDataset(join(directory, "mutant", sample.path), "train", {
        ...options,
        nullInList: "nan",
      });
    }
  } catch (error) {
    refusal = checkRefusal(error);
  }
  const added = store.rowCount - oldRows;
  if (refusal !== null && (added !== 0 || store.length !== oldTokens)) {
    throw new Error(`refused with "${refusal.message}", but ${added} rows were added`);
  }
  if (!(added >= 0 && added <= rowsMax)) throw new Error(`${added} rows were added`);
  const bits = store.window(0, store.length).bits;
  if (oldBits.some((bit, i) => bit !== bits[i])) throw new Error("the rows before are others");
  if (figures.mutations % 20 === 0) await checkUsable(store, sample);
  if (refusal !== null) throw refusal;
  return `${added} rows: ${bits.slice(oldTokens)}`;
}

async function loadRemote(store: StreamStore, files: Files, options: object): Promise<void> {
  hub.repositories.delete("user/name");
  hub.createRepository("user/name", { files: Object.fromEntries(files) });
  const retry = { attempts: 2, pauseSeconds: 0.001, timeoutSeconds: 5 };
  await store.loadDataset("user/name", "train", {
    ...options,
    endpoint: hub.endpoint,
    token: hub.token,
    retry,
  });
}

/** An error must be one that says what could not be done, and with what. */
function checkRefusal(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  if (/^Cannot (read|load)/.test(message) && message.length < 2000) return new Refusal(message);
  throw error;
}

async function checkUsable(store: StreamStore, { key }: Sample): Promise<void> {
  const { damaged } = await store.verify();
  if (damaged.length > 0) throw new Error(`verifying finds ${JSON.stringify(damaged)}`);
  const rows = store.rowCount;
  store.append(10n ** 15n, { [key]: 1 });
  if (store.rowCount !== rows + 1) throw new Error("a row could not be appended");
}

/** The Hub, which takes the longest, less often. */
function pickSample(random: Random): Sample {
  const sample = samples[random.below(samples.length)];
  return sample.isRemote && random.below(4) > 0 ? pickSample(random) : sample;
}

async function tryMutation(seed: number): Promise<void> {
  const random = new Random(seed);
  const sample = pickSample(random);
  const foreign = samples.filter((other) => other !== sample).map(({ files }) => files);
  const [files, done] = mutate(sample.files, foreign, random);
  const isSorted = random.below(4) === 0;
  const what = `seed ${seed}, ${sample.name}${isSorted ? ", sorted" : ""}: ${done}`;
  // Read again if the process ends here, or hangs: by which seed.
  writeFileSync(join(directory, "running"), what);
  const start = performance.now();
  try {
    const found = await load(sample, files, isSorted ? { sortBy: sample.key } : {});
    if (found === whole.get(sample)![Number(isSorted)]) figures.right++;
    else if (tells(sample, files, done)) throw new Error(`other values were loaded: ${found}`);
    else figures.changed++;
  } catch (error) {
    if (error instanceof Refusal) figures.refused++;
    else {
      figures.failures++;
      console.log(`${what}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  figures.mutations++;
  figures.secondsMax = Math.max(figures.secondsMax, seconds);
  if (seconds > secondsMax) {
    figures.failures++;
    console.log(`${what}: took ${seconds.toFixed(1)} s`);
  }
}

/** Whether checksums must tell: in the Parquet and Arrow files that are saved here, unless one is another dataset's. */
function tells({ name, files }: Sample, damaged: Files, done: string): boolean {
  const touched = [...new Set([...files.keys(), ...damaged.keys()])]
    .filter((path) => files.get(path) !== damaged.get(path));
  return !name.startsWith("Python's") && !done.includes("of another dataset") &&
    touched.every((path) => /\.(parquet|arrows?)$/.test(path));
}

for (let seed = firstSeed; seed < firstSeed + count; seed++) await tryMutation(seed);
await hub.close();
figures.memoryMax = memoryPeak();
console.log(JSON.stringify(figures));

/**
 * The most that this process has had in memory, in bytes. Where Linux tells, not by `maxRSS`: that begins with what the
 * process had which has started this one.
 */
function memoryPeak(): number {
  const path = "/proc/self/status";
  const peak = existsSync(path) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(path, "utf8")) : null;
  return 1024 * (peak === null ? process.resourceUsage().maxRSS : Number(peak[1]));
}
