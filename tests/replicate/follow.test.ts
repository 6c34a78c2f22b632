/** What a follower tells, samples, refuses, and where it reads on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type FieldMap, StreamStore } from "../../mod.ts";
import { follow, type FollowReport, type LogWait, send } from "../../replicate.ts";
import { findStart } from "../../src/replicate/start.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { until } from "../support/replicate/until.ts";
import { Random } from "../support/support.ts";

const fields = { reward: "float32" } as const;

function collector(path: string, made: FieldMap = fields): StreamStore {
  return StreamStore.open(path, { fields: made }) as unknown as StreamStore;
}

/** Each value is there once. */
let appended = 0;

function appendRows(store: StreamStore, count: number, field = "reward"): void {
  for (let i = 0; i < count; i++) {
    const step = store.rowCount;
    store.append(step, { [field]: appended++ } as never);
  }
}

const sendAll = (store: StreamStore, log: MemoryLog, subject: string, rows = 4096) =>
  send(store, log, subject, { signal: AbortSignal.abort(), rows });

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("mixture() has all replicas, those of collectors that appear later and behind gaps too, and grows with them", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    const [a, b] = ["a", "b"].map((name) => collector(join(folder, name)));
    const end = new AbortController();
    const directory = join(folder, "replicas");
    const follower = follow(log, { directory, subjects: "steps.*", signal: end.signal });
    const coming = follower.mixture({ tokens: 1, batchSize: 1024, seed: 1n });
    appendRows(a, 10);
    await sendAll(a, log, "steps.a");
    const mixture = await coming;
    /** The steps that are drawn, by source: of so few each comes among 1,024. */
    const drawn = () => {
      const { size, sources, steps } = mixture.next()!;
      const found: number[][] = [];
      for (let i = 0; i < size; i++) (found[sources![i]] ??= [])[Number(steps[i])] = Number(steps[i]);
      return JSON.stringify(found.map((rows) => Object.values(rows)));
    };
    const expected = (...rows: number[][]) => JSON.stringify(rows);
    await until(() => drawn() === expected(range(0, 10)));
    appendRows(a, 5);
    appendRows(b, 7);
    await sendAll(a, log, "steps.a");
    await sendAll(b, log, "steps.b");
    await until(() => drawn() === expected(range(0, 15), range(0, 7)));
    // Rows 15 to 18 are in no message any more when the follower reads on.
    log.isHeld = true;
    appendRows(a, 4);
    await sendAll(a, log, "steps.a");
    appendRows(a, 2);
    await sendAll(a, log, "steps.a");
    log.messages.splice(log.messages.length - 2, 1);
    log.isHeld = false;
    await until(() => drawn() === expected(range(0, 15), range(0, 7), range(18, 21)));
    end.abort();
    await follower;
    // What another follower finds.
    const again = new AbortController();
    const second = follow(log, { directory, subjects: "steps.*", signal: again.signal });
    const all = await second.mixture({ tokens: 1, batchSize: 1024, seed: 1n });
    await until(() => new Set(all.next()!.sources).size === 3);
    again.abort();
    await second;
    for (const store of [a, b]) store.close();
  }));

test("one subject of another schema or a damaged message is said once and at the end, and the others go on", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    const directory = join(folder, "replicas");
    const [a, b, c] = ["a", "b", "c"].map((name) => collector(join(folder, name)));
    for (const [store, subject] of [[a, "steps.a"], [b, "steps.b"], [c, "steps.c"]] as const) {
      appendRows(store, 3);
      await sendAll(store, log, subject);
    }
    const told: string[] = [];
    const ended = new Map<string, number>();
    const start = () => {
      const end = new AbortController();
      const follower = follow(log, {
        directory,
        subjects: "steps.*",
        signal: end.signal,
        onProgress: ({ subject, endRow }) => ended.set(subject, endRow),
        onRefuse: ({ subject, error }) => told.push(`${subject} ${error.message}`),
      });
      return { follower, end };
    };
    const first = start();
    await until(() => ended.size === 3);
    first.end.abort();
    await first.follower;
    // A store that was made anew has the name, with other fields.
    log.messages = log.messages.filter(({ subject }) => subject !== "steps.a");
    using other = collector(join(folder, "other"), { reward: "float64", action: "int16" });
    appendRows(other, 3);
    await sendAll(other, log, "steps.a");
    const whole = (await log.last("steps.b"))!;
    await log.publish("steps.b", whole.bytes.slice(0, whole.bytes.length >> 1), whole.number);
    const second = start();
    await until(() => told.length === 2);
    appendRows(c, 5);
    await log.publish("steps.d", new Uint8Array(100), 0);
    await sendAll(c, log, "steps.c");
    await until(() => ended.get("steps.c") === 8 && told.length === 3);
    second.end.abort();
    const error: AggregateError = await Promise.resolve(second.follower).then(
      () => assert.fail(),
      (error) => error,
    );
    assert.equal(error.errors.length, 3);
    told.sort();
    assert.match(
      told[0],
      /^steps\.a Cannot follow steps\.a: fields must be \{ reward: 0 float32 \}, got \{ reward: 0, action: 1 int16 \}/,
    );
    assert.match(told[1], /^steps\.b Cannot follow steps\.b: a message must be /);
    assert.match(told[2], /^steps\.d Cannot follow steps\.d: a message must be /);
    assert.deepEqual(error.errors.map(({ code }) => code).sort(), ["damaged", "damaged", "fields-differ"]);
    using replica = StreamStore.open(join(directory, "steps.c.stream"), { mode: "read" });
    assert.deepEqual(replica.rows(), c.rows());
    for (const store of [a, b, c]) store.close();
  }));

