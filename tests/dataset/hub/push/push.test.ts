/** Pushes: what lies at the Hub afterwards, and what becomes of everything that can go wrong on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findInfo } from "../../../../src/dataset/hub/card/card.ts";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import type { HubProgress } from "../../../../src/dataset/hub/types.ts";
import {
  dataPaths,
  FakeStore,
  infoOf,
  rejects,
  retry,
  valuesOf,
  withHub,
} from "../../../support/hub/pushing.ts";

test("pushSplit() makes the repository, uploads every shard and commits once", () =>
  withHub(async (hub, push) => {
    const told: HubProgress[] = [];
    const store = new FakeStore(250);
    const pushed = await push(store, { private: true, onProgress: (progress) => told.push(progress) });
    const repository = hub.repository("user/name");
    assert.equal(repository.isPrivate, true);
    const names = [0, 1, 2].map((i) => `data/train-0000${i}-of-00003.parquet`);
    assert.deepEqual(dataPaths(hub), names);
    assert.deepEqual(pushed, {
      commit: repository.head.id,
      shards: names,
      newRows: 250,
      uploadedBytes: 5000,
    });
    names.forEach((name, i) =>
      assert.deepEqual(repository.read(name), store.bytes(100 * i, Math.min(250, 100 * i + 100)))
    );
    assert.equal(hub.log.count({ path: "/commit/" }), 1);
    assert.equal(hub.log.count({ host: "storage", method: "PUT" }), 3);
    assert.equal(hub.log.count({ path: "/objects/verify" }), 3);
    assert.deepEqual(infoOf(hub), { rowCount: 250, memoryBytes: 2000 });
    assert.equal((valuesOf(hub).dataset_info as { download_size: number }).download_size, 5000);
    assert.deepEqual(told.at(-1), {
      kind: "upload",
      path: "data/train-00002.parquet",
      bytes: 1000,
      byteLength: 1000,
    });
    const { files } = await openSplit("user/name", "train", {
      endpoint: hub.endpoint,
      token: hub.token,
      retry,
    });
    assert.deepEqual(files.map(({ path }) => path), names);
  }));

test("pushSplit() of the same again neither commits nor uploads, and of what is new replaces all", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(250);
    const { commit } = await push(store);
    assert.deepEqual(await push(store).then(({ commit, uploadedBytes }) => [commit, uploadedBytes]), [
      commit,
      0,
    ]);
    await push(new FakeStore(150, 2), { commitMessage: "Fewer" });
    assert.deepEqual(dataPaths(hub), [
      "data/train-00000-of-00002.parquet",
      "data/train-00001-of-00002.parquet",
    ]);
    assert.equal(hub.repository("user/name").head.title, "Fewer");
    assert.deepEqual(infoOf(hub), { rowCount: 150, memoryBytes: 1200 });
    await push(new FakeStore(0), {}, "empty");
    assert.deepEqual(infoOf(hub, "empty"), { rowCount: 0, memoryBytes: 0 });
  }));

test("pushSplit() leaves other splits, files and prose", () =>
  withHub(async (hub, push) => {
    const repository = hub.createRepository("user/name", {
      files: {
        "README.md": "---\nlicense: mit\n---\n# Name\n",
        "data/test-00000-of-00001.parquet": new Uint8Array(50).fill(1),
        "data/train-00000-of-00001-0abc.parquet": new Uint8Array(60).fill(2),
        "notes.txt": "notes",
      },
    });
    await push(new FakeStore(100));
    assert.deepEqual(dataPaths(hub), [
      "data/test-00000-of-00001.parquet",
      "data/train-00000-of-00001.parquet",
    ]);
    assert.equal(repository.readText("notes.txt"), "notes");
    assert.match(repository.readText("README.md"), /^---\nlicense: mit\n[\s\S]*\n---\n# Name\n$/);
    assert.deepEqual(valuesOf(hub).configs, [{
      config_name: "default",
      data_files: [{ split: "test", path: "data/test-*" }, { split: "train", path: "data/train-*" }],
    }]);
    // Nobody says how many rows test has, and a list without it would be refused.
    assert.equal(findInfo(valuesOf(hub), "default")!.splits, null);
    await push(new FakeStore(30), {}, "test");
    await push(new FakeStore(200));
    assert.deepEqual([infoOf(hub), infoOf(hub, "test")], [undefined, undefined]);
  }));

test("pushSplit() wants the same features of splits of one config, and not of another's", () =>
  withHub(async (hub, push) => {
    await push(new FakeStore(100));
    const other = new FakeStore(100);
    other.features = { action: { dtype: "float32", _type: "Value" } };
    await rejects(
      push(other, {}, "test"),
      "fields-differ",
      /the features must be those of the other splits \(train\), \{/,
    );
    assert.deepEqual(other.written, []);
    await push(other, { config: "small" }, "test");
    assert.deepEqual(dataPaths(hub), [
      "data/train-00000-of-00001.parquet",
      "small/test-00000-of-00001.parquet",
    ]);
    assert.deepEqual(findInfo(valuesOf(hub), "small")!.features, other.features);
    await push(other);
    assert.deepEqual(findInfo(valuesOf(hub), "default")!.features, other.features);
  }));

test("pushSplit() meets a conflict by looking anew: what others committed stays", () =>
  withHub(async (hub, push) => {
    const repository = hub.createRepository("user/name");
    let count = 0;
    hub.faults.add({
      path: "/commit/",
      times: 2,
      before: () =>
        repository.write({
          "README.md": `# Prose ${count++}\n`,
          [`data/test-0000${count}-of-00002.parquet`]: new Uint8Array(count),
        }),
    });
    hub.faults.add({ path: "/commit/", status: 409 });
    await push(new FakeStore(100));
    assert.deepEqual(dataPaths(hub), [
      "data/test-00001-of-00002.parquet",
      "data/test-00002-of-00002.parquet",
      "data/train-00000-of-00001.parquet",
    ]);
    assert.match(repository.readText("README.md"), /# Prose 1\n$/);
    assert.equal(hub.log.count({ path: "/commit/", status: 412 }), 2);
    assert.equal(hub.log.count({ host: "storage", method: "PUT" }), 1);
    hub.faults.add({
      path: "/commit/",
      times: 4,
      before: () => repository.write({ "notes.txt": `${count++}` }),
    });
    await rejects(push(new FakeStore(100, 2)), "busy", /nobody else must commit at the same time, got 412/);
  }));

for (const how of ["drop", "status"] as const) {
  test(`pushSplit() finds a commit whose answer is lost (${how}), and does not make it twice`, () =>
    withHub(async (hub, push) => {
      const store = new FakeStore(100);
      const lost = how === "drop" ? { drop: "answer" as const } : { status: 500, handled: true };
      hub.faults.add({ path: "/commit/", ...lost });
      assert.equal((await push(store)).commit, hub.repository("user/name").head.id);
      store.rowCount = 150;
      hub.faults.add({ path: "/commit/", ...lost });
      const { commit, newRows } = await push(store, { append: true });
      assert.deepEqual([commit, newRows], [hub.repository("user/name").head.id, 50]);
      assert.deepEqual(infoOf(hub), { rowCount: 150, memoryBytes: 1200 });
      assert.equal(hub.repository("user/name").commits.size, 3);
      // And another's commit comes right behind it.
      store.rowCount = 170;
      hub.faults.add({ path: "/commit/", ...lost });
      hub.faults.add({
        path: "/commit/",
        before: () => hub.repository("user/name").write({ "README.md": "# Prose\n" }),
      });
      await push(store, { append: true });
      assert.deepEqual(infoOf(hub), { rowCount: 170, memoryBytes: 1360 });
      assert.match(hub.repository("user/name").readText("README.md"), /\n---\n# Prose\n$/);
    }));
}

test("pushSplit() tries 429, 5xx and cut connections on the way up again", () =>
  withHub(async (hub, push) => {
    hub.faults.add({ path: /revision\/main$/, status: 503 });
    hub.faults.add({ path: "/repos/create", drop: "answer" });
    hub.faults.add({ path: "/preupload/", status: 429, headers: { "Retry-After": "0" } });
    hub.faults.add({ path: "/objects/batch", drop: "request" });
    hub.faults.add({ path: "/upload/", status: 503 });
    hub.faults.add({ path: "/upload/", drop: "answer" });
    hub.faults.add({ path: "/objects/verify", status: 500 });
    hub.faults.add({ path: "/commit/", status: 429, headers: { "Retry-After": "0" } });
    await push(new FakeStore(100));
    assert.deepEqual(dataPaths(hub), ["data/train-00000-of-00001.parquet"]);
    hub.faults.add({ path: "/upload/", status: 503, times: 4 });
    await rejects(push(new FakeStore(100, 2)), "input-output", /Cannot save user\/name: .*, got 503/);
  }));

test("pushSplit() asks anew for an expired address for an upload", () =>
  withHub(async (hub, push) => {
    hub.faults.add({ path: "/upload/", status: 403, before: () => hub.expireLinks() });
    await push(new FakeStore(100));
    hub.faults.add({ path: "/upload/", status: 400, times: 3 });
    await rejects(push(new FakeStore(100, 2)), "input-output", /data\/train-00000\.parquet, got 400/);
  }));

test("pushSplit() uploads a large shard in parts", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(100);
    hub.faults.add({ path: "/part/", status: 503 });
    hub.faults.add({ path: "/complete-multipart/", status: 500 });
    assert.equal((await push(store)).uploadedBytes, 2000);
    assert.deepEqual(
      hub.repository("user/name").read("data/train-00000-of-00001.parquet"),
      store.bytes(0, 100),
    );
    assert.equal(hub.log.count({ path: "/part/", status: 200 }), 3);
  }, { multipartBytes: 1000, partBytes: 800 }));

test("pushSplit() puts Parquet into the commit itself where the repository takes it for small files", () =>
  withHub(async (hub, push) => {
    hub.createRepository("user/name", { files: { ".gitattributes": "" } });
    const store = new FakeStore(1);
    store.bytes = () => new TextEncoder().encode("no zero in here");
    await push(store);
    await push(store);
    assert.equal(hub.log.count({ host: "storage" }), 0);
    assert.equal(
      hub.repository("user/name").readText("data/train-00000-of-00001.parquet"),
      "no zero in here",
    );
  }));

test("pushSplit() makes a branch where it is not there, and leaves main as it is", () =>
  withHub(async (hub, push) => {
    await push(new FakeStore(100), { revision: "try/it" });
    const repository = hub.repository("user/name");
    assert.deepEqual(dataPaths(hub), []);
    assert.ok(repository.paths("try/it").includes("data/train-00000-of-00001.parquet"));
    await push(new FakeStore(100, 2), { revision: "try/it" });
    assert.equal(repository.commits.size, 3);
  }));

test("pushSplit() tells who may not write what is needed, and uploads nothing", () =>
  withHub(async (hub, push) => {
    await rejects(
      push(new FakeStore(10), { token: null }),
      "permission-denied",
      /Cannot save user\/name: a token that may/,
    );
    await rejects(
      push(new FakeStore(10), { token: hub.readToken }),
      "permission-denied",
      /must be allowed to do that .*403/,
    );
    hub.createRepository("user/name");
    for (const token of [hub.readToken, hub.strangerToken]) {
      await rejects(
        push(new FakeStore(10), { token }),
        "permission-denied",
        /the token must be allowed to do that/,
      );
    }
    await rejects(
      push(new FakeStore(10), { token: "hf_testNobody" }),
      "permission-denied",
      /one that http.* knows, got 401/,
    );
    assert.equal(hub.log.count({ host: "storage" }), 0);
  }));

test("pushSplit() ends with the reason of an abort, and commits nothing", () =>
  withHub(async (hub, push) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const abort = () => {
      controller.abort(reason);
      return new Promise((resolve) => setTimeout(resolve, 200));
    };
    hub.faults.add({ path: "/upload/", before: abort });
    await assert.rejects(push(new FakeStore(100), { signal: controller.signal }), reason);
    assert.equal(hub.log.count({ path: "/commit/" }), 0);
  }));
