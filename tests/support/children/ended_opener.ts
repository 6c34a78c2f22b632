/** Opens a store that a Worker writes, or has written. */
import assert from "node:assert/strict";
import { StreamStore } from "../../../mod.ts";
import { compareRows, contentOf, fields } from "../../torture/content.ts";

export interface OpenerOrder {
  readonly path: string;
  readonly count: SharedArrayBuffer;
  /** The first row that nobody has compared yet. */
  readonly from: number;
}

/** How long a Worker may take to end. */
const endingMsMax = 20_000;

/** As long as the Worker lives, nobody else gets the store. */
export function contend({ path }: OpenerOrder): void {
  for (let attempt = 0; attempt < 20; attempt++) {
    assert.throws(() => StreamStore.open(path, { fields }), { code: "locked" });
  }
}

/** Opens the store as soon as it can be had, and finds all that was appended; appends a row and returns how many there are. */
export async function takeOver({ path, count, from }: OpenerOrder): Promise<number> {
  const store = await openEnded(path);
  const appended = Atomics.load(new Int32Array(count), 0);
  // The Worker may have ended between appending a row and counting it.
  assert.ok(store.rowCount === appended || store.rowCount === appended + 1, `${store.rowCount}, ${appended}`);
  compareRows(store, from, store.rowCount);
  // The Worker had begun where the one before had ended, and this one begins where the Worker has.
  assert.equal(store.sessions.at(-1), from);
  store.append(store.rowCount, { ...contentOf(store.rowCount) });
  const { rowCount } = store;
  assert.deepEqual(store.sessions.slice(-2), [from, rowCount - 1]);
  store.close();
  return rowCount;
}

async function openEnded(path: string): Promise<StreamStore<typeof fields>> {
  const deadline = performance.now() + endingMsMax;
  while (true) {
    try {
      return StreamStore.open(path, { fields });
    } catch (error) {
      if ((error as { code?: string }).code !== "locked" || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
