/** A store's `retain` waits for the followers that are named, up to a bound, whatever the log loses. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, type FollowGap, type MessageLog, send } from "../../replicate.ts";
import { pause } from "../../src/pause.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { until, within } from "../support/replicate/until.ts";

const fields = { reward: "float32", list: "int16" } as const;
/** A segment of 65,536 tokens has 32 rows. */
const list = new Int16Array(2048);
type Collector = StreamStore<typeof fields>;

async function append(store: Collector, to: number): Promise<void> {
  for (let row = store.rowCount; row < to; row++) {
    store.append(row, { reward: row, list: list.fill(row) });
    if (row % 16 === 0) await pause(1);
  }
  store.flush();
}

/** Follows until there are so many rows. */
async function followTo(log: MessageLog, directory: string, rowCount: number): Promise<FollowGap[]> {
  const end = new AbortController();
  const gaps: FollowGap[] = [];
  let reached = 0;
  const following = follow(log, {
    directory,
    subjects: "steps.*",
    name: "trainer",
    syncEvery: 10,
    signal: end.signal,
    onProgress: ({ endRow }) => {
      reached = endRow;
      if (endRow === rowCount) end.abort();
    },
    onGap: (gap) => void gaps.push(gap),
  });
  await within(following, () => `${reached} rows of ${rowCount}`);
  return gaps;
}

test("retain drops what all followers have, and nothing before, so that a log that is wiped costs no row", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields, retain: { rows: 8 } });
    const end = new AbortController();
    const sending = send(store as never, log, "steps.a", {
      signal: end.signal,
      followers: ["trainer"],
      rows: 20,
      milliseconds: 1,
      onGap: () => assert.fail("all rows are kept"),
    });
    await append(store, 200);
    const failed = sending.then(() => assert.fail("it has ended"));
    failed.catch(() => {});
    await until(() => log.messages.length >= 10, () => `${log.messages.length} messages`, failed);
    assert.equal(store.firstRow, 0);
    log.rollBack(log.messages.length);
    log.notes.clear();
    await append(store, 300);
    const directory = join(folder, "replicas");
    assert.deepEqual(await followTo(log, directory, 300), []);
    // All but the last row, which may grow.
    assert.deepEqual([...log.notes.values()], [299]);
    // The sender asks now and then.
    const isDropped = () => {
      store.append(store.rowCount, { reward: store.rowCount, list: list.fill(store.rowCount) });
      store.flush();
      return store.firstRow >= 256;
    };
    await until(isDropped, () => `the first row ${store.firstRow}`, failed);
    assert.ok(store.firstRow <= 299);
    // What it knows holds where the log knows nothing any more.
    log.rollBack(log.messages.length);
    log.notes.clear();
    const { rowCount } = store;
    await append(store, rowCount + 200);
    assert.ok(store.firstRow <= 299);
    end.abort();
    await within(sending);
    assert.deepEqual(await followTo(log, directory, rowCount + 200), []);
    using replica = StreamStore.open(join(directory, "steps.a.stream"), { mode: "read" });
    const { firstRow } = store;
    assert.equal(replica.firstRow, 0);
    assert.deepEqual(replica.rows(firstRow), store.rows());
    for (const row of replica.rows(0, firstRow)) assert.equal(row.reward, row.step);
  }));

test("beyond a bound retain waits no more, and what the log has lost is a gap", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields, retain: { rows: 8 } });
    const directory = join(folder, "replicas");
    const sent = new AbortController();
    const options = { followers: ["trainer"], waitRows: 100, rows: 20, milliseconds: 1, signal: sent.signal };
    const sending = send(store as never, log, "steps.a", options);
    await append(store, 50);
    await followTo(log, directory, 50);
    await append(store, 400);
    const { firstRow } = store;
    assert.ok(firstRow > 400 - 100 - 64 && firstRow <= 300, `${firstRow}`);
    log.rollBack(log.messages.length);
    await append(store, 410);
    sent.abort();
    await within(sending);
    const gaps = await followTo(log, directory, 410);
    assert.deepEqual(gaps.map(({ row, endRow }) => [row, endRow]), [[50, store.firstRow]]);
  }));

test("send() and follow() refuse followers that nothing could wait for", async () => {
  const log = new MemoryLog();
  using kept = new StreamStore(fields);
  const refuse = (store: StreamStore, options: object, to: MessageLog, error: object) =>
    assert.rejects(send(store, to, "steps.a", options), error);
  const must = (what: string, help: string) => ({
    name: "RangeError",
    message: `Cannot send a store: what waits for followers must be ${what}: ${help}, or leave them out`,
  });
  const drops = must("a store that drops rows, got one that keeps all", "open it with retain");
  await refuse(kept as never, { followers: ["a"] }, log, drops);
  using dropping = new StreamStore(fields, { retain: { rows: 8 } });
  const name = /name must have letters, digits, - and _ alone, got "a\.b"/;
  await refuse(dropping as never, { followers: ["a.b"] }, log, { name: "RangeError", message: name });
  await refuse(dropping as never, { followers: ["a"], waitRows: 0 }, log, {
    message: /waitRows must be an integer >= 1, got 0$/,
  });
  const { last, next, subjects, publish, read, close } = log;
  const bare: MessageLog = { messageBytesMax: 1e6, last, next, subjects, publish, read, close };
  await refuse(dropping as never, { followers: ["a"] }, bare, { name: "TypeError" });
  await inFolder(async (directory) => {
    const path = join(directory, "a.stream");
    using _writer = StreamStore.open(path, { fields, retain: { rows: 8 } });
    using reader = StreamStore.open(path, { mode: "read" });
    const own = must(
      "the writer's own store, got one that is open for reading",
      "send from the process that appends",
    );
    await refuse(reader as never, { followers: ["a"] }, log, own);
    const following = Promise.resolve(follow(log, { directory, subjects: "steps.*", name: "" }));
    await assert.rejects(following, { message: /, got ""$/ });
  });
});
