/** A Hub that means harm: where it leads, what it never ends, and what its texts would do to a terminal. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../../../mod.ts";
import { openSplit } from "../../../src/dataset/hub/load.ts";
import { withinBytes } from "../../../src/dataset/hub/http/ranges.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const retry = { attempts: 2, pauseSeconds: 0.001, timeoutSeconds: 0.5 };

type Reply = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** What is answered instead of what an honest Hub would, by a part of the path; "storage" is all that is no API. */
interface Tricks {
  readonly revision?: Reply;
  readonly tree?: Reply;
  readonly readme?: Reply;
  readonly data?: Reply;
  readonly upload?: Reply;
}

interface Dataset {
  readonly path?: string;
  readonly content?: Uint8Array;
  /** What the list says of the size. */
  readonly byteLength?: number;
  readonly readme?: string;
  readonly readmeLength?: number;
}

const gitHash = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A Hub with one dataset, whose answers are those of the tricks where there are some; and what it was asked. */
async function withHub(
  { path = "data/train-00000-of-00001.parquet", content = new Uint8Array(10), readme = "# Name", ...said }:
    Dataset,
  tricks: Tricks,
  run: (endpoint: string, sent: { requests: string[] }) => Promise<void>,
): Promise<void> {
  const sent = { requests: [] as string[] };
  const text = new TextEncoder().encode(readme);
  const list = [
    { type: "file", path: "README.md", size: said.readmeLength ?? text.length, oid: gitHash(text) },
    { type: "file", path, size: said.byteLength ?? content.length, oid: gitHash(content) },
  ];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://127.0.0.1");
    sent.requests.push(`${request.method} ${url.pathname}`);
    request.resume();
    const parts: [RegExp, Reply | undefined, () => void][] = [
      [/\/revision\//, tricks.revision, () => answerJson(response, { sha: commit })],
      [/\/tree\//, tricks.tree, () => answerJson(response, list)],
      [/README\.md$/, tricks.readme, () => answerBytes(request, response, text)],
      [/\/resolve\//, tricks.data, () => answerBytes(request, response, content)],
      [/./, tricks.upload, () => response.writeHead(404).end()],
    ];
    const [, trick, honest] = parts.find(([pattern]) => pattern.test(url.pathname))!;
    trick === undefined ? honest() : trick(request, response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

function answerBytes({ headers }: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  if (match === null) return void response.end(bytes);
  const part = bytes.subarray(Number(match[1]), Number(match[2]) + 1);
  const range = `bytes ${match[1]}-${Number(match[1]) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { "Content-Range": range, "Content-Length": part.length }).end(part);
}

/** Sends pieces for as long as they are taken. */
function flood(response: ServerResponse, piece: string | Uint8Array, begin = ""): void {
  response.write(begin);
  const write = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", write);
  };
  response.on("error", () => {});
  write();
}

const flooded = (status: number, piece: string, begin = ""): Reply => (_, response) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  flood(response, piece, begin);
};

const redirected = (location: string): Reply => (_, response) =>
  void response.writeHead(302, { location }).end();

/** The error of a load of everything; it comes soon, and without much memory. */
async function failure(
  endpoint: string,
  options: { secondsMax?: number; bytesMax?: number } = {},
): Promise<Error> {
  const { secondsMax = 15, bytesMax = 400_000_000 } = options;
  using store = new StreamStore({ reward: 0 });
  const [start, before] = [performance.now(), process.memoryUsage().rss];
  let most = before;
  const watch = setInterval(() => most = Math.max(most, process.memoryUsage().rss), 20);
  try {
    await store.loadDataset("user/name", "train", { endpoint, token: "hf_secret", retry });
  } catch (error) {
    assert.equal(store.rowCount, 0);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds < secondsMax, `${seconds} s`);
    assert.ok(most - before < bytesMax, `${most - before} bytes`);
    return error as Error;
  } finally {
    clearInterval(watch);
  }
  throw new Error("what a hostile Hub gave was loaded");
}

async function fails(dataset: Dataset, tricks: Tricks, message: RegExp): Promise<void> {
  await withHub(dataset, tricks, async (endpoint) => {
    const error = await failure(endpoint);
    assert.match(error.message, message);
    assert.equal((error as { code?: string }).code, "input-output", error.message);
  });
}

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

test("loadDataset() refuses pages without an end", async () => {
  let count = 0;
  const entry = { type: "file", oid: commit, size: 1 };
  const page = (entries: (page: number) => unknown[]): Reply => (_, response, url) => {
    const next = new URL(`${url.pathname}?cursor=${++count}`, "http://127.0.0.1");
    response.setHeader("Link", `<${next}>; rel="next"`);
    answerJson(response, entries(count));
  };
  await fails(
    {},
    { tree: page(() => []) },
    /the list of files of user\/name must have at most 2000 pages and 400000000 bytes, got more/,
  );
  assert.equal(count, 2001);
  const large = { ...entry, path: "x".repeat(4000) };
  await fails({}, {
    tree: page((number) =>
      Array.from({ length: 500 }, (_, i) => ({ ...large, path: `${number}/${i}`, note: large.path }))
    ),
  }, /400000000 bytes/);
});

test("loadDataset() refuses JSON without an end", async () => {
  const message =
    /the (revision main|list of files) of user\/name must have at most 64000000 bytes, got more/;
  await fails({}, { revision: flooded(200, " ".repeat(1 << 16)) }, message);
  await fails({}, { tree: flooded(200, '{"type":"directory"},'.repeat(3000), "[") }, message);
  await fails({}, { tree: flooded(200, "[".repeat(1 << 16)) }, message);
});

test("loadDataset() reads the begin of a failure without an end", async () => {
  for (const what of ["revision", "tree", "readme", "data"] as const) {
    for (const status of [404, 500]) {
      await withHub({}, { [what]: flooded(status, "x".repeat(1 << 16)) }, async (endpoint) => {
        assert.match(
          (await failure(endpoint, { bytesMax: 200_000_000 })).message,
          new RegExp(`got ${status}$`),
        );
      });
    }
  }
});

test("loadDataset() reads what was listed of a file without an end", async () => {
  const endless: Reply = ({ headers }, response) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "")!;
    response.writeHead(206, { "Content-Range": `bytes ${match[1]}-${match[2]}/6` });
    flood(response, "x".repeat(1 << 16));
  };
  await withHub({ readme: "# Name" }, { readme: endless }, async (endpoint) => {
    assert.match(
      (await failure(endpoint, { bytesMax: 200_000_000 })).message,
      /README\.md must have the hash/,
    );
  });
  await withHub({ readmeLength: 4_000_000_000 }, { readme: endless }, async (endpoint) => {
    assert.match((await failure(endpoint)).message, /README\.md must have at most \d+ bytes, got 4000000000/);
  });
});

test("loadDataset() does not fetch a footer that says it has 4 GB", async () => {
  const byteLength = 8_000_000_000;
  let bytes = 0;
  const claim: Reply = ({ headers }, response) => {
    const [start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!.slice(1).map(Number);
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${byteLength}` });
    const length = Math.min(end + 1 - start, 1 << 20);
    const part = new Uint8Array(length);
    if (end === byteLength - 1) {
      new DataView(part.buffer).setUint32(length - 8, 4_000_000_000, true);
      part.set(new TextEncoder().encode("PAR1"), length - 4);
    }
    bytes += length;
    response.write(part);
    if (end + 1 - start > length) flood(response, part);
    else response.end();
  };
  await withHub({ byteLength }, { data: claim }, async (endpoint) => {
    assert.match(
      (await failure(endpoint)).message,
      /its footer must have at most 256000000 bytes, got 4000000000$/,
    );
    assert.ok(bytes < 1_000_000, `${bytes}`);
  });
});

test("slice() reads nothing larger than memory, and withinBytes() holds what is foreseen within a bound", async () => {
  await withHub({ byteLength: 2 ** 40 }, {}, async (endpoint) => {
    const { files: [file] } = await openSplit("user/name", "train", { endpoint, token: null, retry });
    await assert.rejects(file.slice(5), {
      code: "file-too-large",
      message: /must have at most 2147483648 bytes, got 1099511627771$/,
    });
  });
  const [small, large] = [{ start: 0, end: 1000 }, { start: 1000, end: 2 ** 40 }];
  assert.deepEqual(withinBytes([small, large], 2000), [small]);
  assert.deepEqual(withinBytes([small, small, small], 2000), [small, small]);
});

test("loadDataset() of answers that drip ends in an error", async () => {
  const drip = (begin: string, status = 200): Reply => ({ headers }, response) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
    const range = match && match[2] !== "0" ? { "Content-Range": `bytes ${match[1]}-${match[2]}/1000` } : {};
    response.writeHead(match && status === 200 ? 206 : status, range).write(begin);
    const timer = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(timer));
  };
  for (const what of ["revision", "tree"] as const) {
    await fails({}, { [what]: drip("[") }, /must come whole, got \d+ bytes in 0\.5 s, fewer than 500$/);
  }
  await fails(
    { byteLength: 10 },
    { data: (request, response, url) => drip("")(request, response, url) },
    /data\/train.* must come whole/,
  );
  await withHub({}, { revision: drip("x", 500) }, async (endpoint) => {
    assert.match((await failure(endpoint)).message, /got 500$/);
  });
});

test("loadDataset() takes a byte a try for no progress", async () => {
  let tries = 0;
  const one: Reply = ({ headers }, response) => {
    const [start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!.slice(1).map(Number);
    const length = end + 1 - start;
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/1000`, "Content-Length": length });
    if (length === 1) return void response.end("x");
    tries++;
    response.write("x", () => setTimeout(() => response.destroy(), 20));
  };
  await fails({ byteLength: 1000 }, { data: one }, /data\/train.* must come whole/);
  assert.ok(tries <= 4, `${tries}`);
});

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
