/** Downloads: what is asked for, and what becomes of everything that can go wrong on the way. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { HubProgress } from "../../../../src/dataset/hub/types.ts";
import { large, open, openFile, path, read, rejects, retry, withHub } from "../../../support/hub/loading.ts";

test("slice() follows a file's redirect once, and fetches only the ranges that were asked for", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    assert.equal(file.byteLength, large.length);
    hub.log.clear();
    await read(file, 2_900_000);
    await Promise.all([read(file, 0, 1000), read(file, 500_000, 600_000)]);
    await read(file, 1_000_000, 1_000_001);
    assert.equal(hub.log.count({ host: "hub", path: "/resolve/" }), 1);
    assert.deepEqual(
      hub.log.find({ host: "storage" }).map(({ range }) => range).sort(),
      ["bytes=0-999", "bytes=1000000-1000000", "bytes=2900000-2999999", "bytes=500000-599999"],
    );
    assert.equal(hub.log.bytes({ host: "storage" }), 201_001);
  }));

test("prefetch() fetches ranges in few requests, and slice() cuts from them", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    await read(file, 2_999_000);
    hub.log.clear();
    file.prefetch([{ start: 500_000, end: 600_000 }, { start: 4, end: 100_000 }, {
      start: 110_000,
      end: 200_000,
    }]);
    await read(file, 110_000, 200_000);
    await read(file, 4, 100_000);
    await read(file, 550_000, 560_000);
    assert.deepEqual(
      hub.log.find().map(({ host, range }) => [host, range]).sort(),
      [["storage", "bytes=4-199999"], ["storage", "bytes=500000-599999"]],
    );
    // What was not foreseen is asked for.
    await read(file, 590_000, 610_000);
    assert.equal(hub.log.count(), 3);
  }));

test("slice() reads a small file whole once, and compares it with its hash", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    hub.faults.add({ host: "storage", corruptAt: 1_000_000 });
    await read(file, 0);
    assert.equal(hub.log.count({ host: "storage" }), 2);
    await read(file, 5, 10);
    assert.equal(hub.log.count({ host: "storage" }), 2);
  }));

test("slice() refuses a file that stays damaged", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    hub.faults.add({ host: "storage", corruptAt: 5, times: 4 });
    const expected = createHash("sha256").update(large).digest("hex");
    await rejects(
      file.slice(0),
      "damaged",
      new RegExp(`Cannot load user/name: .* must have the hash ${expected}`),
    );
  }));

test("slice() goes on where it was when a download is cut, shortened or stalls", () =>
  withHub(async (hub) => {
    const file = await openFile(hub, { retry: { ...retry, timeoutSeconds: 0.2 } });
    await read(file, 0, 10);
    hub.log.clear();
    hub.faults.add({ host: "storage", cutAfter: 1_000_000 });
    hub.faults.add({ host: "storage", truncateTo: 500_000 });
    hub.faults.add({ host: "storage", stallAfter: 200_000 });
    await read(file, 1, 2_500_000);
    const starts = hub.log.find({ host: "storage" }).map(({ range }) => Number(/=(\d+)/.exec(range!)![1]));
    assert.equal(starts.length, 4);
    assert.equal(starts[0], 1);
    // The kernel may have held back some of what was sent before the cut.
    assert.ok(starts.every((start, i) => i === 0 || start > starts[i - 1]), starts.join());
    assert.equal(hub.log.count({ host: "hub" }), 0);
  }));

test("slice() counts what brings a download forward as a first try", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    hub.faults.add({ host: "storage", truncateTo: 100_000, times: 9 });
    await read(file, 0, 1_000_000);
  }));

test("slice() tries a connection that dies without a byte so often and no more", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    hub.faults.add({ host: "storage", drop: "request", times: 3 });
    await read(file, 0, 10);
    // Many, for the runtimes try again by themselves where a connection was open before.
    hub.faults.add({ host: "storage", drop: "answer", times: 100 });
    await rejects(
      file.slice(0, 10),
      "input-output",
      /Cannot load user\/name: data\/train.* must come whole, got /,
    );
    assert.ok(hub.log.count({ host: "storage", status: 0 }) < 20);
    hub.faults.clear();
  }));

test("slice() has the bytes also of a server that ignores ranges", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    hub.faults.add({ host: "storage", ignoreRange: true, times: 2 });
    await read(file, 1_000_000, 1_000_100);
    await read(file, 2_999_990);
    // Or it answers with another range than was asked for.
    const headers = { "Content-Range": "bytes 5-24/3000000" };
    hub.faults.add({ host: "storage", status: 206, headers });
    await read(file, 0, 20);
  }));

test("slice() renews an expired link", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    await read(file, 0, 10);
    hub.expireLinks();
    hub.log.clear();
    await read(file, 20, 30);
    await read(file, 30, 40);
    assert.deepEqual(hub.log.find().map(({ host, status }) => [host, status]), [
      ["storage", 403],
      ["hub", 302],
      ["storage", 206],
      ["storage", 206],
    ]);
    // One that was given just now and is refused will be refused again.
    hub.faults.add({ host: "storage", status: 403, times: 2 });
    await rejects(file.slice(50, 60), "input-output", /the Hub's storage must give or take data.*, got 403/);
  }));

test("slice() of many ranges waits for a silent Hub together", () =>
  withHub(async (hub) => {
    const file = await openFile(hub, { retry: { ...retry, attempts: 2, timeoutSeconds: 0.3 } });
    hub.faults.add({ path: "/resolve/", delayMilliseconds: 1500, times: 100 });
    const start = performance.now();
    const reads = [0, 1, 2, 3].map((i) => file.slice(i * 500_000, i * 500_000 + 10));
    for (const { status } of await Promise.allSettled(reads)) assert.equal(status, "rejected");
    // Two tries, of which each is one request for all of them: one after another they take at least 2400 ms.
    assert.ok(performance.now() - start < 2300, `${performance.now() - start} ms`);
    assert.ok(hub.log.count({ path: "/resolve/" }) <= 3, `${hub.log.count({ path: "/resolve/" })}`);
    hub.faults.clear();
  }));

test("close() of a file asks for nothing more", () =>
  withHub(async (hub) => {
    const file = await openFile(hub);
    file.prefetch([{ start: 0, end: 10 }]);
    file.close();
    await assert.rejects(file.slice(0, 10), /was closed/);
    await assert.rejects(file.slice(0, large.length + 1), /must lie within the file, which has 3000000/);
  }));

test("onProgress() is told bytes of the file", () =>
  withHub(async (hub) => {
    const told: HubProgress[] = [];
    const file = await openFile(hub, { onProgress: (progress) => told.push(progress) });
    await read(file, 0, 1_000_000);
    await read(file, 2_000_000, 2_500_000);
    assert.deepEqual(told.at(-1), { kind: "download", path, bytes: 1_500_000, byteLength: 3_000_000 });
    assert.ok(told.every(({ bytes }, i) => i === 0 || bytes > told[i - 1].bytes));
  }));

test("slice() reads a file in git itself from the Hub, also behind a redirect of its own", () =>
  withHub(async (hub) => {
    const small = new TextEncoder().encode("PAR1, or so it says");
    hub.createRepository("user/name", { files: { ".gitattributes": "" } }).write({ [path]: small });
    for (const redirectSmallFiles of [false, true]) {
      hub.settings.redirectSmallFiles = redirectSmallFiles;
      const { files: [file] } = await open(hub);
      assert.deepEqual(new Uint8Array(await file.slice(3, 8)), small.slice(3, 8));
      hub.faults.add({ path: redirectSmallFiles ? "/resolve-cache/" : "/resolve/", corruptAt: 2 });
      assert.deepEqual(new Uint8Array(await file.slice(0)), small);
    }
    assert.equal(hub.log.count({ host: "storage" }), 0);
  }));
