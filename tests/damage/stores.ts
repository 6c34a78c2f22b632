/** The stores that are damaged: made once, kept as bytes, and put back after every mutation. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dtype, type FieldMap, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

/** File names and what they hold. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Stores of wide values, of narrow ones that differ, and of a single field. */
const fieldsOf = {
  wide: { action: 3, observation: 1, episode: { type: 7, dtype: "int64" }, reward: 12 },
  narrow: { action: "float32", observation: "float16", episode: "int32", reward: "uint8" },
  single: { observation: { type: 1, dtype: "uint16" } },
} as const satisfies Record<string, FieldMap>;

export type Kind = keyof typeof fieldsOf;
export const kinds = Object.keys(fieldsOf) as Kind[];

/** Tokens a chunk: small, so that a store has several. */
const capacity = 150;

/** A store that was closed, as bytes: rows of all kinds, over several chunks, written in two sittings; or none. */
export function makeStore(directory: string, kind: Kind, seed: number, rowCount: number): Files {
  const random = new Random(seed);
  const path = join(directory, `store-${kind}-${seed}`);
  for (const [from, to] of [[0, rowCount / 2], [rowCount / 2, rowCount]]) {
    using store = StreamStore.open<FieldMap>(path, { fields: fieldsOf[kind], capacity });
    for (let step = from; step < to; step++) appendRow(store, random, step);
    store.sync();
    if (rowCount === 0) break;
    // The last rows go another way: through columns.
    const [{ name }] = store.fields;
    store.appendColumns({ step: [to + 1000 * seed], [name]: [1 + random.below(9)] });
    if (to < rowCount) break;
  }
  const files = readStore(path);
  rmSync(path, { recursive: true });
  return files;
}

function appendRow(store: StreamStore, random: Random, step: number): void {
  const kind = random.below(10);
  if (kind === 0) return store.append(step, {});
  if (kind === 1) return store.append(step, drawValues(store, random, { observation: [], reward: 1 }));
  const observation = Array.from({ length: kind === 2 ? 1 : 3 }, () => 1);
  const values = { action: 1, observation, episode: 1, reward: 1 };
  store.append(step, drawValues(store, random, values));
}

/** As many values in each of the store's own fields, of the field's dtype. */
function drawValues(store: StreamStore, random: Random, shape: Readonly<Record<string, number | number[]>>) {
  return Object.fromEntries(
    store.fields.filter(({ name }) => name in shape).map(({ name, dtype }) => {
      const counts = shape[name];
      const values = Array.isArray(counts)
        ? counts.map(() => drawValue(random, dtype))
        : drawValue(random, dtype);
      return [name, values];
    }),
  );
}

function drawValue(random: Random, dtype: Dtype): number | bigint {
  if (dtype === "int64") return BigInt(random.below(2 ** 30)) << 30n;
  if (dtype.startsWith("float")) return random.float() - 0.5;
  return random.below({ uint8: 256, uint16: 65536 }[dtype as string] ?? 2 ** 31);
}

/** What the writer's death leaves: its files, read while it has steps in the tail. */
export function makeAbandonedStore(directory: string, kind: Kind, seed: number): Files {
  const random = new Random(seed);
  const path = join(directory, `store-${kind}-${seed}`);
  using store = StreamStore.open<FieldMap>(path, { fields: fieldsOf[kind], capacity });
  for (let step = 0; step < 60; step++) {
    appendRow(store, random, step);
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
