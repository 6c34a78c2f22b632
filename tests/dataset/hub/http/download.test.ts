/** Listings and downloads: what is asked for, and what becomes of everything that can go wrong on the way. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { StreamStoreError } from "../../../../mod.ts";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import { Lanes, planRequests } from "../../../../src/dataset/hub/http/ranges.ts";
import { waitSecondsOf } from "../../../../src/dataset/hub/http/retry.ts";
import type { HubLoadOptions, HubProgress, RemoteFile } from "../../../../src/dataset/hub/types.ts";
import { type Hub, startHub } from "../../../support/hub/server.ts";
import type { HubSettings } from "../../../support/hub/state.ts";

const large = new Uint8Array(3_000_000).map((_, index) => (index * 7 + (index >> 8)) % 251);
const path = "data/train-00000-of-00001.parquet";
const files = { [path]: large };
const retry = { attempts: 4, pauseSeconds: 0.001, timeoutSeconds: 5 };

async function withHub(run: (hub: Hub) => Promise<void>, settings: Partial<HubSettings> = {}): Promise<void> {
  const hub = await startHub(settings);
  try {
    await run(hub);
    assert.deepEqual(hub.faults.pending, []);
    assert.ok(
      hub.log.find({ host: "storage" }).every(({ hasToken }) => !hasToken),
      "a token went to the storage",
    );
  } finally {
    await hub.close();
  }
}

async function open(hub: Hub, options: HubLoadOptions = {}, id = "user/name") {
  return await openSplit(id, "train", { endpoint: hub.endpoint, token: hub.token, retry, ...options });
}

async function openFile(hub: Hub, options: HubLoadOptions = {}): Promise<RemoteFile> {
  hub.createRepository("user/name", { files });
  return (await open(hub, options)).files[0];
}

async function read(file: RemoteFile, start: number, end?: number): Promise<void> {
  assert.deepEqual(new Uint8Array(await file.slice(start, end)), large.slice(start, end));
}

async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StreamStoreError, String(error));
    assert.match(error.message, message);
    assert.equal(error.code, code);
    const text = `${error.stack} ${error.cause} ${JSON.stringify(error)}`;
    assert.doesNotMatch(text, /hf_test|signature=/, "an error holds a secret");
    return true;
  });
}

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

test("openSplit() tries 429 and 5xx again, and waits for Retry-After", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    hub.faults.add({ path: "/revision/", status: 429, headers: { "Retry-After": "1" } });
    hub.faults.add({ path: "/tree/", status: 503, times: 3 });
    hub.faults.add({ path: "/resolve/", status: 500, times: 2 });
    hub.faults.add({ host: "storage", status: 502, times: 2 });
    hub.faults.add({ path: "/tree/", drop: "answer" });
    const start = performance.now();
    const { files: [file] } = await open(hub, { retry: { ...retry, attempts: 5 } });
    assert.ok(performance.now() - start >= 990);
    await read(file, 10, 20);
    hub.faults.add({ path: "/revision/", status: 503, times: 4 });
    await rejects(
      open(hub),
      "input-output",
      /Cannot load user\/name: http.* must answer .*, got 503, "Injected"/,
    );
    hub.faults.add({ path: "/revision/", status: 429, headers: { "Retry-After": "9999" } });
    await rejects(open(hub), "busy", /must have room for more requests, got 429/);
  }));

test("waitSecondsOf() reads seconds, a date, and the Hub's own header", () => {
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": "17" })), 17);
  const inTen = waitSecondsOf(new Headers({ "Retry-After": new Date(Date.now() + 10_000).toUTCString() }))!;
  assert.ok(inTen > 8 && inTen <= 10);
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": new Date(0).toUTCString() })), 0);
  assert.equal(waitSecondsOf(new Headers({ RateLimit: '"api";r=0;t=55' })), 55);
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": "soon" })), null);
  assert.equal(waitSecondsOf(new Headers()), null);
});

test("openSplit() and slice() end with the reason of an abort, also while they wait", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const reason = new Error("enough");
    for (
      const fault of [{ path: "/revision/", status: 429, headers: { "Retry-After": "30" } }, {
        path: "/tree/",
        stallAfter: 1,
      }]
    ) {
      const controller = new AbortController();
      hub.faults.add(fault);
      const opening = open(hub, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(opening, reason);
    }
    const controller = new AbortController();
    const { files: [file] } = await open(hub, { signal: controller.signal });
    hub.faults.add({ host: "storage", stallAfter: 100 });
    const reading = file.slice(0, 1000);
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(reading, reason);
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

test("openSplit() has all of one commit, in pages, whatever is committed meanwhile", () =>
  withHub(async (hub) => {
    const shards = Object.fromEntries(
      [0, 1, 2, 3, 4].map((i) => [`data/train-0000${i}-of-00005.parquet`, large.slice(i)]),
    );
    const repository = hub.createRepository("user/name", { files: { ...shards, "README.md": "# Name" } });
    const first = repository.head.id;
    hub.faults.add({
      path: "/tree/",
      before: () => repository.write({ "data/train-00005-of-00006.parquet": large }),
    });
    const { commit, files } = await open(hub);
    assert.equal(commit, first);
    assert.deepEqual(files.map(({ path }) => path), Object.keys(shards));
    assert.equal(hub.log.count({ path: "/tree/" }), 4);
    repository.write({ "data/train-00000-of-00005.parquet": null });
    assert.deepEqual(new Uint8Array(await files[0].slice(0)), large);
    const named = await open(hub, { revision: first.slice() });
    assert.equal(named.files.length, 5);
  }, { pageSize: 2 }));

for (const shortCommits of [true, false]) {
  const who = shortCommits ? "as the Hub does itself" : "where a mirror does not";
  test(`openSplit() knows a commit by the begin of its ID, ${who}`, () =>
    withHub(async (hub) => {
      const repository = hub.createRepository("user/name", { files });
      const second = repository.write({ [path]: large.slice(1) });
      for (let i = 0; i < 30; i++) repository.write({ "notes.txt": `${i}` });
      repository.branches.set("other", second.id);
      const onOther = repository.write({ [path]: large.slice(2) }, "Other", "other");
      for (const [{ id }, length] of [[second, large.length - 1], [onOther, large.length - 2]] as const) {
        for (const revision of [id.slice(0, 8), id.slice(0, 39), id]) {
          const { commit, files: [file] } = await open(hub, { revision });
          assert.deepEqual([commit, file.byteLength], [id, length], revision);
          assert.deepEqual(
            new Uint8Array(await file.slice(7, 99)),
            large.slice(large.length - length).slice(7, 99),
          );
        }
      }
      const missing = /the revision \w+ of user\/name must exist, got 404/;
      for (const revision of ["0".repeat(8), second.id.slice(0, 3), "f".repeat(40), "zz"]) {
        await rejects(open(hub, { revision }), "not-found", missing);
      }
      // Two of which it is the begin: more of it is needed.
      const twin = `${second.id.slice(0, 10)}${"0".repeat(30)}`;
      repository.commits.set(twin, { ...second, id: twin });
      repository.branches.set("twin", twin);
      const both = /the revision \w+ of user\/name must be the begin of one commit, got 2 of which it is/;
      await rejects(open(hub, { revision: second.id.slice(0, 8) }), "not-found", both);
      assert.equal((await open(hub, { revision: second.id.slice(0, 12) })).commit, second.id);
      // A branch of that name comes first.
      repository.branches.set(second.id.slice(0, 8), onOther.id);
      assert.equal((await open(hub, { revision: second.id.slice(0, 8) })).commit, onOther.id);
    }, { shortCommits, pageSize: 7 }));
}

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

test("openSplit() tells who may not read what is needed", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    hub.createRepository("user/private", { files, private: true });
    const cases: [HubLoadOptions, string, string, RegExp][] = [
      [
        {},
        "user/none",
        "not-found",
        /Cannot load user\/none: the repository must exist at http.*and the token be/,
      ],
      [
        { token: null },
        "user/none",
        "not-found",
        /must exist at .* private one a token be given .*HF_TOKEN.*, got 401/,
      ],
      [{ token: null }, "user/private", "not-found", /for a private one a token be given/],
      [{ token: hub.strangerToken }, "user/private", "not-found", /the token be allowed to read it, got 404/],
      [
        { token: "hf_testUnknown" },
        "user/name",
        "permission-denied",
        /the token must be one that http.* knows, got 401/,
      ],
      [{ revision: "v9" }, "user/name", "not-found", /the revision v9 of user\/name must exist, got 404/],
    ];
    for (const [options, id, code, message] of cases) await rejects(open(hub, options, id), code, message);
    const { files: [file] } = await open(hub, { token: hub.readToken }, "user/private");
    await read(file, 7, 77);
    hub.faults.add({ path: "/tree/", status: 403, headers: { "X-Error-Code": "GatedRepo" } });
    await rejects(open(hub), "permission-denied", /its conditions must be accepted at/);
    await rejects(open(hub, { endpoint: "http://127.0.0.1:1" }), "input-output", /must come whole, got /);
    await assert.rejects(open(hub, {}, "name"), /Cannot load name: a repository is named user\/name, got/);
  }));

test("openSplit() follows a mirror's link to the next page back to the mirror", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const elsewhere = await startHub();
    try {
      // The pages say that they go on at another Hub: the token must not go there.
      const { endpoint } = hub;
      hub.endpoint = elsewhere.endpoint;
      assert.equal((await open(hub, { endpoint })).files.length, 1);
      assert.equal(hub.log.count({ path: "/tree/" }), 3);
      assert.equal(elsewhere.log.count(), 0);
    } finally {
      await elsewhere.close();
    }
  }, { pageSize: 1 }));

test("planRequests() joins ranges where that is cheaper, and parts large ones", () => {
  const plan = (...ranges: [number, number][]) =>
    planRequests(ranges.map(([start, end]) => ({ start, end }))).map(({ start, end }) => [start, end]);
  assert.deepEqual(plan([200_000, 300_000], [0, 10], [20, 30], [5, 5]), [[0, 30], [200_000, 300_000]]);
  assert.deepEqual(plan([0, 40 << 20]).length, 3);
  const parts = plan([7, 100_000_000]);
  assert.deepEqual([parts[0][0], parts.at(-1)![1]], [7, 100_000_000]);
  assert.ok(parts.every(([start], i) => i === 0 || start === parts[i - 1][1]));
  assert.deepEqual(plan([0, 10], [0, 20], [3, 4]), [[0, 20]]);
  assert.deepEqual(plan(), []);
});

test("Lanes run so many tasks at once, and a failed one makes room", async () => {
  const lanes = new Lanes(2);
  let running = 0, most = 0;
  const task = async (index: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    if (index === 1) throw new Error("one");
    return index;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((index) => lanes.run(() => task(index))));
  assert.deepEqual(results.map(({ status }) => status[0]), ["f", "r", "f", "f", "f"]);
  assert.equal(most, 2);
});
