/** The Hub for tests, by Python's `huggingface_hub` and `datasets` where they are installed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withHub } from "./calls.ts";
import { runClient, skipReason } from "./python.ts";

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
