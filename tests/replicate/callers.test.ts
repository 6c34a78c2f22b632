/** What callers give: their functions' own errors come out as they are, and numbers that make no sense are refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, type FollowOptions, send, type SendOptions } from "../../replicate.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { within } from "../support/replicate/until.ts";

const fields = { reward: "float32" } as const;

function storeOf(count: number, made: { readonly retain?: { readonly rows: number } } = {}): StreamStore {
  const store = new StreamStore(fields, made);
  for (let row = 0; row < count; row++) store.append(row, { reward: row });
  return store as unknown as StreamStore;
}

const sendAll = (store: StreamStore, log: MemoryLog, options: SendOptions = {}) =>
  send(store, log, "steps.a", { signal: AbortSignal.abort(), ...options });

/** What a function throws that the caller gave: no error of the library's could be taken for it. */
const own = { reason: "the caller's" };
const fail = () => {
  throw own;
};

const awaited = (error: unknown) => within(Promise.resolve(error as PromiseLike<void>));

async function comesOut(task: PromiseLike<unknown>): Promise<void> {
  const found = await awaited(
    Promise.resolve(task).then(() => assert.fail("it has ended"), (error) => error),
  );
  assert.equal(found, own);
}

test("send() ends with what onProgress, onWait and onGap throw, at once", async () => {
  const log = new MemoryLog();
  using store = storeOf(10);
  await comesOut(sendAll(store, log, { onProgress: fail }));
  // It had been sent.
  assert.equal(log.messages.length, 1);
  log.before = () => {
    throw new Error("the server is away");
  };
  store.append(10, { reward: 1 } as never);
  await comesOut(sendAll(store, log, { onWait: fail }));
  log.before = () => {};
  using dropping = storeOf(10, { retain: { rows: 8 } });
  const other = new MemoryLog();
  await sendAll(dropping, other);
  for (let row = 10; dropping.firstRow < 20; row++) dropping.append(row, { reward: 1 } as never);
  await comesOut(sendAll(dropping, other, { onGap: fail }));
});

test("follow() ends with what onProgress, onGap, onRefuse and onWait throw, at once", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    const following = (options: Partial<FollowOptions>, name = "replicas") =>
      follow(log, { directory: join(folder, name), subjects: "steps.*", ...options });
    using store = storeOf(10);
    await sendAll(store, log);
    await comesOut(following({ onProgress: fail }));
    for (const row of [10, 11, 12]) {
      store.append(row, { reward: row } as never);
      await sendAll(store, log);
    }
    // The rows 10 and 11 are in no other.
    log.messages.splice(1, 2);
    await comesOut(following({ onGap: fail }));
    await log.publish("steps.b", new Uint8Array(100), 0);
    await comesOut(following({ onRefuse: fail }, "others"));
    log.subjects = () => Promise.reject(new Error("the server is away"));
    await comesOut(following({ onWait: fail }));
  }));

test("send(), follow() and watch() refuse numbers and options that they could not go by", () =>
  inFolder(async (directory) => {
    const log = new MemoryLog();
    using store = storeOf(1);
    const refused = async (task: PromiseLike<unknown>, message: string) =>
      await assert.rejects(awaited(task), { name: "RangeError", message });
    await refused(
      sendAll(store, log, { rows: 0 }),
      "Cannot send a store: rows must be an integer >= 1, got 0",
    );
    const range = "must be an integer from 0 to 2147483647";
    for (const milliseconds of [NaN, -1, 2 ** 31]) {
      const message = `Cannot send a store: milliseconds ${range}, got ${milliseconds}`;
      await refused(sendAll(store, log, { milliseconds }), message);
    }
    const subjects = "steps.*";
    const longer = "must be an integer from 1 to 2147483647";
    const following = follow(log, { directory, subjects, syncEvery: 0 });
    await refused(following, `Cannot follow stores: syncEvery ${longer}, got 0`);
    const end = new AbortController();
    const follower = follow(log, { directory, subjects, signal: end.signal });
    for (const every of [0, 0.5, NaN, Infinity, "5"]) {
      const got = typeof every === "string" ? `"${every}"` : every;
      const watching = follower.watch({ every: every as number }).next();
      await refused(watching, `Cannot watch what is followed: every ${longer}, got ${got}`);
    }
    await assert.rejects(follower.watch({ evry: 5 } as never).next(), {
      name: "TypeError",
      message: /an option must be one of every, got evry$/,
    });
    end.abort();
    await follower;
  }));
