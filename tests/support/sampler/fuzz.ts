/** Calls samplers at random, with options and arguments that may be anything. */
import assert from "node:assert/strict";
import { StreamStore, StreamStoreError } from "../../../mod.ts";
import { Random } from "../support.ts";
import { drawAnyCase } from "./cases.ts";
import { fields, grow, makeStore, Model, type Store } from "./model.ts";
import { wide, widths } from "./widths.ts";

interface AnySampler {
  next(out?: unknown): { size: number; ids: ArrayLike<number> | null } | null;
  allocate(): Record<string, unknown>;
  state(): Record<string, unknown>;
  restore(state: unknown): void;
  updatePriorities(ids: unknown, priorities: unknown): void;
}

const strange = [
  undefined,
  null,
  NaN,
  -1,
  0,
  0.5,
  Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  5n,
  -(2n ** 64n),
  "",
  "within",
  [],
  {},
  true,
  Symbol.iterator,
  () => 1,
  new Float64Array(3),
];

const orders = ["uniform", "shuffle", "sequential", { kind: "recent", steps: 4 }, {
  kind: "recent",
  decay: 0.5,
}, {
  kind: "prioritized",
}];

const keys = ["tokens", "steps", "fields", "truncate", "episodes", "output", "normalize", "batchSize"].concat(
  ["boundary", "stride", "order", "seed", "shard", "epochs", "prefetch"],
);

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)];
}

/** What was meant, or an error of ours: a class that says what it is about, and a message that begins as ours do. */
function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    const isOurs = error instanceof RangeError || error instanceof TypeError ||
      error instanceof StreamStoreError;
    assert.ok(
      isOurs && /^Cannot (?!read prop|convert|mix|destructure)/.test((error as Error).message),
      (error as Error).stack,
    );
  }
}

function drawOptions(random: Random, store: Store, model: Model): unknown {
  const { options } = model.rows.length > 0 ? drawAnyCase(random, model) : { options: { tokens: 3 } };
  const all: Record<string, unknown> = {
    ...options,
    order: pick(random, orders),
    batchSize: 1 + random.below(40),
    seed: random.below(2 ** 31),
    shard: { index: 0, count: 1 + random.below(5) },
  };
  if (random.below(3) > 0) return all;
  all[pick(random, keys)] = pick(random, strange);
  return random.below(20) === 0
    ? pick(random, strange)
    : { ...all, ...(store.rowCount > 0 ? {} : { stride: 1 }) };
}

function corrupt(random: Random, state: Record<string, unknown>): unknown {
  const copy = structuredClone(state);
  const target = typeof copy.epoch === "object" && random.below(2) === 0 ? copy.epoch as typeof copy : copy;
  target[pick(random, Object.keys(target))] = pick(random, strange);
  return copy;
}

/** So many calls on a store that grows, and is closed near the end. */
export function fuzz(seed: number, rounds: number): void {
  const random = new Random(seed);
  const { store, model }: { store: Store; model: Model } = random.below(8) === 0
    ? { store: new StreamStore(fields), model: new Model() }
    : makeStore(random, random.below(40), pick(random, [wide, ...Object.values(widths)]));
  const samplers: AnySampler[] = [];
  for (let round = 0; round < rounds; round++) {
    if (samplers.length === 0 || random.below(8) === 0) {
      attempt(() => samplers.push(store.sampler(drawOptions(random, store, model) as never) as never));
      continue;
    }
    const sampler = pick(random, samplers);
    const [ids, priorities] = [pick(random, strange), pick(random, strange)];
    const calls: (() => void)[] = [
      () => sampler.next(),
      () => sampler.next(sampler.allocate()),
      () =>
        sampler.next({
          ...sampler.allocate(),
          [pick(random, ["starts", "mask", "values"])]: pick(random, strange),
        }),
      () => sampler.restore(sampler.state()),
      () => sampler.restore(corrupt(random, sampler.state())),
      () => sampler.restore(pick(random, samplers).state()),
      () => sampler.updatePriorities(ids, priorities),
      () => sampler.updatePriorities([ids, 0], [1, priorities]),
      () =>
        sampler.updatePriorities(
          sampler.next()?.ids ?? [],
          new Float64Array(random.below(3)).fill(random.float()),
        ),
      () => grow(store, model, random, random.below(20)),
    ];
    if (round === rounds - 5 && random.below(2) === 0) store.close();
    if (!store.isClosed || random.below(2) === 0) attempt(pick(random, calls));
  }
  store.close();
}
