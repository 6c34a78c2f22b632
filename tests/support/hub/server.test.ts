/** The Hub for tests, by plain requests and, where they are installed, by Python's `huggingface_hub` and `datasets`. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { runClient, skipReason } from "./python.ts";
import { type Hub, startHub } from "./server.ts";
import type { HubSettings } from "./state.ts";

const large = new Uint8Array(5000).map((_, index) => (index * 7) % 251);
const files = { "README.md": "# Name\n", "data/train-00000.parquet": large };
const largePath = "/datasets/user/name/resolve/main/data/train-00000.parquet";

async function withHub(run: (hub: Hub) => Promise<void>, settings: Partial<HubSettings> = {}): Promise<void> {
  const hub = await startHub(settings);
  try {
    await run(hub);
  } finally {
    await hub.close();
  }
}

/** A request with the token of the owner, unless it is another or "". */
async function call(
  hub: Hub,
  path: string,
  options: RequestInit & { token?: string } = {},
): Promise<Response> {
  const { token = hub.token, ...rest } = options;
  const headers = new Headers(rest.headers);
  if (token !== "") headers.set("Authorization", `Bearer ${token}`);
  return await fetch(path.startsWith("http") ? path : hub.endpoint + path, {
    redirect: "manual",
    ...rest,
    headers,
  });
}

async function post(hub: Hub, path: string, body: unknown) {
  const headers = { "Content-Type": "application/json" };
  const response = await call(hub, path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, value: await response.json() };
}

/** A commit of these operations; every one is [key, value]. */
async function commit(hub: Hub, operations: [string, unknown][], header: Record<string, unknown> = {}) {
  const lines = [["header", { summary: "Test", description: "", ...header }], ...operations];
  const response = await call(hub, "/api/datasets/user/name/commit/main", {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: lines.map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join(""),
  });
  return { status: response.status, value: await response.json() };
}

/** A `PUT` without `Content-Length`, as streams are sent; its status. */
function putInChunks(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "PUT" }, (answer) => resolve(answer.resume().statusCode));
    sent.on("error", reject);
    sent.write(large.subarray(0, 1000));
    sent.end(large.subarray(1000));
  });
}

/** These keys' values, of every item. */
function pluck(items: Record<string, unknown>[], ...keys: string[]): unknown[][] {
  return items.map((item) => keys.map((key) => item[key]));
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const newFile = (path: string, text: string): [string, unknown] => [
  "file",
  { path, content: base64(text), encoding: "base64" },
];

test("a listing comes in pages, and goes on with the commit that it began with", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name", { files });
    repository.write(Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`many/${i}.txt`, `${i}`])));
    const found: string[] = [];
    let pages = 0;
    let next: string | undefined = "/api/datasets/user/name/tree/main?recursive=true";
    while (next !== undefined) {
      const response: Response = await call(hub, next);
      for (const { path } of await response.json()) found.push(path);
      next = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
      if (pages++ === 0) repository.write({ "a": "torn", "many/0.txt": null });
    }
    const inside = [0, 1, 2, 3, 4].map((i) => `many/${i}.txt`);
    assert.deepEqual(found, [
      ".gitattributes",
      "README.md",
      "data",
      "data/train-00000.parquet",
      "many",
      ...inside,
    ]);
    assert.equal(pages, 5);
    const flat = await (await call(hub, "/api/datasets/user/name/tree/main/many")).json();
    assert.deepEqual(
      pluck(flat, "type", "path"),
      inside.slice(1, 3).map((path) => ["file", path]),
    );
    const sought = { paths: ["data", "README.md", "none"], expand: true };
    const { value } = await post(hub, "/api/datasets/user/name/paths-info/main", sought);
    assert.deepEqual(pluck(value, "path", "type"), [["data", "directory"], ["README.md", "file"]]);
    assert.equal(value[0].lastCommit.title, "Add files");
  }, { pageSize: 2 }));

test("a large file is a redirect to the storage, which knows signatures and refuses tokens", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name", { files });
    const head = await call(hub, largePath, { method: "HEAD" });
    assert.equal(head.status, 302);
    assert.equal(head.headers.get("X-Linked-Size"), "5000");
    assert.equal(head.headers.get("X-Linked-ETag"), `"${sha256(large)}"`);
    assert.equal(head.headers.get("X-Repo-Commit"), repository.head.id);
    const link = head.headers.get("Location")!;
    assert.notEqual(new URL(link).origin, hub.endpoint);
    // Followed by fetch, which keeps the token to the origin that it was meant for.
    const followed = await call(hub, largePath, { redirect: "follow" });
    assert.deepEqual(new Uint8Array(await followed.arrayBuffer()), large);
    assert.deepEqual(hub.log.find({ host: "storage" }).map(({ hasToken }) => hasToken), [false]);
    assert.equal((await call(hub, link)).status, 400);
    hub.expireLinks();
    assert.equal((await fetch(link)).status, 403);
    assert.equal(hub.log.count({ host: "storage", path: /train-00000\.parquet$/ }), 3);
  }));

