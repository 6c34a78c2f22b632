/** The stores that are damaged: made once, kept as bytes, and put back after every mutation. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

/** File names and what they hold. */
export type Files = ReadonlyMap<string, Uint8Array>;

const fields = {
  action: 3,
  observation: 1,
  episode: { type: 7, dtype: "int64" },
  reward: 12,
} as const;

/** Tokens a chunk: small, so that a store has several. */
const capacity = 150;

/** A store that was closed, as bytes: rows of all kinds, over several chunks, written in two sittings; or none. */
export function makeStore(directory: string, seed: number, rowCount: number): Files {
  const random = new Random(seed);
  const path = join(directory, `store-${seed}`);
  for (const [from, to] of [[0, rowCount / 2], [rowCount / 2, rowCount]]) {
    using store = StreamStore.open(path, { fields, capacity });
    for (let step = from; step < to; step++) appendRow(store as StreamStore, random, step);
    store.sync();
    if (rowCount === 0) break;
    // The last rows go another way: through columns.
    store.appendColumns({ step: [to + 1000 * seed], action: [random.float()], reward: [1] });
    if (to < rowCount) break;
  }
  const files = readStore(path);
  rmSync(path, { recursive: true });
  return files;
}

function appendRow(store: StreamStore, random: Random, step: number): void {
  const kind = random.below(10);
  if (kind === 0) return store.append(step, {});
  if (kind === 1) return store.append(step, { observation: [], reward: random.float() });
  const observation = Float64Array.from({ length: kind === 2 ? 1 : 3 }, () => random.float() - 0.5);
  const episode = BigInt(random.below(2 ** 30)) << 30n;
  store.append(step, { action: random.below(4), observation, episode, reward: random.float() });
}

/** What the writer's death leaves: its files, read while it has steps in the tail. */
export function makeAbandonedStore(directory: string, seed: number): Files {
  const random = new Random(seed);
  const path = join(directory, `store-${seed}`);
  using store = StreamStore.open(path, { fields, capacity });
  for (let step = 0; step < 60; step++) {
    appendRow(store as StreamStore, random, step);
    if (step === 30) store.sync();
    if (step === 45) store.flush();
  }
  return readStore(path);
}

export function readStore(path: string): Files {
  return new Map(
    readdirSync(path).sort().map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]),
  );
}

/** Puts a store's bytes into an empty or missing directory. */
export function writeStore(path: string, files: Files): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
}
