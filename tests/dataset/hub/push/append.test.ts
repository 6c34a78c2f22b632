/** Pushes that append to what was pushed before, and how that is remembered. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { dataPaths, FakeStore, infoOf, rejects, valuesOf, withHub } from "../../../support/hub/pushing.ts";

test("pushSplit() to append uploads what is new only, and keeps the shards that are there", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(150);
    await push(store, { append: true });
    const before = dataPaths(hub);
    store.rowCount = 260;
    hub.log.clear();
    const pushed = await push(store, { append: true });
    assert.deepEqual(store.written, [[0, 150], [150, 260]]);
    assert.deepEqual([pushed.newRows, pushed.uploadedBytes], [110, 2200]);
    assert.deepEqual(pushed.shards, [
      ...before,
      "data/train-00002-of-00004.parquet",
      "data/train-00003-of-00004.parquet",
    ]);
    assert.deepEqual(dataPaths(hub), pushed.shards);
    assert.equal(hub.log.count({ host: "storage", method: "PUT" }), 2);
    assert.deepEqual(infoOf(hub), { rowCount: 260, memoryBytes: 2080 });
    assert.equal((valuesOf(hub).dataset_info as { download_size: number }).download_size, 5200);
    assert.equal(hub.repository("user/name").head.title, "Append 110 rows to train");
    // Nothing new is nothing to do.
    const commits = hub.repository("user/name").commits.size;
    assert.equal((await push(store, { append: true })).newRows, 0);
    assert.equal(hub.repository("user/name").commits.size, commits);
    // All of it again, and on from there.
    await push(store);
    assert.deepEqual(dataPaths(hub), [0, 1, 2].map((i) => `data/train-0000${i}-of-00003.parquet`));
    store.rowCount = 261;
    assert.equal((await push(store, { append: true })).newRows, 1);
    assert.deepEqual(infoOf(hub), { rowCount: 261, memoryBytes: 2088 });
  }));

test("pushSplit() to append is refused where others changed the split, and not where they changed the rest", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    const repository = hub.repository("user/name");
    repository.write({
      "notes.txt": "x",
      "README.md": repository.readText("README.md") + "\nProse of theirs\n",
    });
    store.rowCount = 200;
    await push(store, { append: true });
    assert.match(repository.readText("README.md"), /Prose of theirs\n$/);
    await push(new FakeStore(40, 2));
    store.rowCount = 300;
    await rejects(
      push(store, { append: true }),
      "diverged",
      /split train must be as this store's last push left it, but main/,
    );
    repository.write({ "data/train-00000-of-00001.parquet": null });
    await rejects(push(store, { append: true }), "diverged", /last push/);
    await push(store);
    repository.write({ "data/train-00009-of-00009.parquet": new Uint8Array(9) });
    store.rowCount = 400;
    await rejects(push(store, { append: true }), "diverged", /last push/);
  }));

test("pushSplit() to append needs a push to go on from", () =>
  withHub(async (_hub, push) => {
    await push(new FakeStore(100));
    await rejects(
      push(new FakeStore(100), { append: true }),
      "diverged",
      /must have been pushed or loaded by this store/,
    );
    const store = new FakeStore(100);
    assert.equal((await push(store, { append: true }, "test")).newRows, 100);
    store.features = { action: { dtype: "int32", _type: "Value" } };
    store.rowCount = 101;
    await rejects(
      push(store, { append: true }, "test"),
      "fields-differ",
      /must be those of the rows that are there/,
    );
  }));

test("pushSplit() to append is refused where the store has not the rows that were pushed", () =>
  withHub(async (_hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    store.lastRowMarks = 1;
    await rejects(
      push(store, { append: true }),
      "diverged",
      /the 100 rows that were pushed, but the last of them has grown since; save without append to replace train/,
    );
    store.lastRowMarks = 0;
    assert.equal((await push(store, { append: true })).newRows, 0);
    store.lastRowTokens = 4;
    store.rowCount = 150;
    await rejects(
      push(store, { append: true }),
      "diverged",
      /the 100 rows that were pushed, but the last of them has grown since/,
    );
    store.lastRowTokens = 3;
    store.firstRow = 120;
    await rejects(
      push(store, { append: true }),
      "diverged",
      /all rows from 100 on, but those before 120 were dropped/,
    );
    store.firstRow = 40;
    assert.equal((await push(store, { append: true })).newRows, 50);
    store.rowCount = 99;
    await rejects(push(store, { append: true }), "diverged", /at least 150 rows, got 99/);
  }));

test("pushSplit() remembers what was pushed beside the store, and takes a damaged note for none", () =>
  withHub(async (_hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    const path = `${store.directory}/hub.json`;
    const { pushes } = JSON.parse(readFileSync(path, "utf8"));
    assert.equal(pushes.length, 1);
    assert.deepEqual([pushes[0].repository, pushes[0].rows, pushes[0].tokens], ["user/name", 100, 300]);
    assert.doesNotMatch(readFileSync(path, "utf8"), /hf_/);
    store.rowCount = 150;
    const unknown = /must have been pushed or loaded by this store/;
    for (const damaged of ["{", "null", "7", '{"pushes": {}}', '{"pushes": [null, {}]}']) {
      writeFileSync(path, damaged);
      await rejects(push(store, { append: true }), "diverged", unknown);
    }
  }));

test("pushSplit() to append meets another's commit to the split, and gives way", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    store.rowCount = 200;
    hub.faults.add({ path: "/commit/", before: () => push(new FakeStore(60, 3)) });
    await rejects(push(store, { append: true }), "diverged", /last push/);
    assert.deepEqual(infoOf(hub), { rowCount: 60, memoryBytes: 480 });
  }));

test("pushSplit() to append knows a push that died after its commit", () =>
  withHub(async (hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    store.rowCount = 150;
    // The commit is made, no answer comes, and no try after it gets through.
    hub.faults.add({ path: "/commit/", drop: "answer" });
    hub.faults.add({ path: "/commit/", status: 503, times: 10 });
    await rejects(push(store, { append: true }), "input-output", /got 503/);
    hub.faults.clear();
    store.rowCount = 170;
    assert.equal((await push(store, { append: true })).newRows, 20);
    assert.deepEqual(infoOf(hub), { rowCount: 170, memoryBytes: 1360 });
    // And one that died before it is as if it had not been.
    store.rowCount = 190;
    hub.faults.add({ path: "/commit/", status: 503, times: 10 });
    await rejects(push(store, { append: true }), "input-output", /got 503/);
    hub.faults.clear();
    assert.equal((await push(store, { append: true })).newRows, 20);
    assert.deepEqual(infoOf(hub), { rowCount: 190, memoryBytes: 1520 });
  }));

test("pushSplit() notes the hashes of what was pushed", () =>
  withHub(async (_hub, push) => {
    const store = new FakeStore(100);
    await push(store);
    const { pushes: [{ shards }] } = JSON.parse(readFileSync(`${store.directory}/hub.json`, "utf8"));
    const id = createHash("sha256").update(store.bytes(0, 100)).digest("hex");
    assert.deepEqual(shards, [{ path: "data/train-00000-of-00001.parquet", byteLength: 2000, id }]);
  }));