test("a small file is answered directly or by a relative redirect, and not again to whoever has it", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name", { files });
    const path = `/datasets/user/name/resolve/${repository.head.id}/README.md`;
    const response = await call(hub, path);
    assert.equal(await response.text(), "# Name\n");
    const etag = response.headers.get("ETag")!;
    assert.equal(etag, `"${createHash("sha1").update("blob 7\0# Name\n").digest("hex")}"`);
    assert.equal((await call(hub, path, { headers: { "If-None-Match": etag } })).status, 304);
    hub.settings.redirectSmallFiles = true;
    const redirect = await call(hub, path);
    assert.equal(redirect.status, 307);
    assert.match(redirect.headers.get("Location")!, /^\/api\/resolve-cache\//);
    assert.equal(await (await call(hub, path, { redirect: "follow" })).text(), "# Name\n");
  }));

test("ranges are answered by what they ask for", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const link = (await call(hub, largePath)).headers.get("Location")!;
    for (
      const [range, status, contentRange, expected] of [
        ["bytes=0-9", 206, "bytes 0-9/5000", large.slice(0, 10)],
        ["bytes=4990-", 206, "bytes 4990-4999/5000", large.slice(4990)],
        ["bytes=-8", 206, "bytes 4992-4999/5000", large.slice(-8)],
        ["bytes=4990-9999", 206, "bytes 4990-4999/5000", large.slice(4990)],
        ["bytes=5000-", 416, "bytes */5000", new Uint8Array()],
        ["bytes=0-1,4-5", 200, null, large],
      ] as const
    ) {
      const response = await fetch(link, { headers: { Range: range } });
      assert.equal(response.status, status, range);
      assert.equal(response.headers.get("Content-Range"), contentRange, range);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), expected, range);
    }
    assert.deepEqual(
      hub.log.find({ host: "storage" }).map(({ range, bytes }) => [range, bytes]).slice(0, 2),
      [
        ["bytes=0-9", 10],
        ["bytes=4990-", 10],
      ],
    );
  }));

test("what is missing or hidden is told apart by status and X-Error-Code", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    hub.createRepository("user/private", { private: true, files });
    for (
      const [path, token, status, code] of [
        ["/api/datasets/user/none", hub.token, 404, "RepoNotFound"],
        ["/api/datasets/user/none", "", 401, "RepoNotFound"],
        ["/api/datasets/user/private", "", 401, "RepoNotFound"],
        ["/api/datasets/user/private", hub.strangerToken, 404, "RepoNotFound"],
        ["/api/datasets/user/private", hub.readToken, 200, null],
        ["/datasets/user/private/resolve/main/README.md", "", 401, "RepoNotFound"],
        ["/api/datasets/user/name", "hf_unknown", 401, null],
        ["/api/datasets/user/name/revision/none", "", 404, "RevisionNotFound"],
        ["/api/datasets/user/name/tree/main/none", "", 404, "EntryNotFound"],
        ["/datasets/user/name/resolve/main/none", "", 404, "EntryNotFound"],
      ] as const
    ) {
      const response = await call(hub, path, { token });
      assert.equal(response.status, status, path);
      assert.equal(response.headers.get("X-Error-Code"), code, path);
      await response.body?.cancel();
    }
    for (const [token, status] of [["", 401], [hub.readToken, 403], [hub.strangerToken, 403]] as const) {
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify({ files: [] });
      const path = "/api/datasets/user/name/preupload/main";
      assert.equal((await call(hub, path, { method: "POST", headers, body, token })).status, status);
    }
  }));

test("a repository is created once", () =>
  withHub(async (hub) => {
    const body = { name: "made", organization: null, type: "dataset", visibility: "private" };
    const made = await post(hub, "/api/repos/create", body);
    assert.deepEqual([made.status, made.value.url], [200, `${hub.endpoint}/datasets/user/made`]);
    const again = await post(hub, "/api/repos/create", body);
    assert.deepEqual([again.status, again.value.url], [409, made.value.url]);
    assert.equal(hub.repository("user/made").isPrivate, true);
    assert.deepEqual(hub.repository("user/made").paths(), [".gitattributes"]);
    assert.equal((await post(hub, "/api/repos/create", { ...body, organization: "other" })).status, 403);
  }));

