/** A store, sent to a log that fails and followed from it. */
import { tableFromIPC } from "apache-arrow";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect, isDeepStrictEqual } from "node:util";
import { StreamStore } from "../../mod.ts";
import { follow } from "../../src/replicate/follow.ts";
import { send } from "../../src/replicate/send.ts";
import { pause } from "../../src/pause.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { until, within } from "../support/replicate/until.ts";
import { Random } from "../support/support.ts";

const fields = { reward: "float32", list: "int16" } as const;

async function followAll(log: MemoryLog, directory: string, rows: number): Promise<void> {
  const end = new AbortController();
  await follow(log, {
    directory,
    subjects: "steps.*",
    signal: end.signal,
    syncEvery: 50,
    onProgress: ({ endRow }) => endRow === rows && end.abort(),
  });
}

test("every row arrives once, whatever the log loses of answers and of messages", () =>
  inFolder(async (folder) => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const log = new MemoryLog();
      const lose = () => {
        if (random.below(12) === 0) throw new Error("the server is away");
      };
      [log.before, log.after] = [lose, lose];
      using store = StreamStore.open(join(folder, `${seed}.stream`), { fields });
      const end = new AbortController();
      let waits = 0;
      const sending = send(store as never, log, "steps.a", {
        signal: end.signal,
        rows: 7,
        milliseconds: 1,
        onWait: ({ error }) => {
          waits++;
          assert.match((error as Error).message, /the server is away/);
        },
      });
      const directory = join(folder, `replicas-${seed}`);
      // The last row comes with the end: before, it may grow.
      const following = followAll(log, directory, 300);
      for (let row = 0; row < 300; row++) {
        store.append(row, { reward: row });
        if (random.below(8) === 0) await pause(3);
        if (random.below(3) > 0) {
          store.append(row, { list: Array.from({ length: random.below(3) }, () => row) });
        }
        if (random.below(20) === 0) log.rollBack(random.below(6));
      }
      end.abort();
      await within(sending);
      await within(following);
      assert.ok(waits > 0);
      using replica = StreamStore.open(join(directory, "steps.a.stream"), { mode: "read" });
      assert.deepEqual(replica.rows(0, 299), store.rows(0, 299));
      assert.deepEqual(replica.sessions, [0]);
    }
  }));

test("send() tells of rows that are there though the answer was lost, and how many wait while none comes", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    using reader = StreamStore.open(join(folder, "a.stream"), { mode: "read" });
    const append = (to: number) => {
      while (store.rowCount < to) store.append(store.rowCount, { reward: 1 });
      store.flush();
    };
    append(10);
    const end = new AbortController();
    const told: unknown[] = [];
    const waits: (number | null)[] = [];
    log.after = () => {
      throw new Error("the server is away");
    };
    const sending = send(reader as never, log, "steps.a", {
      signal: end.signal,
      onProgress: ({ sentRow, waitingRows, byteLength }) => told.push([sentRow, waitingRows, byteLength]),
      onWait: ({ waitingRows }) => waits.push(waitingRows),
    });
    await until(() => told.length === 1, undefined, sending);
    const [{ bytes }] = log.messages;
    assert.deepEqual([told, waits], [[[10, 0, bytes.byteLength]], [10]]);
    const { last } = log;
    log.last = () => Promise.reject(new Error("the server is away"));
    append(20);
    await until(() => waits.at(-1) === 10 && waits.length > 2, () => waits, sending);
    append(25);
    await until(() => waits.at(-1) === 15, () => waits, sending);
    [log.last, log.after] = [last, () => {}];
    end.abort();
    await within(sending);
    assert.deepEqual(told.map((progress) => (progress as number[])[0]), [10, 25]);
  }));

test("send() sends what the last row gets that is no token: an empty list, text and bytes", () =>
  inFolder(async (folder) => {
    for (const isOwn of [true, false]) {
      const log = new MemoryLog();
      const path = join(folder, `${isOwn}.stream`);
      const extra = { note: "string", frame: "bytes" } as const;
      using store = StreamStore.open(path, { fields, extra });
      using reader = StreamStore.open(path, { mode: "read" });
      const directory = join(folder, `replicas-${isOwn}`);
      const followed = new AbortController();
      const following = follow(log, { directory, subjects: "steps.*", signal: followed.signal });
      const begin = () => {
        const end = new AbortController();
        const sending = send((isOwn ? store : reader) as never, log, "steps.a", { signal: end.signal });
        return { sending, stop: () => (end.abort(), within(sending)) };
      };
      let sender = begin();
      const isThere = async () => {
        const ours = () => store.rows();
        const theirs = () => {
          if (!existsSync(join(directory, "steps.a.stream", "head"))) return [];
          using replica = StreamStore.open(join(directory, "steps.a.stream"), { mode: "read" });
          return replica.rows();
        };
        const found = () => inspect(theirs());
        await until(() => isDeepStrictEqual(theirs(), ours()), found, sender.sending);
      };
      store.append(0, { reward: 1 }, { note: "first" });
      store.append(1, { reward: 2 });
      await isThere();
      store.append(1, { list: [] });
      await isThere();
      store.append(1, {}, { note: "" });
      await isThere();
      store.append(1, {}, { frame: Uint8Array.of(0, 255) });
      await isThere();
      // Whoever goes on knows by the log what was sent.
      const count = log.messages.length;
      await sender.stop();
      sender = begin();
      await pause(100);
      assert.equal(log.messages.length, count);
      store.append(2, { reward: 3 });
      await isThere();
      await sender.stop();
      store.append(2, {}, { note: "later" });
      store.flush();
      sender = begin();
      await isThere();
      await sender.stop();
      followed.abort();
      await within(following);
    }
  }));

