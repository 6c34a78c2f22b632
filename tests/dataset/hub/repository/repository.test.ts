/** Listings: all of one commit, which may be named by the begin of its ID, and who may not read it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HubLoadOptions } from "../../../../src/dataset/hub/types.ts";
import { files, large, open, path, read, rejects, withHub } from "../../../support/hub/loading.ts";
import { startHub } from "../../../support/hub/server.ts";

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
      const twin = `${second.id.slice(0, 10)}${(second.id[10] === "0" ? "1" : "0").repeat(30)}`;
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