test("a large file is announced, uploaded with its hash checked, verified and committed", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name");
    const sample = Buffer.from(large.subarray(0, 512)).toString("base64");
    const announced = [{ path: "x.parquet", size: 5000, sample }, {
      path: "x.txt",
      size: 2,
      sample: base64("hi"),
    }];
    const modes = await post(hub, "/api/datasets/user/name/preupload/main", { files: announced });
    assert.deepEqual(pluck(modes.value.files, "uploadMode"), [["lfs"], ["regular"]]);
    const oid = sha256(large);
    const operation: [string, unknown] = ["lfsFile", { path: "x.parquet", algo: "sha256", oid, size: 5000 }];
    assert.match((await commit(hub, [operation])).value.error, /does not exist/);

    const objects = [{ oid, size: 5000 }];
    const wanted = { operation: "upload", transfers: ["basic", "multipart"], hash_algo: "sha256", objects };
    const batchPath = "/datasets/user/name.git/info/lfs/objects/batch";
    const { value } = await post(hub, batchPath, wanted);
    assert.equal(value.transfer, "basic");
    const { upload, verify } = value.objects[0].actions;
    const put = (body: BodyInit, token = "") => call(hub, upload.href, { method: "PUT", body, token });
    assert.equal((await put(large, hub.token)).status, 400);
    assert.equal((await put(large.slice(1))).status, 400);
    assert.equal((await put(large.map((byte) => byte ^ 1))).status, 400);
    assert.equal(await putInChunks(upload.href), 501);
    assert.equal(repository.objects.size, 0);
    assert.equal((await post(hub, verify.href, { oid, size: 5000 })).status, 404);
    assert.equal((await put(large)).status, 200);
    assert.equal((await post(hub, verify.href, { oid, size: 5000 })).status, 200);
    assert.deepEqual((await post(hub, batchPath, wanted)).value.objects, objects);

    const { status, value: made } = await commit(hub, [operation, newFile("x.txt", "hi")]);
    assert.equal(status, 200);
    assert.equal(made.commitOid, repository.head.id);
    assert.equal(made.commitUrl, `${hub.endpoint}/datasets/user/name/commit/${made.commitOid}`);
    assert.deepEqual(repository.read("x.parquet"), large);
    assert.equal(repository.readText("x.txt"), "hi");
  }));

test("an object above the limit is uploaded in parts", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name");
    const oid = sha256(large);
    const request = {
      operation: "upload",
      transfers: ["multipart", "basic"],
      objects: [{ oid, size: 5000 }],
    };
    const { value } = await post(hub, "/datasets/user/name.git/info/lfs/objects/batch", request);
    assert.equal(value.transfer, "multipart");
    const { href, header } = value.objects[0].actions.upload;
    const parts: { partNumber: number; etag: string }[] = [];
    for (const start of [0, 2000, 4000]) {
      const partNumber = start / 2000 + 1;
      const body = large.slice(start, start + 2000);
      const response = await fetch(header[partNumber], { method: "PUT", body });
      parts.push({ partNumber, etag: response.headers.get("ETag")! });
    }
    assert.equal((await post(hub, href, { oid, parts: parts.slice(1) })).status, 400);
    assert.equal((await post(hub, href, { oid, parts })).status, 200);
    assert.deepEqual(repository.objects.get(oid), large);
  }, { multipartBytes: 4000, partBytes: 2000 }));

test("a commit is all or nothing, and what is wrong with it is said", () =>
  withHub(async (hub) => {
    const repository = hub.createRepository("user/name", { files });
    const first = repository.head.id;
    const good = newFile("new.txt", "new");
    for (
      const [operations, header, status] of [
        [[good, ["deletedFile", { path: "none" }]], {}, 404],
        [[good, ["file", { path: "bad.txt", content: "%%%", encoding: "base64" }]], {}, 400],
        [[good, newFile("large.parquet", "small, but by name a large one")], {}, 400],
        [[good, newFile("../../dataset/out.txt", "x")], {}, 400],
        [[good, newFile("README.md", "---\nno: end\n")], {}, 400],
        [[good, ["lfsFile", { path: "a.bin", algo: "sha256", oid: sha256(large), size: 1 }]], {}, 400],
        [[good, ["unknown", { path: "a" }]], {}, 400],
        [[good], { summary: "" }, 400],
        [[good], { parentCommit: "0".repeat(40) }, 400],
      ] as [[string, unknown][], Record<string, unknown>, number][]
    ) {
      const answer = await commit(hub, operations, header);
      assert.equal(answer.status, status, JSON.stringify(answer.value));
      assert.equal(repository.head.id, first);
    }
    const deleted = await commit(hub, [["deletedFolder", { path: "data" }], good], { parentCommit: first });
    assert.equal(deleted.status, 200);
    assert.deepEqual(repository.paths(), [".gitattributes", "README.md", "new.txt"]);
    assert.equal((await commit(hub, [good], { parentCommit: first })).status, 412);
    // What was, stays readable under its commit.
    assert.deepEqual(repository.read("data/train-00000.parquet", first), large);
  }));

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

