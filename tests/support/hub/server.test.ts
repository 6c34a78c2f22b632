/** The Hub for tests, by plain requests: listings, files, repositories, and the server itself. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { call, files, large, largePath, pluck, post, sha256, withHub } from "./calls.ts";
import { startHub } from "./server.ts";

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
