/** Rows that are missing for good: replicas end, further ones begin, and both ends say which rows are in none. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { type Row, StreamStore } from "../../mod.ts";
import { follow, type FollowGap, send, type SendGap } from "../../replicate.ts";
import { pause } from "../../src/pause.ts";
import { decodeRows } from "../../src/replicate/message.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { until, within } from "../support/replicate/until.ts";
import { Random } from "../support/support.ts";

const fields = { reward: "float32", list: "int16" } as const;
/** A segment of 65,536 tokens has 32 rows. */
const listLength = 2048;
type Collector = StreamStore<typeof fields>;

function appendRow(store: Collector, row: number): void {
  store.append(row, { reward: row });
  store.append(row, { list: new Int16Array(listLength).fill(row) });
}

const expectedRow = (row: number) => ({
  step: row,
  reward: row,
  list: new Int16Array(listLength).fill(row),
});

/** The replicas of `steps.a`, in the order of their rows. */
function replicasIn(directory: string): string[] {
  const first = (name: string) => Number(/@(\d+)\.stream$/.exec(name)?.[1] ?? 0);
  return readdirSync(directory).filter((name) => /^steps\.a(@\d+)?\.stream$/.test(name))
    .sort((a, b) => first(a) - first(b)).map((name) => join(directory, name));
}

function endRowIn(directory: string): number {
  const path = replicasIn(directory).at(-1);
  if (path === undefined) return 0;
  using replica = StreamStore.open(path, { mode: "read" });
  return replica.rowCount;
}

/** Waits for so many rows. */
function reachRows(directory: string, rowCount: number, failed?: Promise<never>): Promise<void> {
  const found = () => `${endRowIn(directory)} rows of ${rowCount}`;
  return until(() => endRowIn(directory) >= rowCount, found, failed);
}

/** A follower that may be stopped and begun again. */
class Follower {
  readonly gaps: FollowGap[] = [];
  #end = new AbortController();
  #following: PromiseLike<void> | null = null;

  constructor(private readonly log: MemoryLog, readonly directory: string) {}

