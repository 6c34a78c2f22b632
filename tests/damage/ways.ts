/** The ways to read a store, each of which gives all that it reads to a hash. */
import type { Hash } from "node:crypto";
import type { StreamStore } from "../../mod.ts";

/** As wide as the widest field of the stores here. */
const valuesMax = 100;

export const ways: Readonly<Record<string, (store: StreamStore, hash: Hash) => void>> = {
  window(store, hash) {
    const { steps, types, bits } = store.window(store.firstToken, store.length - store.firstToken);
    hash.update(steps).update(types).update(bits);
  },
  gather(store, hash) {
    const { firstToken } = store;
    const heldCount = store.length - firstToken;
    const length = Math.min(10, heldCount);
    const starts = Array.from(
      { length: 20 },
      (_, i) => firstToken + Math.floor((heldCount - length) * i / 20),
    );
    const { values, types, steps } = store.gather(starts, length);
    hash.update(values).update(types).update(steps);
  },
  get(store, hash) {
    const { values, types, steps } = store.get(held(store));
    hash.update(values).update(types).update(steps);
  },
  rows(store, hash) {
    for (const row of store.rows()) hashRow(hash, row);
  },
  row(store, hash) {
    for (let index = store.firstRow; index < store.rowCount; index += 7) hashRow(hash, store.row(index));
  },
  column(store, hash) {
    for (const { name } of store.fields) {
      const { values, width, offsets } = store.column(name);
      hash.update(`${name} ${width}`).update(values as Float64Array);
      if (offsets !== null) hash.update(offsets);
    }
  },
  find(store, hash) {
    for (let step = 0; step < 30_000; step += 37) hash.update(`${store.rowOfStep(step)},`);
    for (let token = store.firstToken; token < store.length; token += 11) {
      hash.update(`${store.rowOfToken(token)},`);
    }
  },
  sessions(store, hash) {
    hash.update(store.sessions.join());
  },
  tokens(store, hash) {
    const sampler = store.sampler({ tokens: 4, batchSize: 16, seed: 7 });
    for (let i = 0; i < 3; i++) {
      const { values, types, steps, mask } = sampler.next()!;
      for (const array of [values, types!, steps!, mask]) hash.update(array as Uint8Array);
    }
  },
  dense(store, hash) {
    const { sampler, context } = windowsOf(store);
    for (const batch of [store.sampler(sampler).next()!, store.context(context)]) {
      for (const [name, { values }] of Object.entries(batch.fields)) {
        hash.update(name).update(values as ArrayBufferView as Uint8Array);
      }
      hash.update(batch.mask as Uint8Array);
    }
  },
  stats(store, hash) {
    hash.update(JSON.stringify(store.stats()));
  },
  extras(store, hash) {
    const names = extrasOf(store);
    for (const name of names) {
      const extra = store.extra(name);
      for (let row = store.firstRow; row < store.rowCount; row += 5) {
        hash.update(extra.bytes(row) ?? "null").update(extra.get(row) ?? "null");
      }
    }
    const batch = store.sampler({
      steps: 2,
      tokens: 10,
      truncate: true,
      batchSize: 16,
      seed: 7,
      extra: names,
    }).next()!;
    for (const value of Object.values(batch.extra).flat(2)) hash.update(value ?? "null");
  },
  fields(store, hash) {
    hash.update(JSON.stringify(store.fields));
  },
};

function hashRow(hash: Hash, row: object): void {
  for (const [name, value] of Object.entries(row)) {
    hash.update(name);
    if (name === "extra") hashRow(hash, value);
    else hash.update(ArrayBuffer.isView(value) ? value as Float64Array : String(value));
  }
}

/** The names of a store's extras, as its rows have them. */
function extrasOf(store: StreamStore): string[] {
  return ["text", "content"].filter((name) => {
    try {
      return store.extra(name) !== undefined;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return false;
    }
  });
}

/** Every 3rd token at most, and the last. */
function held({ firstToken, length }: StreamStore): number[] {
  const stride = length - firstToken > 10_000 ? 3 : 1;
  return Array.from({ length: Math.ceil((length - firstToken) / stride) }, (_, i) => length - 1 - stride * i);
}

/** Rows around each other within episodes, which one field ends. */
function windowsOf(store: StreamStore) {
  const fields = Object.fromEntries(store.fields.map(({ name }) => [name, valuesMax]));
  const context = { steps: 3, fields, episodes: { end: store.fields[0].name } } as const;
  return { context, sampler: { ...context, batchSize: 16, seed: 7, boundary: "pad-left" } } as const;
}
