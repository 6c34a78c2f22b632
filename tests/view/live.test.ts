/** `/api/live`: what the server says of a store while it is written, dropped, deleted and replaced. */
import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { LiveEvent } from "../../src/view/protocol.ts";
import { inFolder } from "../support/cli/command.ts";
import { kill, startWriter } from "../support/view/children.ts";
import { type Viewer, withViewer } from "../support/view/viewer.ts";

/** The events of a stream, one after another. */
class Events {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stop: AbortController;
  readonly #decoder = new TextDecoder();
  #text = "";
  readonly seen: LiveEvent[] = [];

  private constructor(body: ReadableStream<Uint8Array>, stop: AbortController) {
    [this.#reader, this.#stop] = [body.getReader(), stop];
  }

  static async of(viewer: Viewer, store = 0): Promise<Events> {
    const stop = new AbortController();
    const { signal } = stop;
    const headers = { cookie: await viewer.cookie() };
    const response = await fetch(`${viewer.origin}/api/live?store=${store}`, { headers, signal });
    assert.equal(response.headers.get("content-type"), "application/x-ndjson");
    return new Events(response.body!, stop);
  }

  async next(): Promise<LiveEvent> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#reader.read();
      assert.ok(!done, "the stream has ended");
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const at = this.#text.indexOf("\n");
    const event = JSON.parse(this.#text.slice(0, at));
    this.#text = this.#text.slice(at + 1);
    this.seen.push(event);
    return event;
  }

  /** The first that is as is asked for; a store that does not become so fails by the test's time. */
  async until(is: (event: LiveEvent) => boolean): Promise<LiveEvent> {
    const from = Date.now();
    for (;;) {
      const event = await this.next();
      if (is(event)) return event;
      if (Date.now() - from > 30_000) assert.fail(`the last was ${JSON.stringify(event)}`);
    }
  }

  end(): void {
    this.#stop.abort();
    this.#reader.cancel().catch(() => {});
  }
}

async function watching(
  folder: string,
  use: (events: Events, viewer: Viewer) => Promise<void>,
): Promise<void> {
  await withViewer(folder, ["run.stream"], async (viewer) => {
    const events = await Events.of(viewer);
    try {
      await use(events, viewer);
    } finally {
      events.end();
    }
  });
}

const fields = { value: "float32", done: "bool" } as const;

test("each commit is told, and where nothing happens that the server lives", () =>
  inFolder(async (folder) => {
    using store = StreamStore.open(join(folder, "run.stream"), { fields });
    store.append(0, { value: 1 });
    store.flush();
    await watching(folder, async (events) => {
      const { writer, byteLength, seenAt, ...first } = await events.next();
      assert.deepEqual(first, {
        store: 0,
        state: "open",
        generation: 1,
        firstRow: 0,
        endRow: 1,
        endToken: 1,
      });
      assert.deepEqual(writer, { processId: process.pid });
      assert.ok(byteLength > 0 && Math.abs(seenAt - Date.now()) < 20_000);
      for (let step = 1; step <= 5; step++) {
        store.append(step, { value: step, done: true });
        store.flush();
        const event = await events.until(({ endRow }) => endRow === step + 1);
        assert.equal(event.endToken, 1 + 2 * step);
      }
      // Nothing is committed, and something comes.
      const quiet = await events.until(({ seenAt }) => seenAt - events.seen.at(-2)!.seenAt > 1000);
      assert.equal(quiet.endRow, 6);
    });
  }));

test("a writer at full speed that is killed and restarted: rows only grow, and the last are all", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    StreamStore.open(path, { fields }).close();
    await watching(folder, async (events) => {
      assert.equal((await events.next()).writer, null);
      for (let restart = 0; restart < 2; restart++) {
        const child = await startWriter(path);
        await events.until(({ writer }) => writer?.processId === child.pid);
        const { endRow } = events.seen.at(-1)!;
        await events.until((event) => event.endRow > endRow + 10_000);
        await kill(child);
        await events.until(({ writer }) => writer === null);
      }
      // What the last one left in its tail is found by the next.
      using store = StreamStore.open(path);
      store.flush();
      await events.until(({ endRow }) => endRow === store.rowCount);
      const rows = events.seen.map(({ endRow }) => endRow);
      assert.deepEqual(rows, rows.toSorted((one, other) => one - other));
      assert.ok(events.seen.every(({ state, generation }) => state === "open" && generation === 1));
      const times = events.seen.map(({ seenAt }) => seenAt);
      assert.ok(events.seen.length <= (times.at(-1)! - times[0]) / 14 + 5, `${events.seen.length} events`);
    });
  }));

test("a store that drops its oldest rows keeps their numbers", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    const child = await startWriter(path, "10000");
    try {
      await watching(folder, async (events) => {
        const { firstRow } = await events.until((event) => event.firstRow > 0);
        const later = await events.until((event) => event.firstRow > firstRow);
        assert.ok(later.endRow - later.firstRow >= 10_000);
        assert.equal(later.generation, 1);
      });
    } finally {
      await kill(child);
    }
  }));

test("a store that is moved away, back, deleted and replaced, and one that is no store", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    const make = (values: readonly number[]) => {
      using store = StreamStore.open(path, { fields });
      values.forEach((value, step) => store.append(step, { value }));
    };
    make([1, 2, 3]);
    await watching(folder, async (events, viewer) => {
      assert.equal((await events.next()).endRow, 3);
      renameSync(path, `${path}.away`);
      const gone = await events.until(({ state }) => state === "deleted");
      assert.equal(gone.reason, `The store at run.stream was deleted`);
      const headers = { cookie: await viewer.cookie() };
      const answer = await fetch(`${viewer.origin}/api/overview?store=0`, { headers });
      assert.deepEqual([answer.status, await answer.json()], [404, { error: gone.reason }]);
      const [listed] = await (await fetch(`${viewer.origin}/api/stores`, { headers })).json();
      assert.deepEqual([listed.state, listed.reason], ["deleted", gone.reason]);
      renameSync(`${path}.away`, path);
      const back = await events.until(({ state }) => state === "open");
      assert.deepEqual([back.endRow, back.generation], [3, 1]);
      rmSync(path, { recursive: true });
      await events.until(({ state }) => state === "deleted");
      make([5]);
      const other = await events.until(({ state }) => state === "replaced");
      assert.deepEqual([other.endRow, other.generation], [1, 2]);
      rmSync(path, { recursive: true });
      mkdirSync(path);
      writeFileSync(join(path, "store.json"), "no manifest");
      writeFileSync(join(path, "head"), "no head");
      const failed = await events.until(({ state }) => state === "failed");
      assert.match(failed.reason!, /^Cannot open the store/);
      rmSync(path, { recursive: true });
      make([6, 7]);
      const third = await events.until(({ state }) => state === "replaced");
      assert.deepEqual([third.endRow, third.generation], [2, 3]);
    });
  }));