  start(): void {
    this.#end = new AbortController();
    this.#following = follow(this.log, {
      directory: this.directory,
      subjects: "steps.*",
      signal: this.#end.signal,
      syncEvery: 50,
      onGap: (gap) => this.gaps.push(gap),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await within(this.#following!);
    this.#following = null;
  }

  /** Returns once there are so many rows. */
  async reach(rowCount: number): Promise<void> {
    const failed = Promise.resolve(this.#following!).then(() => assert.fail("it has ended"));
    await reachRows(this.directory, rowCount, failed);
    const isDone = this.stop();
    await Promise.all([isDone, failed.catch(() => {})]);
  }
}

/** Each row is in a replica as it was appended, or in a gap that was told. */
function checkReplicas({ directory, gaps }: Follower, rowCount: number): void {
  let next: number | null = null;
  for (const [i, path] of replicasIn(directory).entries()) {
    using replica = StreamStore.open(path, { mode: "read" });
    const isLast = i === gaps.length;
    if (next !== null) {
      const { row, endRow, ended, directory: begun } = gaps[i - 1];
      assert.deepEqual([ended, begun], [replicasIn(directory)[i - 1], path]);
      assert.ok(row === next || row === next - 1, `rows ${row} to ${endRow} behind ${next}`);
      assert.equal(replica.firstRow, endRow);
      assert.equal(basename(path), `steps.a@${endRow}.stream`);
    }
    const rows: Row[] = replica.rows();
    for (const [place, row] of rows.entries()) {
      const expected = expectedRow(replica.firstRow + place);
      // What was added to the last one later is in the gap.
      const isPart = !isLast && place === rows.length - 1 && !("list" in row);
      assert.deepEqual(row, isPart ? { step: expected.step, reward: expected.reward } : expected);
    }
    next = replica.rowCount;
  }
  assert.equal(replicasIn(directory).length, gaps.length + 1);
  assert.equal(next, rowCount);
}

/** What becomes of a log, besides answers that are lost. */
type Fate = "rolled back" | "wiped" | "trimmed" | "torn";

async function runHistory(folder: string, seed: number, fates: readonly Fate[], retain?: { rows: number }) {
  const random = new Random(seed);
  const log = new MemoryLog();
  let away = 0;
  const lose = () => {
    if (away-- > 0 || random.below(30) === 0) throw new Error("the server is away");
  };
  [log.before, log.after] = [lose, lose];
  const store = StreamStore.open(join(folder, `${seed}.stream`), { fields, retain });
  const follower = new Follower(log, join(folder, `replicas-${seed}`));
  const end = new AbortController();
  const sendGaps: SendGap[] = [];
  const onGap = (gap: SendGap) => void sendGaps.push(gap);
  const sending = send(store as never, log, "steps.a", {
    signal: end.signal,
    rows: 9,
    milliseconds: 1,
    onGap,
  });
  let isFollowing = false;
  for (let row = 0; row < 400; row++) {
    appendRow(store, row);
    if (random.below(6) === 0) await pause(2);
    if (random.below(40) === 0) away = random.below(3);
    if (random.below(30) === 0) {
      if (isFollowing) await follower.stop();
      else follower.start();
      isFollowing = !isFollowing;
    }
    if (random.below(25) === 0) {
      const { messages } = log;
      const fate = fates[random.below(fates.length)];
      if (fate === "rolled back") log.rollBack(random.below(6));
      if (fate === "wiped") log.rollBack(messages.length);
      if (fate === "trimmed") messages.splice(0, random.below(messages.length));
      if (fate === "torn" && messages.length > 2) messages.splice(random.below(messages.length - 1), 1);
    }
  }
  if (!isFollowing) follower.start();
  end.abort();
  await within(sending);
  await follower.reach(store.rowCount);
  checkReplicas(follower, store.rowCount);
  store.close();
  return { follower, sendGaps };
}

test("follow() loses no row while the log is rolled back and wiped, and begins no further replica", () =>
  inFolder(async (folder) => {
    for (const seed of [1, 2]) {
      const { follower, sendGaps } = await runHistory(folder, seed, ["rolled back", "wiped"]);
      assert.deepEqual([follower.gaps, sendGaps], [[], []]);
    }
  }));

test("follow() and send() say which rows are in no replica, where the log and the store drop them", () =>
  inFolder(async (folder) => {
    let gaps = 0;
    // Whether one makes a gap goes by when its rows are sent.
    for (let seed = 4; seed < 7 || gaps === 0; seed++) {
      assert.ok(seed < 30, "no history has made a gap");
      const fates = ["rolled back", "wiped", "trimmed", "torn"] as const;
      gaps += (await runHistory(folder, seed, fates, { rows: 8 })).follower.gaps.length;
    }
  }));

test("rows that a store drops before they are sent are told at both ends, and the rest comes", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields, retain: { rows: 8 } });
    for (let row = 0; row < 20; row++) appendRow(store, row);
    const signal = AbortSignal.abort();
    await send(store as never, log, "steps.a", { signal });
    for (let row = 20; row < 200; row++) appendRow(store, row);
    store.flush();
    const { firstRow } = store;
    assert.ok(firstRow > 100);
    const told: SendGap[] = [];
    await send(store as never, log, "steps.a", { signal, onGap: (gap) => void told.push(gap) });
    assert.deepEqual(told, [{ row: 19, endRow: firstRow }]);
    const follower = new Follower(log, join(folder, "replicas"));
    follower.start();
    await follower.reach(200);
    checkReplicas(follower, 200);
    assert.deepEqual(follower.gaps.map(({ row, endRow }) => [row, endRow]), [[20, firstRow]]);
    // Whoever follows again goes on with the last replica, and meets no gap.
    appendRow(store, 200);
    await send(store as never, log, "steps.a", { signal });
    follower.start();
    await follower.reach(201);
    checkReplicas(follower, 201);
  }));

