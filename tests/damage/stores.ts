/** The stores that are damaged: made once, kept as bytes, and put back after every mutation. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dtype, type FieldMap, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

/** File names and what they hold. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Stores of wide values, of narrow ones that differ, of a single field, of blocks of rows alike, and of dropped rows. */
const fieldsOf = {
  wide: { action: 3, observation: 1, episode: { type: 7, dtype: "int64" }, reward: 12 },
  narrow: { action: "float32", observation: "float16", episode: "int32", reward: "uint8" },
  single: { observation: { type: 1, dtype: "uint16" } },
  alike: { reward: "float32", observation: "float32" },
  dropped: { pixels: "uint8" },
  extras: { action: 0, observation: 1 },
} as const satisfies Record<string, FieldMap>;

export type Kind = keyof typeof fieldsOf;
export const kinds = Object.keys(fieldsOf) as Kind[];

/** Larger stores, of which fewer are tried: more rows than two blocks have, and more tokens than a segment. */
export const isLarge = (kind: Kind) => kind === "alike" || kind === "dropped";

/** Text and bytes beside the steps of a store of them. */
const extra = { text: "string", content: "bytes" } as const;

/** Values that every row of a large store has. */
const [alikeWidth, pixelCount] = [2, 100];

function open(path: string, kind: Kind): StreamStore {
  const fields = fieldsOf[kind];
  if (kind === "alike") return StreamStore.open<FieldMap>(path, { fields, capacity: 10_000 });
  if (kind === "dropped") {
    return StreamStore.open<FieldMap>(path, { fields, extra, capacity: 65_536, retain: { rows: 700 } });
  }
  if (kind === "extras") return StreamStore.open<FieldMap>(path, { fields, extra, capacity: 150 });
  // Tokens a chunk: small, so that a store has several.
  return StreamStore.open<FieldMap>(path, { fields, capacity: 150 });
}

/** A store that was closed, as bytes: rows of all kinds, over several chunks, written in three sittings; or none. */
export function makeStore(directory: string, kind: Kind, seed: number, isEmpty = false): Files {
  const random = new Random(seed);
  const path = join(directory, `store-${kind}-${seed}`);
  for (let sitting = 0; sitting < 3; sitting++) {
    using store = open(path, kind);
    if (isEmpty) continue;
    const first = 10_000 * sitting;
    appendSome(store, kind, random, first);
    store.sync();
    // The last rows go another way.
    const [{ name }] = store.fields;
    if (isLarge(kind)) store.append(first + 9_999, { [name]: [1 + random.below(9)] });
    else store.appendColumns({ step: [first + 9_999], [name]: [1 + random.below(9)] });
  }
  const files = readStore(path);
  rmSync(path, { recursive: true });
  return files;
}

function appendSome(store: StreamStore, kind: Kind, random: Random, first: number): void {
  if (!isLarge(kind)) {
    for (let step = first; step < first + 25; step++) appendRow(store, random, step);
    return;
  }
  const count = kind === "alike" ? 4200 : 650;
  const [{ name }] = store.fields;
  const drawn = (width: number) => Array.from({ length: count * width }, () => random.below(256));
  const step = Array.from({ length: count }, (_, i) => first + i);
  if (kind === "dropped") {
    const text = step.map((i) => random.below(3) === 0 ? null : `${i} é`);
    const content = step.map((i) => new Uint8Array(random.below(20)).fill(i));
    const columns = { step, [name]: { values: drawn(pixelCount), width: pixelCount } };
    store.appendColumns(columns, { extra: { text, content } });
  } else {store.appendColumns({
      step,
      [name]: drawn(1),
      observation: { values: drawn(alikeWidth), width: alikeWidth },
    });}
}

function appendRow(store: StreamStore, random: Random, step: number): void {
  appendNumbers(store, random, step);
  if (store.fields.length !== 2 || store.fields[0].name !== "action") return;
  const content = random.below(3) === 0 ? new Uint8Array(random.below(9) * 700).fill(step) : null;
  store.append(step, {}, {
    content,
    text: random.below(4) === 0 ? null : `${step} ${"é".repeat(random.below(9))}`,
  });
}

function appendNumbers(store: StreamStore, random: Random, step: number): void {
  const kind = random.below(10);
  if (kind === 0) return store.append(step, {});
  if (kind === 1) {
    return store.append(step, drawValues(store, random, { observation: [], reward: 1, pixels: [] }));
  }
  const observation = Array.from({ length: kind === 2 ? 1 : 3 }, () => 1);
  const values = { action: 1, observation, episode: 1, reward: 1, pixels: observation };
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
  using store = open(path, kind);
  appendSome(store, kind, random, 0);
  store.sync();
  for (let step = 10_000; step < 10_030; step++) {
    appendRow(store, random, step);
    if (step === 10_015) store.flush();
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
