/** What a Hub that means harm lists. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import { answerJson, commit, fails, retry, withHub } from "../../../support/hub/hostile.ts";

test("openSplit() refuses paths that lead out of the repository", async () => {
  const wrong = [
    "../x.parquet",
    "data/../../x.parquet",
    "/etc/x.parquet",
    "./x.parquet",
    "data//x.parquet",
    "data/",
    "",
    "data/..",
    "x\0.parquet",
    "\ud800.parquet",
    "x".repeat(5000),
  ];
  for (const path of wrong) {
    await fails(
      { path },
      {},
      /the list of files of user\/name must have paths below the repository, got ".*"$/,
    );
  }
  for (const path of ["a..b/train.parquet", "a...b/x.parquet", "data/\u00e4 %2e%2e?#&.parquet"]) {
    await withHub({ path }, {}, async (endpoint, sent) => {
      const { files: [file] } = await openSplit("user/name", "train", { endpoint, token: null, retry });
      await file.slice(0, 5);
      const asked = sent.requests.at(-1)!;
      assert.equal(decodeURIComponent(asked), `GET /datasets/user/name/resolve/${commit}/${path}`);
    });
  }
});

test("loadDataset() refuses what a list says in other types", async () => {
  const entry = { type: "file", path: "train.parquet", size: 5, oid: commit };
  const wrong = [
    { path: 7 },
    { size: -1 },
    { size: 1.5 },
    { size: "5" },
    { size: 2 ** 60 },
    { oid: null },
    { oid: "x" },
    { lfs: { oid: "../x" } },
    { lfs: { oid: 7 } },
  ];
  for (const more of wrong) {
    await fails(
      {},
      { tree: (_, response) => answerJson(response, [{ ...entry, ...more }]) },
      /must say the list of files of user\/name, got something else/,
    );
  }
  for (const value of [null, {}, "x", 7]) {
    await fails({}, { tree: (_, response) => answerJson(response, value) }, /must say the list of files/);
  }
  for (const value of [null, {}, [], { sha: "main" }, { sha: "../../../../x" }, { sha: 7 }]) {
    await fails(
      {},
      { revision: (_, response) => answerJson(response, value) },
      /must say the revision main of user\/name, got something else/,
    );
  }
});