test("a gap that others' numbers have made is filled by what the log holds", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    const append = (to: number) => {
      for (let row = store.rowCount; row < to; row++) appendRow(store, row);
    };
    const sendAll = (rows: number) =>
      send(store as never, log, "steps.a", { signal: AbortSignal.abort(), rows });
    append(50);
    await sendAll(10);
    const follower = new Follower(log, join(folder, "replicas"));
    follower.start();
    await reachRows(follower.directory, 50);
    // The numbers 3 to 5 come again with more rows, and the follower has passed them.
    log.rollBack(3);
    append(100);
    await sendAll(30);
    append(110);
    await sendAll(30);
    await reachRows(follower.directory, 110);
    // The newest number comes again with more rows, and no other comes.
    log.rollBack(1);
    append(120);
    await sendAll(30);
    await follower.reach(120);
    checkReplicas(follower, 120);
    assert.deepEqual(follower.gaps, []);
  }));

test("a row that got an empty list or text alone is no whole one without the message that has them", () =>
  inFolder(async (folder) => {
    for (const isTorn of [true, false]) {
      const log = new MemoryLog();
      const path = join(folder, `${isTorn}.stream`);
      using store = StreamStore.open(path, { fields, extra: { note: "string" } });
      const sendAll = () => send(store as never, log, "steps.a", { signal: AbortSignal.abort() });
      for (let row = 0; row < 10; row++) store.append(row, { reward: row });
      await sendAll();
      // The number that the next message has the follower has passed.
      await log.publish("steps.b", log.messages[0].bytes, 0);
      const follower = new Follower(log, join(folder, `replicas-${isTorn}`));
      follower.start();
      await reachRows(follower.directory, 10);
      await until(() => existsSync(join(follower.directory, "steps.b.stream", "head")));
      log.isHeld = true;
      log.rollBack(1);
      store.append(9, { list: [] }, { note: "later" });
      store.append(10, { reward: 10 });
      await sendAll();
      store.append(11, { reward: 11 });
      await sendAll();
      const rows = log.messages.map(({ bytes }) => decodeRows(bytes).head.row);
      assert.deepEqual(rows, [0, 9, 10]);
      if (isTorn) log.messages.splice(1, 1);
      log.isHeld = false;
      await follower.reach(12);
      const found = replicasIn(follower.directory).flatMap((path) => {
        using replica = StreamStore.open(path, { mode: "read" });
        return replica.rows();
      });
      const expected: Row[] = store.rows();
      if (isTorn) expected[9] = { step: 9, reward: 9, extra: {} } as never;
      assert.deepEqual(found, expected);
      const gaps = follower.gaps.map(({ row, endRow }) => [row, endRow]);
      assert.deepEqual(gaps, isTorn ? [[9, 10]] : []);
    }
  }));

test("a number that comes again with text for the last row alone is noticed", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields, extra: { note: "string" } });
    const sendAll = () => send(store as never, log, "steps.a", { signal: AbortSignal.abort() });
    for (let row = 0; row < 10; row++) store.append(row, { reward: row });
    await sendAll();
    const follower = new Follower(log, join(folder, "replicas"));
    follower.start();
    await reachRows(follower.directory, 10);
    log.rollBack(1);
    store.append(9, {}, { note: "later" });
    await sendAll();
    assert.deepEqual(log.messages.map(({ number }) => number), [1]);
    const last = () => {
      using replica = StreamStore.open(replicasIn(follower.directory)[0], { mode: "read" });
      return replica.extra("note").get(9);
    };
    await until(() => last() === "later", last);
    const reads = log.reads.length;
    await follower.stop();
    assert.deepEqual([follower.gaps, reads], [[], 2]);
  }));

test("a follower that comes late begins with the first row that the log has", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    for (let row = 0; row < 100; row++) appendRow(store, row);
    await send(store as never, log, "steps.a", { signal: AbortSignal.abort(), rows: 10 });
    log.messages.splice(0, 4);
    const follower = new Follower(log, join(folder, "replicas"));
    follower.start();
    await follower.reach(100);
    checkReplicas(follower, 100);
    using replica = StreamStore.open(join(folder, "replicas", "steps.a.stream"), { mode: "read" });
    assert.equal(replica.firstRow, 40);
    assert.deepEqual((await replica.verify()).damaged, []);
  }));