test("one that has other fields than the first is followed, and not in the mixture", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using a = collector(join(folder, "a"));
    using b = collector(join(folder, "b"), { action: "int16" });
    const end = new AbortController();
    const follower = follow(log, {
      directory: join(folder, "replicas"),
      subjects: "steps.*",
      signal: end.signal,
    });
    appendRows(a, 3);
    await sendAll(a, log, "steps.a");
    const mixture = await follower.mixture({ tokens: 1, batchSize: 8 });
    appendRows(b, 3, "action");
    await sendAll(b, log, "steps.b");
    for await (const reports of follower.watch({ every: 5 })) {
      if (reports.some(({ subject, endRow }) => subject === "steps.b" && endRow === 3)) end.abort();
      assert.ok(mixture.next()!.sources!.every((source) => source === 0));
    }
  }).then(() => assert.fail("it must be said"), (error) => {
    assert.match(
      error.message,
      /^Cannot follow steps\.b: .* must have the fields of the first, reward .*, got action /,
    );
  }));

test("watch() says how far behind each replica is, and how fast it comes on", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using a = collector(join(folder, "a"));
    appendRows(a, 10);
    await sendAll(a, log, "steps.a");
    const end = new AbortController();
    const follower = follow(log, {
      directory: join(folder, "replicas"),
      subjects: "steps.*",
      signal: end.signal,
    });
    const next = async (isWanted: (report: FollowReport) => boolean) => {
      for await (const [report] of follower.watch({ every: 5 })) {
        if (report && isWanted(report)) return report;
      }
      return assert.fail("it has ended");
    };
    const { appliedAt } = await next(({ behindRows, endRow }) => behindRows === 0 && endRow === 10);
    assert.ok(Math.abs(appliedAt! - Date.now()) < 600_000);
    log.isHeld = true;
    appendRows(a, 25);
    await sendAll(a, log, "steps.a");
    const behind = await next(({ behindRows }) => behindRows !== 0);
    assert.deepEqual([behind.subject, behind.endRow, behind.behindRows, behind.refused], [
      "steps.a",
      10,
      25,
      null,
    ]);
    // Rates are of the time since the report before: the one that has the rows has them all.
    const watching = follower.watch({ every: 5 });
    await watching.next();
    log.isHeld = false;
    for (;;) {
      const { value } = await watching.next();
      const [{ endRow, rowsPerSecond, bytesPerSecond }] = value!;
      if (endRow === 10) continue;
      assert.ok(rowsPerSecond > 0 && bytesPerSecond > rowsPerSecond);
      break;
    }
    end.abort();
    assert.deepEqual(await watching.next(), { value: undefined, done: true });
    await follower;
  }));

