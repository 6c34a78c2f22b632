/** Samplers of one store share what they know of its environments: each row is looked at once, whoever asks for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { environmentProgress } from "../../src/native/abi.ts";
import { sessionOf } from "../../src/store/session.ts";
import {
  asked,
  draw,
  fields,
  grow,
  type Row,
  type Store,
  texts,
  windowsOf,
} from "../support/sampler/environments.ts";
import { Random } from "../support/support.ts";

/** Rows that the library looks at for environments while `work` runs. */
function rowsLookedAt(store: Store, work: () => void): number {
  const { tables } = sessionOf(store)!.connection;
  const { environments } = tables;
  const { ss_environments_scan: scan } = environments;
  let rows = 0;
  const counting: typeof scan = (...given) => {
    const code = scan(...given);
    rows += (given[3] as unknown as Float64Array)[environmentProgress.rowCount];
    return code;
  };
  const counted = Object.create(environments, { ss_environments_scan: { value: counting } });
  Object.assign(tables, { environments: counted });
  try {
    work();
  } finally {
    Object.assign(tables, { environments });
  }
  return rows;
}

test("samplers of one store look at each row once, and at the last one again once it has grown", () => {
  using store = new StreamStore(fields);
  const rows: Row[] = [];
  const random = new Random(11);
  grow(store, rows, random, 300, 5);
  const samplers = [store.sampler(asked), store.sampler({ ...asked, steps: 2, order: "shuffle", seed: 2 })];
  assert.equal(rowsLookedAt(store, () => void samplers[0].next()), 300);
  assert.equal(rowsLookedAt(store, () => void samplers[1].next()), 0);
  assert.equal(rowsLookedAt(store, () => void store.sampler({ ...asked, boundary: "pad-left" }).next()), 0);
  assert.equal(rowsLookedAt(store, () => void store.gatherRows([windowsOf(rows)[0][0]!], asked)), 0);
  grow(store, rows, random, 40, 7);
  assert.equal(rowsLookedAt(store, () => samplers.forEach((sampler) => sampler.next())), 41);
  // Another rule is another search.
  const joined = store.sampler({ ...asked, episodes: { ...asked.episodes, sessions: "join" } });
  assert.equal(rowsLookedAt(store, () => void joined.next()), 340);
});

test("samplers that share what they know of environments each give all windows, in whatever turn they ask", () => {
  using store = new StreamStore(fields);
  const rows: Row[] = [];
  const random = new Random(12);
  const kinds = [
    { length: 3, stride: 1, boundary: "within" },
    { length: 2, stride: 2, boundary: "pad-right" },
    { length: 4, stride: 1, boundary: "pad-left" },
  ] as const;
  for (let round = 0; round < 12; round++) {
    grow(store, rows, random, 1 + random.below(30), 2 + round);
    for (const { length, ...rest } of random.below(2) === 0 ? kinds : kinds.toReversed()) {
      const options = { ...asked, ...rest, steps: length, order: "sequential", batchSize: 7 } as const;
      assert.deepEqual(
        draw(store.sampler(options), rows, 1e6, length),
        texts(windowsOf(rows, { length, ...rest })),
        `round ${round}, ${rest.boundary}`,
      );
    }
  }
});
