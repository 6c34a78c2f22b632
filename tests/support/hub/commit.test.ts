/** Large files and commits at the Hub for tests, by plain requests. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  base64,
  call,
  commit,
  files,
  large,
  newFile,
  pluck,
  post,
  putInChunks,
  sha256,
  withHub,
} from "./calls.ts";

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