test("follow() tells how long the log does not answer, and how many rows it had more when it last did", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using a = collector(join(folder, "a"));
    const end = new AbortController();
    const waits: LogWait[] = [];
    const follower = follow(log, {
      directory: join(folder, "replicas"),
      subjects: "steps.*",
      signal: end.signal,
      onWait: (waiting) => waits.push(waiting),
    });
    const { last, subjects } = log;
    const error = new Error("the server is away");
    const found = () => JSON.stringify(waits);
    // What has begun to be read goes on without a word: nothing has come yet, and then something.
    await until(() => log.reads.length > 0);
    const away = () => Promise.reject(error);
    [log.subjects, log.last] = [away, away];
    await until(() => waits.length > 1, found);
    assert.deepEqual([waits[0].waitingRows, waits[0].error, waits[0].milliseconds], [null, error, 0]);
    assert.ok(waits[1].milliseconds >= 500, found());
    [log.last, log.subjects] = [last, subjects];
    appendRows(a, 10);
    await sendAll(a, log, "steps.a");
    for await (const [report] of follower.watch({ every: 5 })) if (report?.endRow === 10) break;
    log.isHeld = true;
    appendRows(a, 25);
    await sendAll(a, log, "steps.a");
    for await (const [report] of follower.watch({ every: 5 })) if (report?.behindRows === 25) break;
    waits.length = 0;
    log.last = away;
    await until(() => waits.length > 0, found);
    assert.deepEqual([waits[0].waitingRows, waits[0].milliseconds], [25, 0]);
    end.abort();
    await follower;
  }));

test("a follower reads on from where its replicas are, by few looks, and from the first message where it must", () =>
  inFolder(async (folder) => {
    const random = new Random(7);
    const log = new MemoryLog();
    const directory = join(folder, "replicas");
    const stores = ["a", "b", "c"].map((name) => collector(join(folder, name)));
    const sendRandom = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const which = random.below(3);
        appendRows(stores[which], 1 + random.below(5));
        await sendAll(stores[which], log, `steps.${"abc"[which]}`);
      }
    };
    const followTo = async (counts: readonly number[]) => {
      const end = new AbortController();
      const found = [0, 0, 0];
      const follower = follow(log, { directory, subjects: "steps.*", signal: end.signal });
      for await (const reports of follower.watch({ every: 2 })) {
        for (const { subject, endRow } of reports) found["abc".indexOf(subject.at(-1)!)] = endRow;
        if (found.every((count, i) => count === counts[i])) end.abort();
      }
      for (const [i, store] of stores.entries()) {
        using replica = StreamStore.open(join(directory, `steps.${"abc"[i]}.stream`), { mode: "read" });
        assert.deepEqual(replica.rows(), store.rows());
      }
    };
    const counts = () => stores.map(({ rowCount }) => rowCount);
    await sendRandom(300);
    await followTo(counts());
    assert.deepEqual(log.reads, [1]);
    const held = log.messages.at(-1)!.number;
    await sendRandom(300);
    let looks = 0;
    const { next } = log;
    log.next = (subject, from) => (looks++, next.call(log, subject, from));
    await followTo(counts());
    // The first that are new.
    assert.equal(log.reads[1], held + 1);
    assert.ok(looks < 40, `${looks} looks`);
    // The log is wiped, and the senders begin anew: their numbers do too.
    log.rollBack(log.messages.length);
    await sendRandom(30);
    for (const [i, store] of stores.entries()) await sendAll(store, log, `steps.${"abc"[i]}`);
    await followTo(counts());
    // A replica that is gone has its subject read from the first message on.
    const first = log.messages.find(({ subject }) => subject === "steps.a")!.number;
    assert.equal((await findStart(log, "steps.a", () => null)).from, first);
    const last = log.messages.findLast(({ subject }) => subject === "steps.a")!.number;
    assert.equal((await findStart(log, "steps.a", () => stores[0].rowCount)).from, last);
    // Of what the log has nothing of, whatever comes first is read.
    assert.equal((await findStart(log, "none.*", () => null)).from, 1);
    for (const store of stores) store.close();
  }));

test("timers have their turn while a follower has much to read", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog();
    using store = collector(join(folder, "a"));
    appendRows(store, 1000);
    await sendAll(store, log, "steps.a", 1);
    assert.equal(log.messages.length, 1000);
    const end = new AbortController();
    let ticks = 0;
    const ticksAtRow: number[] = [];
    const timer = setInterval(() => ticks++, 1);
    const onProgress = ({ endRow }: { endRow: number }) => {
      ticksAtRow.push(ticks);
      if (endRow === 1000) end.abort();
    };
    await follow(log, { directory: join(folder, "b"), subjects: "steps.a", signal: end.signal, onProgress });
    clearInterval(timer);
    // They come without a pause between them.
    assert.ok(new Set(ticksAtRow).size >= 3, `timers ran before rows ${ticksAtRow.length}: ${ticks}`);
  }));
