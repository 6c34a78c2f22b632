/** A store whose last row has grown since it was pushed or pulled: an append to the Hub says so, and a push mends it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { retry, withHub } from "../../support/hub/loading.ts";
import type { Hub } from "../../support/hub/server.ts";
import { withDirectory } from "../../torture/scratch.ts";

const fields = { a: "uint8", b: "float32", c: "int16" } as const;
type Store = StreamStore<typeof fields>;

/** The rest of row 2, of which a is there, by whatever writes. */
const growths: Readonly<Record<string, (store: Store) => void>> = {
  "a value": (store) => store.append(2, { b: 0.5 }),
  "sequences": (store) => store.append([2, 2, 3], ["b", "c", "a"], [0.5, [1, 2], 1]),
  "an empty list": (store) => store.append(2, { c: [] }),
};

/** How a store comes to know what the Hub has. */
const begins: Readonly<Record<string, (path: string, options: object) => Promise<void>>> = {
  async pushed(path, options) {
    using store = StreamStore.open(path, { fields });
    for (let step = 0; step < 2; step++) store.append(step, { a: step, b: step, c: [step] });
    store.append(2, { a: 2 });
    await store.saveDataset("user/pushed", "train", options);
  },
  async pulled(path, options) {
    using store = StreamStore.open(path, { fields });
    await store.loadDataset("user/pushed", "train", options);
  },
  async made(path, options) {
    (await StreamStore.loadDataset("user/pushed", "train", { ...options, path })).close();
  },
};

async function eachBegin(
  names: readonly string[],
  use: (hub: Hub, path: string, options: object, what: string) => Promise<void>,
): Promise<void> {
  await withHub(async (hub) => {
    const options = { endpoint: hub.endpoint, token: hub.token, retry };
    for (const [begin, prepare] of Object.entries(begins)) {
      for (const growth of names) {
        await withDirectory(async (directory) => {
          const path = join(directory, "run.stream");
          if (begin !== "pushed") await begins.pushed(join(directory, "first.stream"), options);
          await prepare(path, options);
          await use(hub, path, options, `${begin}, ${growth}`);
        });
      }
    }
  });
}

test("saveDataset() to append says that the last row has grown, whatever wrote it on, and all of it can be pushed", () =>
  eachBegin(Object.keys(growths), async (hub, path, options, what) => {
    const grow = growths[what.split(", ")[1]];
    {
      using store: Store = StreamStore.open(path, { fields });
      grow(store);
    }
    using store: Store = StreamStore.open(path, { fields });
    const commits = hub.repository("user/pushed").commits.size;
    await assert.rejects(store.saveDataset("user/pushed", "train", { ...options, append: true }), {
      code: "diverged",
      message: /the 3 rows that were pushed, but the last of them has grown since; save without append/,
    }, what);
    assert.equal(hub.repository("user/pushed").commits.size, commits, what);
    await store.saveDataset("user/pushed", "train", options);
    store.append(9, { a: 9 });
    await store.saveDataset("user/pushed", "train", { ...options, append: true });
    using all = new StreamStore(fields);
    await all.loadDataset("user/pushed", "train", options);
    assert.deepEqual(
      all.rows().map(({ step: _, ...row }) => row),
      store.rows().map(({ step: _, ...row }) => row),
      what,
    );
  }));

test("saveDataset() to append goes on behind a last row that has not grown", () =>
  eachBegin(["nothing"], async (_hub, path, options, what) => {
    using store: Store = StreamStore.open(path, { fields });
    store.append(3, { b: 1 });
    await store.saveDataset("user/pushed", "train", { ...options, append: true });
    using all = new StreamStore(fields);
    await all.loadDataset("user/pushed", "train", options);
    assert.deepEqual(all.rows(), store.rows(), what);
  }));
