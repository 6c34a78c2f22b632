/** What goes wrong on purpose at the Hub for tests. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { call, commit, files, large, largePath, newFile, withHub } from "./calls.ts";

test("faults happen to the next requests that match, and to no others", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const info = "/api/datasets/user/name";
    hub.faults.add({ path: "/tree/", status: 429, headers: { "Retry-After": "7" }, times: 2 });
    hub.faults.add({ path: /name$/, method: "GET", status: 503, skip: 1 });
    assert.equal((await call(hub, info)).status, 200);
    assert.equal((await call(hub, info)).status, 503);
    assert.equal((await call(hub, info)).status, 200);
    const limited = await call(hub, `${info}/tree/main`);
    assert.deepEqual([limited.status, limited.headers.get("Retry-After")], [429, "7"]);
    assert.equal(hub.faults.pending.length, 1);
    assert.equal((await call(hub, `${info}/tree/main`)).status, 429);
    assert.equal((await call(hub, `${info}/tree/main`)).status, 200);
    assert.deepEqual(hub.faults.pending, []);
    const start = performance.now();
    hub.faults.add({ delayMilliseconds: 50 });
    await call(hub, info);
    assert.ok(performance.now() - start >= 45);
  }));

test("bodies are cut, shortened, damaged, or come whole where a range was asked for", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const link = (await call(hub, largePath)).headers.get("Location")!;
    const get = async (range?: string) => {
      const response = await fetch(link, { headers: range === undefined ? {} : { Range: range } });
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of response.body!) pieces.push(piece);
      } catch {
        return { status: response.status, body: Buffer.concat(pieces), isCut: true };
      }
      return { status: response.status, body: Buffer.concat(pieces), isCut: false };
    };
    hub.faults.add({ host: "storage", cutAfter: 1000 });
    const cut = await get();
    assert.equal(cut.isCut, true);
    assert.ok(cut.body.length <= 1000);
    assert.deepEqual(new Uint8Array(cut.body), large.slice(0, cut.body.length));
    hub.faults.add({ host: "storage", truncateTo: 1000 });
    assert.deepEqual(await get(), { status: 200, body: Buffer.from(large.slice(0, 1000)), isCut: false });
    hub.faults.add({ host: "storage", corruptAt: 3 });
    const damaged = await get();
    assert.deepEqual([...damaged.body.subarray(2, 5)], [large[2], large[3] ^ 0xff, large[4]]);
    hub.faults.add({ host: "storage", ignoreRange: true });
    assert.deepEqual(await get("bytes=0-9"), { status: 200, body: Buffer.from(large), isCut: false });
    // None of it touched what the repository holds.
    assert.deepEqual(await get(), { status: 200, body: Buffer.from(large), isCut: false });
    assert.equal(hub.log.bytes({ host: "storage" }), 2 * 1000 + 3 * 5000);
  }));

test("a connection is dropped before a commit or after it, and another's commit comes in between", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name", { files });
    const before = repository.head.id;
    hub.faults.add({ path: "/commit/", drop: "request" });
    await assert.rejects(commit(hub, [newFile("a.txt", "a")]));
    assert.equal(repository.head.id, before);
    hub.faults.add({ path: "/commit/", drop: "answer" });
    await assert.rejects(commit(hub, [newFile("a.txt", "a")]));
    hub.faults.add({ path: "/commit/", status: 500, handled: true });
    assert.equal((await commit(hub, [newFile("b.txt", "b")])).status, 500);
    assert.deepEqual(repository.paths().filter((path) => path.endsWith(".txt")), ["a.txt", "b.txt"]);
    hub.faults.add({ path: "/commit/", before: () => repository.write({ "other.txt": "x" }) });
    const { status } = await commit(hub, [newFile("c.txt", "c")], { parentCommit: repository.head.id });
    assert.equal(status, 412);
    assert.ok(repository.paths().includes("other.txt"));
  }));
