/** What the texts of a Hub that means harm would do to a terminal. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import {
  answerJson,
  type Dataset,
  failure,
  redirected,
  type Reply,
  retry,
  type Tricks,
  withHub,
} from "../../support/hub/hostile.ts";

/** What a terminal would obey: colors, cursor, title, bell, line ends, the direction of writing, and 8-bit controls. */
const evil = "\u001b[31m\u001b]0;t\u0007\r\n\u009b2J\u0085\u202e\u2066\u2028x\u007f\u0000";
// deno-lint-ignore no-control-regex -- they are what is looked for
const obeyed = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

function assertPrintable(error: unknown, what: string): void {
  for (let each = error; each instanceof Error; each = each.cause) {
    assert.doesNotMatch(each.message, obeyed, what);
    for (const line of (each.stack ?? "").split("\n")) assert.doesNotMatch(line, obeyed, what);
  }
}

const yaml = (value: unknown) => `---\n${JSON.stringify(value)}\n---\n`;
const saying = (value: unknown, status = 200): Reply => (_, response) => answerJson(response, value, status);
const config = { config_name: evil, data_files: [{ split: evil, path: "x" }] };

const spoken: readonly [what: string, dataset: Dataset, tricks: Tricks][] = [
  ["the sentence of a failure", {}, { revision: saying({ error: evil }, 404) }],
  ["the sentence of a failure of the list", {}, { tree: saying({ error: evil }, 500) }],
  ["the sentence of a failure of a file", {}, { data: saying({ error: evil }, 403) }],
  ["JSON that is none", {}, { revision: (_, response) => void response.end(`{"${evil}`) }],
  ["the header of a failure", {}, {
    revision: (_, response) =>
      void response.socket!.end(
        `HTTP/1.1 404 No\r\nX-Error-Message: a\u009b2Jb\r\nContent-Length: 0\r\n\r\n`,
        "latin1",
      ),
  }],
  ["a path in the list", { path: `${evil}/train.parquet` }, {}],
  ["the path of a file of data", { path: "data/train\u001b[31m.parquet" }, {}],
  ["the path of a file that is no Parquet", { path: "data/train\u009b31m.csv" }, {}],
  ["where a redirect leads", {}, { data: redirected("x\u009b:y") }],
  ["the name of a config", { readme: yaml({ configs: [config, { ...config, config_name: "b" }] }) }, {}],
  ["the name of a split", {
    readme: yaml({ configs: [{ ...config, data_files: [{ split: evil, path: "**" }] }] }),
  }, {}],
  ["a file that the README names", { readme: yaml({ configs: [config] }) }, {}],
  ["front matter that is no YAML", { readme: `---\na: [\u009b2J\n---\n` }, {}],
  ["front matter with a character that YAML does not know", { readme: `---\na: "\u001b[31m\n---\n` }, {}],
];

for (const [what, dataset, tricks] of spoken) {
  test(`loadDataset() only shows what a server says: ${what}`, () =>
    withHub(dataset, tricks, async (endpoint) => assertPrintable(await failure(endpoint), what)));
}

test("loadDataset() only shows what a stranger's file says", async () => {
  const folder = mkdtempSync(`${tmpdir()}/hub-hostile-`);
  try {
    using theirs = new StreamStore({ [evil]: 0, reward: 1 });
    for (let step = 0; step < 5; step++) theirs.append(step, { [evil]: step, reward: [step] });
    await theirs.saveDataset(`${folder}/x.parquet`);
    const content = new Uint8Array(readFileSync(`${folder}/x.parquet`));
    const loads: [Record<string, number>, object][] = [
      [{ other: 0 }, {}],
      [{ reward: 0 }, { step: evil.slice(1) }],
      [{ reward: 0 }, { sortBy: "none" }],
      [{ reward: 0 }, { step: "reward" }],
    ];
    for (const [fields, options] of loads) {
      await withHub({ content }, {}, async (endpoint) => {
        using store = new StreamStore(fields);
        const loading = store.loadDataset("user/name", "train", { endpoint, token: null, retry, ...options });
        await assert.rejects(loading, (error) => {
          assertPrintable(error, JSON.stringify(options));
          return true;
        });
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("saveDataset() only shows what a server says of an upload, which leads nowhere else", async () => {
  using store = new StreamStore({ reward: 0 });
  for (let step = 0; step < 100; step++) store.append(step, { reward: step });
  const push = async (answer: (body: string, url: URL) => unknown): Promise<Error> => {
    const upload: Reply = (request, response, url) => {
      let body = "";
      request.on("data", (piece) => body += piece);
      request.on("end", () => answerJson(response, answer(body, url)));
    };
    let found: Error | undefined;
    await withHub({}, { upload }, async (endpoint) => {
      await store.saveDataset("user/name", "train", { endpoint, token: "hf_x", retry }).catch((error) =>
        found = error
      );
    });
    assertPrintable(found, "upload");
    return found!;
  };
  const preupload = { files: [{ uploadMode: "lfs" }] };
  const batch = (object: unknown) => (body: string, url: URL) => {
    if (!url.pathname.endsWith("/batch")) return preupload;
    const [{ oid }] = JSON.parse(body).objects;
    return { objects: [{ oid, ...object as object }] };
  };
  assert.match((await push(batch({ error: { message: evil } }))).message, /was refused, "\\u\{1b\}/);
  for (const href of ["file:///tmp/stolen", "data:,x"]) {
    const { message } = await push(batch({ actions: { upload: { href } } }));
    assert.match(message, /must come from an http or https address/);
  }
  const header = {
    chunk_size: "1",
    ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [i + 1, "http://127.0.0.1:1/"])),
  };
  for (
    const actions of [
      { upload: { href: 7 } },
      { upload: { href: "http://127.0.0.1:1/", header: { a: {} } } },
      { upload: "x" },
      { upload: { href: "http://127.0.0.1:1/", header } },
    ]
  ) {
    assert.match((await push(batch({ actions }))).message, /must say where to upload .*, got something else/);
  }
  for (const answer of [null, [], { files: null }, { files: [null] }, { files: [{ uploadMode: evil }] }]) {
    assert.match((await push(() => answer)).message, /must say how .* is to be uploaded, got something else/);
  }
  for (const answer of [null, {}, { objects: [null] }, { objects: "x" }]) {
    const { message } = await push((_, url) => url.pathname.endsWith("/batch") ? answer : preupload);
    assert.match(message, /must say where to upload .*, got something else/);
  }
});
