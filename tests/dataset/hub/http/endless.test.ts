/** What a Hub that means harm never ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withinBytes } from "../../../../src/dataset/hub/http/ranges.ts";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import {
  answerJson,
  commit,
  fails,
  failure,
  flood,
  flooded,
  type Reply,
  retry,
  withHub,
} from "../../../support/hub/hostile.ts";

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
  const tree = page((number) =>
    Array.from({ length: 500 }, (_, i) => ({ ...large, path: `${number}/${i}`, note: large.path }))
  );
  // Half of the 400 MB are kept, and the server, in the same process, makes as many.
  await fails({}, { tree }, /400000000 bytes/, { bytesMax: 800_000_000 });
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
    const range = match ? { "Content-Range": `bytes ${match[1]}-${match[2]}/1000` } : {};
    response.writeHead(match && status === 200 ? 206 : status, range).write(begin);
    const timer = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(timer));
  };
  for (const what of ["revision", "tree"] as const) {
    await fails({}, { [what]: drip("[") }, /must come whole, got \d+ bytes in 0\.5 s, fewer than 500$/);
  }
  await fails(
    { byteLength: 1000 },
    { data: drip("") },
    /data\/train.* must come whole, got \d+ bytes in 0\.5 s, fewer than 500$/,
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
