/** Which code stands for what goes wrong at the Hub. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, StreamStore, StreamStoreError } from "../../../mod.ts";
import { openSplit } from "../../../src/dataset/hub/load.ts";
import {
  answerJson,
  type Dataset,
  type Reply,
  retry,
  type Tricks,
  withHub,
} from "../../support/hub/hostile.ts";

const refusing = (status: number, code = ""): Reply => (_, response) => {
  response.setHeader("X-Error-Code", code);
  answerJson(response, { error: "No" }, status);
};
const front = (yaml: string): Dataset => ({ readme: `---\n${yaml}\n---\n` });
const files = (...paths: string[]): Tricks => ({
  tree: (_, response) =>
    answerJson(response, paths.map((path) => ({ type: "file", path, size: 5, oid: "0".repeat(40) }))),
});
const otherSize: Reply = (_, response) => {
  response.writeHead(206, { "Content-Range": "bytes 0-4/5" }).end("PAR1!");
};
const twoConfigs = "configs:\n- config_name: a\n- config_name: b";

const cases: readonly (readonly [what: string, code: ErrorCode, dataset: Dataset, tricks: Tricks])[] = [
  ["a repository that is not there", "not-found", {}, { revision: refusing(404, "RepoNotFound") }],
  ["a revision that is not there", "not-found", {}, { revision: refusing(404, "RevisionNotFound") }],
  ["a file that is not there", "not-found", {}, { data: refusing(404, "EntryNotFound") }],
  ["a dataset whose conditions are not accepted", "permission-denied", {}, {
    tree: refusing(403, "GatedRepo"),
  }],
  ["a token that nobody knows", "permission-denied", {}, { revision: refusing(401) }],
  ["a token that may not", "permission-denied", {}, { tree: refusing(403) }],
  ["too many requests", "busy", {}, { revision: refusing(429) }],
  ["a Hub that fails", "input-output", {}, { revision: refusing(500) }],
  ["an answer that is no JSON", "input-output", {}, { tree: (_, response) => void response.end("<html>") }],
  ["a README that is too large", "file-too-large", { readmeLength: 60_000_000 }, {}],
  ["front matter that is too large", "file-too-large", front(`a: ${"x".repeat(2_100_000)}`), {}],
  ["front matter that is no YAML", "damaged", front("a: ["), {}],
  ["front matter that is a list", "damaged", front("- a"), {}],
  ["a config that is to be chosen", "not-found", front(twoConfigs), {}],
  [
    "a file that the README names",
    "not-found",
    front(`${twoConfigs}\n  default: true\n  data_files: none.csv`),
    {},
  ],
  ["a split that is not there", "not-found", {}, files("data/test-00000-of-00001.parquet")],
  ["a repository without data", "not-found", {}, files()],
  ["files that are no Parquet", "unsupported", {}, files("train.csv")],
  ["a name that a terminal would obey", "unsupported", {}, files("train\u001b[31m.parquet")],
  ["a file of another size than the list says", "damaged", {}, { data: otherSize }],
  ["a file with another hash than the list says", "damaged", { byteLength: 10 }, {
    data: (_, response) =>
      void response.writeHead(206, { "Content-Range": "bytes 0-9/10" }).end("0123456789"),
  }],
];

for (const [what, code, dataset, tricks] of cases) {
  test(`loadDataset() says ${code} of ${what}`, () =>
    withHub(dataset, tricks, async (endpoint) => {
      using store = new StreamStore({ reward: 0 });
      const loading = store.loadDataset("user/name", "train", { endpoint, token: "hf_x", retry });
      await assert.rejects(loading, (error) => {
        assert.ok(error instanceof StreamStoreError, `${error}`);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /^Cannot load /);
        return true;
      });
    }));
}

test("slice() says closed of a file that was closed", () =>
  withHub({}, {}, async (endpoint) => {
    const { files: [file] } = await openSplit("user/name", "train", { endpoint, token: null, retry });
    file.close();
    await assert.rejects(file.slice(0, 5), {
      code: "closed",
      message: /^Cannot load user\/name: data\/train/,
    });
  }));