test("a row that grows, and is followed by others, while the log takes it arrives whole", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    store.append(0, { reward: 1 });
    log.after = () => {
      log.after = () => {};
      store.append(0, { list: [1, 2] });
      store.append(1, { reward: 2 });
    };
    const signal = AbortSignal.abort();
    await send(store as never, log, "steps.a", { signal });
    await followAll(log, join(folder, "replicas"), store.rowCount);
    using replica = StreamStore.open(join(folder, "replicas", "steps.a.stream"), { mode: "read" });
    assert.deepEqual(replica.rows(), store.rows());
    assert.equal(replica.rowCount, 2);
  }));

test("a second sender of the same store ends the first, and another store's is refused", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    for (let row = 0; row < 20; row++) store.append(row, { reward: row });
    const end = new AbortController();
    const first = send(store as never, log, "steps.a", { signal: end.signal, rows: 5 });
    const isFenced = assert.rejects(first, { code: "locked", message: /another sender sends to it/ });
    await until(() => log.messages.length >= 4);
    for (let row = 20; row < 40; row++) store.append(row, { reward: row });
    await send(store as never, log, "steps.a", { signal: AbortSignal.abort(), rows: 100 });
    for (let row = 40; row < 60; row++) store.append(row, { reward: row });
    await within(isFenced.finally(() => end.abort()));
    using other = new StreamStore(fields);
    other.append(0, { reward: 1 });
    await assert.rejects(send(other as never, log, "steps.a", { signal: AbortSignal.abort() }), {
      code: "already-exists",
      message: /Cannot send the store \w+ to steps\.a: the subject must be its own, got rows of \w+$/,
    });
  }));

test("rows that no message has room for are said, and shorter ones go in more messages", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    for (let row = 0; row < 64; row++) store.append(row, { list: new Int16Array(1000).fill(row) });
    log.messageBytesMax = 20_000;
    const signal = AbortSignal.abort();
    await send(store as never, log, "steps.a", { signal });
    assert.ok(log.messages.length > 8 && log.messages.every(({ bytes }) => bytes.length <= 20_000));
    store.append(64, { list: new Int16Array(20_000) });
    await assert.rejects(send(store as never, log, "steps.a", { signal }), {
      code: "file-too-large",
      message: /Cannot send row 64: it must have <= 20000 bytes as a message, got 4\d{4}/,
    });
  }));

test("a message goes when it is whole, and what is not yet waits as long as milliseconds says", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = StreamStore.open(join(folder, "a.stream"), { fields });
    const rowCounts = () => log.messages.map(({ bytes }) => tableFromIPC(bytes).numRows);
    const end = new AbortController();
    const options = { signal: end.signal, rows: 8, milliseconds: 60_000 };
    const sending = send(store as never, log, "steps.a", options);
    for (let row = 0; row < 20; row++) store.append(row, { reward: row });
    for (const since = Date.now(); log.messages.length < 2; await pause(2)) {
      assert.ok(Date.now() - since < 30_000, "whole messages must not wait");
    }
    await pause(50);
    assert.deepEqual(rowCounts(), [8, 8]);
    end.abort();
    await sending;
    assert.deepEqual(rowCounts(), [8, 8, 4]);
    // A step every 2 ms, and a message every 100.
    const slow = new AbortController();
    const slowly = send(store as never, log, "steps.a", { signal: slow.signal, milliseconds: 100 });
    const [since, before] = [performance.now(), log.messages.length];
    for (let row = 20; row < 120; row++) {
      store.append(row, { reward: row });
      await pause(2);
    }
    const most = Math.ceil((performance.now() - since) / 100);
    const count = log.messages.length - before;
    assert.ok(1 <= count && count <= most, `there must be 1 to ${most} messages, got ${count}`);
    slow.abort();
    await slowly;
    assert.equal(rowCounts().reduce((sum, rows) => sum + rows, 0) >= 120, true);
  }));
