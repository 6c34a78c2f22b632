/** Where a Hub that means harm leads. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { StreamStore } from "../../../../mod.ts";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import {
  answerJson,
  commit,
  fails,
  failure,
  redirected,
  type Reply,
  retry,
  type Tricks,
  withHub,
} from "../../../support/hub/hostile.ts";

async function parquetOf(
  rowCount: number,
  save: (path: string) => Promise<void> = async () => {},
): Promise<Uint8Array> {
  const folder = mkdtempSync(`${tmpdir()}/hub-hostile-`);
  try {
    using store = new StreamStore({ reward: 0 });
    for (let step = 0; step < rowCount; step++) store.append(step, { reward: step });
    await store.saveDataset(`${folder}/x.parquet`);
    await save(`${folder}/x.parquet`);
    return new Uint8Array(readFileSync(`${folder}/x.parquet`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("loadDataset() does not take a file of this machine for what the Hub has", async () => {
  let tried = 0;
  await parquetOf(100, async (path) => {
    const content = new Uint8Array(readFileSync(path));
    await withHub({ content }, { data: redirected(`file://${path}`) }, async (endpoint) => {
      assert.match(
        (await failure(endpoint)).message,
        /^Cannot load user\/name: data\/train.* must come from an http or https address, got file:$/,
      );
      tried++;
    });
    // The same Hub, honest.
    await withHub({ content }, {}, async (endpoint) => {
      using store = new StreamStore({ reward: 0 });
      await store.loadDataset("user/name", "train", { endpoint, token: null, retry });
      assert.equal(store.rowCount, 100);
      tried++;
    });
  });
  assert.equal(tried, 2);
});

for (const what of ["revision", "tree", "readme", "data"] as const) {
  test(`loadDataset() refuses redirects that lead nowhere good, and asks not again: ${what}`, async () => {
    const to = (location: string) =>
      fails({}, { [what]: redirected(location) }, new RegExp("must come from an http or https address"));
    await to("file:///etc/passwd");
    await to("data:application/json,[]");
    await withHub(
      {},
      { [what]: ((request, response, url) => redirected(url.pathname)(request, response, url)) as Reply },
      async (endpoint, sent) => {
        assert.match((await failure(endpoint)).message, /must come by at most 5 redirects, got more/);
        // The first request, and five more: a second try would be six again.
        const last = sent.requests.at(-1)!;
        assert.equal(sent.requests.filter((request) => request === last).length, 6);
      },
    );
  });
}

test("openSplit() sends no token behind a redirect to another origin", async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere: Tricks = {
    revision: ({ headers }, response) => {
      seen.push(headers.authorization);
      answerJson(response, { sha: commit });
    },
  };
  await withHub({}, elsewhere, async (other) => {
    await withHub({}, {
      revision: (request, response, url) => {
        seen.push(request.headers.authorization);
        redirected(`${other}${url.pathname}`)(request, response, url);
      },
    }, async (endpoint) => {
      await openSplit("user/name", "train", { endpoint, token: "hf_secret", retry });
    });
  });
  assert.deepEqual(seen, ["Bearer hf_secret", undefined]);
});

test("openSplit() finds a repository that was renamed where the Hub leads", () =>
  withHub({}, {
    tree: (request, response, url) =>
      url.pathname.includes("user/name")
        ? redirected(url.pathname.replace("user/name", "user/other") + url.search)(request, response, url)
        : answerJson(response, [{ type: "file", path: "train.parquet", size: 5, oid: commit }]),
  }, async (endpoint) => {
    const { files } = await openSplit("user/name", "train", { endpoint, token: null, retry });
    assert.deepEqual(files.map(({ path }) => path), ["train.parquet"]);
  }));
