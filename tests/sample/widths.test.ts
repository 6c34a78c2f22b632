/** Contexts, mixtures and batches drawn ahead, of stores whose values are of every width, held against the oracle. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { compareWindow, type TokenBatch, withSeed } from "../support/sampler/compare.ts";
import { grow, makeStore, Model, type Store } from "../support/sampler/model.ts";
import {
  type EpisodeRule,
  type Form,
  type ModelWindow,
  type Rule,
  windowsOf,
} from "../support/sampler/oracle.ts";
import { declare, type Dtypes, widths } from "../support/sampler/widths.ts";
import { Random } from "../support/support.ts";
import { withDirectory } from "../torture/scratch.ts";

type Values = Form["dtype"];

/** A window by what is asked for it, and what has to come. */
interface Asked {
  readonly options: Record<string, unknown>;
  readonly rule: Omit<Rule, "boundary">;
  readonly form: Form;
}

function asked(values: Values, episodes?: EpisodeRule): Asked[] {
  const shared = { truncate: true, moments: {}, dtype: values };
  const output = { values };
  return [
    {
      options: { tokens: 5, output },
      rule: { unit: "tokens", length: 5, stride: 1 },
      form: { ...shared, width: 5 },
    },
    {
      options: { steps: 3, fields: { observation: 3 }, episodes, output },
      rule: { unit: "steps", length: 3, stride: 1, episodes },
      form: { ...shared, width: 3 },
    },
  ];
}

const rulesOf = (dtypes: Dtypes): (EpisodeRule | undefined)[] =>
  "episode" in dtypes ? [{ id: "episode" }, { end: ["terminated", "truncated"] }] : [undefined];

test("context() is the oracle's newest window after every append, of fields of every width", () => {
  for (const [seed, [name, dtypes]] of Object.entries(widths).entries()) {
    for (const episodes of rulesOf(dtypes)) {
      const random = new Random(seed);
      using store: Store = new StreamStore(declare(dtypes), { capacity: 64 });
      const model = new Model(dtypes);
      const all = asked(random.below(2) === 0 ? "float32" : "float64", episodes);
      grow(store, model, random, 25, () => {
        for (const { options, rule, form } of all) {
          const windows = windowsOf(model, { ...rule, boundary: "pad-left" });
          if (windows.length === 0) continue;
          const batch = store.context(options as { tokens: 5 }) as unknown as TokenBatch;
          withSeed(seed, `${name}, ${JSON.stringify(options)}, row ${model.rows.length}`, () => {
            compareWindow(
              batch,
              0,
              model,
              { ...rule, boundary: "pad-left" },
              windows[windows.length - 1],
              form,
            );
          });
        }
        if (random.below(5) === 0) store.flush();
      });
    }
  }
});

test("mixture() gives windows of the store that the batch says, of fields of every width", () => {
  let compared = 0;
  for (const [seed, [name, dtypes]] of Object.entries(widths).entries()) {
    const random = new Random(seed);
    const made = [20, 35, 9].map((rows) => makeStore(random, rows, dtypes));
    const sources = made.map(({ store }, i) => ({ store, weight: i + 1 }));
    for (const { options, rule, form } of asked("float16", rulesOf(dtypes)[0])) {
      const within = { ...rule, boundary: "within" } as const;
      const isEmpty = made.some(({ model }) => windowsOf(model, within).length === 0);
      if (isEmpty) continue;
      const mixture = StreamStore.mixture(sources, { ...options, batchSize: 40, seed } as never);
      const batch = mixture.next() as unknown as TokenBatch & { readonly sources: Int32Array };
      for (let slot = 0; slot < 40; slot++) {
        const start = batch.starts[slot];
        const window: ModelWindow = { anchor: start, start, length: rule.length };
        const { model } = made[batch.sources[slot]];
        withSeed(seed, `${name}, source ${batch.sources[slot]}`, () => {
          compareWindow(batch, slot, model, within, window, form);
        });
        compared++;
      }
    }
    for (const { store } of made) store.close();
  }
  // Some stores have no window within an episode.
  assert.ok(compared > 40 * Object.keys(widths).length, `${compared} windows`);
});

test("next() ahead gives the batches of a sampler without, of fields of every width", async () =>
  await withDirectory(async (directory) => {
    for (const name of ["4 bytes, with floats", "2 bytes, integers", "1 byte", "one field of uint16"]) {
      const dtypes = widths[name];
      using store: Store = StreamStore.open(`${directory}/${name}.stream`, { fields: declare(dtypes) });
      grow(store, new Model(dtypes), new Random(9), 60);
      for (const { options } of asked("float32", rulesOf(dtypes)[0])) {
        const all = { ...options, truncate: true, batchSize: 6, seed: 4, order: "shuffle" };
        const plain = store.sampler(all as never) as unknown as { next(): object };
        using ahead = store.sampler({ ...all, prefetch: 2 } as never) as unknown as
          & { next(): Promise<object> }
          & Disposable;
        for (let i = 0; i < 5; i++) {
          const [wanted, got] = [plain.next(), await ahead.next()];
          assert.equal(JSON.stringify(got, plainValues), JSON.stringify(wanted, plainValues), name);
        }
      }
    }
  }));

/** Typed arrays as lists of texts, in which NaN, -0 and bigints are told apart. */
function plainValues(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (!ArrayBuffer.isView(value)) return value;
  return Array.from(value as unknown as ArrayLike<number>, (item) => Object.is(item, -0) ? "-0" : `${item}`);
}