test("a server closes while an answer of its hangs", async () => {
  const hub = await startHub();
  hub.createRepository("user/name", { files });
  hub.faults.add({ host: "storage", stallAfter: 10 });
  const response = await call(hub, largePath, { redirect: "follow" });
  const rest = assert.rejects(response.arrayBuffer());
  await hub.close();
  await rest;
  await assert.rejects(fetch(hub.endpoint));
});

test("the server names no runtime", () => {
  const folder = new URL("./", import.meta.url);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    assert.doesNotMatch(readFileSync(new URL(name, folder), "utf8"), /\b(Deno|Bun)\./, name);
  }
});

/** What client.py says of a dataset that it loaded. */
interface Loaded {
  features: Record<string, unknown>;
  splits: Record<string, Record<string, unknown>>;
}

if (skipReason) console.log(`Without Python's clients: ${skipReason}`);

test(
  "Python's huggingface_hub finds all that it looks for",
  { skip: skipReason },
  () =>
    withHub(async (hub) => {
      const found = await runClient<Record<string, unknown>>(hub, "hub", "user/python");
      assert.equal(found.user, "user");
      assert.deepEqual(found.commits, [
        "Upload branch.txt with huggingface_hub",
        "Change",
        "Upload folder using huggingface_hub",
        "initial commit",
      ]);
      assert.deepEqual(found.refs, ["main", "try/it", "v1"]);
      assert.deepEqual(found.missing, {
        file: "RemoteEntryNotFoundError",
        revision: "RevisionNotFoundError",
        repository: "RepositoryNotFoundError",
        "repository, without a token": "RepositoryNotFoundError",
        folder: "RemoteEntryNotFoundError",
        private: "RepositoryNotFoundError",
      });
      const repository = hub.repository("user/python");
      assert.deepEqual(found.files, repository.paths());
      assert.deepEqual(repository.read("data/copy.parquet"), repository.read("data/train.parquet"));
      // Pages, parts and the relative redirect were all met.
      assert.ok(hub.log.count({ path: "/tree/main" }) > 5);
      assert.ok(hub.log.count({ path: "/part/", status: 200 }) >= 4);
      assert.ok(hub.log.count({ path: "/api/resolve-cache/" }) > 0);
      assert.ok(hub.log.find({ host: "storage" }).every(({ hasToken }) => !hasToken));
      assert.deepEqual(hub.log.find({ status: 500 }), []);
    }, { pageSize: 3, multipartBytes: 50_000, partBytes: 30_000, redirectSmallFiles: true }),
);

test("Python's datasets pushes, past a conflict, and loads what it pushed, past what goes wrong", {
  skip: skipReason,
}, () =>
  withHub(async (hub) => {
    hub.createRepository("user/pushed");
    hub.faults.add({
      path: "/commit/",
      before: () => hub.repository("user/pushed").write({ "other.txt": "x" }),
    });
    await runClient(hub, "push", "user/pushed");
    assert.equal(hub.log.count({ path: "/commit/", status: 412 }), 1);
    assert.deepEqual(hub.repository("user/pushed").paths().filter((path) => path !== ".gitattributes"), [
      "README.md",
      "data/test-00000-of-00001.parquet",
      "data/train-00000-of-00003.parquet",
      "data/train-00001-of-00003.parquet",
      "data/train-00002-of-00003.parquet",
      "other.txt",
    ]);
    hub.faults.add({ path: "/tree/", status: 503 });
    hub.faults.add({ host: "storage", method: "GET", status: 429, headers: { "Retry-After": "0" } });
    const { features, splits } = await runClient<Loaded>(hub, "load", "user/pushed");
    assert.deepEqual(hub.faults.pending, []);
    assert.deepEqual(features.observation, {
      feature: { dtype: "float32", _type: "Value" },
      length: 2,
      _type: "List",
    });
    assert.deepEqual(splits.train.step, Array.from({ length: 300 }, (_, step) => step));
    assert.deepEqual(splits.test.kind, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
  }));

test("Python goes on with a download that was cut", { skip: skipReason }, () =>
  withHub(async (hub) => {
    const content = new Uint8Array(25_000_000).fill(1);
    hub.createRepository("user/name", { files: { "large.bin": content } });
    hub.faults.add({ host: "storage", cutAfter: 15_000_000 });
    assert.deepEqual(await runClient(hub, "download", "user/name"), { sum: 25_000_000 });
    const ranges = hub.log.find({ host: "storage" }).map(({ range }) => range);
    // It takes pieces of 10 MiB, and the second one was not whole.
    assert.deepEqual(ranges, [undefined, `bytes=${10 << 20}-`]);
  }));
