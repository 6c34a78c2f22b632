/** Answers end, whatever a server sends, and streams are sent with their length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hubFetch } from "../../../../src/dataset/hub/http/fetch.ts";
import { fakeFetch, isRefused, withServer } from "../../../support/hub/fetch.ts";

/** A body that goes on for ever, and how much of it was taken. */
function endless(
  pieceBytes = 1 << 16,
): { body: ReadableStream<Uint8Array>; taken: () => number; isCanceled: () => boolean } {
  let [bytes, canceled] = [0, false];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      bytes += pieceBytes;
      controller.enqueue(new Uint8Array(pieceBytes).fill(32));
    },
    cancel: () => void (canceled = true),
  });
  return { body, taken: () => bytes, isCanceled: () => canceled };
}

test("hubFetch() refuses an answer without an end, cuts that of a failure, and holds a range to what was asked", async () => {
  const cases: [what: string, status: number, range: string | undefined, bytes: number | null][] = [
    ["an answer", 200, undefined, null],
    ["a failure", 500, undefined, 1 << 16],
    ["a failure of a range", 404, "bytes=0-999999999", 1 << 16],
    ["a range", 206, "bytes=1000-1999", 1000],
    ["a range, answered by all", 200, "bytes=1000-1999", 2000],
  ];
  for (const [what, status, range, bytes] of cases) {
    const { body, taken, isCanceled } = endless();
    const { ask } = fakeFetch("https://hub.example", {
      "https://hub.example/a": () => new Response(body, { status }),
    });
    const answer = await ask("https://hub.example/a", {
      headers: range === undefined ? {} : { Range: range },
    });
    if (bytes === null) {
      await assert.rejects(answer.text(), /must have at most 64000000 bytes, got more/);
      assert.ok(taken() < 66_000_000, what);
    } else {
      assert.equal((await answer.arrayBuffer()).byteLength, bytes, what);
      assert.ok(taken() < 300_000, what);
    }
    assert.ok(isCanceled(), what);
  }
  const headers = { "Content-Length": "70000000" };
  const { ask } = fakeFetch("https://hub.example", {
    "https://hub.example/a": () => new Response("x", { headers }),
  });
  await isRefused(ask("https://hub.example/a"), /must have at most 64000000 bytes, got 70000000/);
});

test("hubFetch() takes bytes that drip for none, before and within an answer", () =>
  withServer((request, response) => {
    if (request.url === "/silent") return;
    response.writeHead(200);
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  }, async (endpoint) => {
    const ask = hubFetch(endpoint, 0.5);
    for (
      const [path, message] of [["/silent", /no byte for 0.5 s/], [
        "/drip",
        /^\d+ bytes in 0.5 s, fewer than 500$/,
      ]] as const
    ) {
      const start = performance.now();
      await assert.rejects(ask(`${endpoint}${path}`).then((answer) => answer.text()), { message });
      const took = performance.now() - start;
      assert.ok(took > 450 && took < 5000, `${path} ${took}`);
    }
  }));

test("hubFetch() does not take a slow reader for a silent server", () =>
  withServer((_, response) => response.end(new Uint8Array(3_000_000)), async (endpoint) => {
    const answer = await hubFetch(endpoint, 0.2)(endpoint);
    let bytes = 0;
    for await (const piece of answer.body!) {
      if (bytes < 1_000_000) await new Promise((resolve) => setTimeout(resolve, 60));
      bytes += piece.length;
    }
    assert.equal(bytes, 3_000_000);
  }));

test("hubFetch() ends asking and reading with the reason of an abort", () =>
  withServer((request, response) => {
    if (request.url === "/body") response.writeHead(200).write("begin");
  }, async (endpoint) => {
    const reason = new Error("enough");
    for (const path of ["/silent", "/body"]) {
      const controller = new AbortController();
      const asking = hubFetch(endpoint, 5)(endpoint + path, { signal: controller.signal }).then((answer) =>
        answer.text()
      );
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(asking, reason);
    }
    await assert.rejects(hubFetch(endpoint, 5)(endpoint, { signal: AbortSignal.abort(reason) }), reason);
  }));

function streamOf(bytes: number, pieceBytes = 1 << 16): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, pieceBytes)));
      left -= Math.min(left, pieceBytes);
    },
  }, { highWaterMark: 0 });
}

test("hubFetch() sends a stream with its length, and takes an answer that comes whole, early or cut", () =>
  withServer(async (request, response) => {
    if (request.url === "/early") return void response.writeHead(413, { "X-Why": "large" }).end("too large");
    let bytes = 0;
    for await (const piece of request) bytes += piece.length;
    const { "content-length": length, "transfer-encoding": encoding } = request.headers;
    if (request.url === "/silent") return;
    if (request.url === "/endless") {
      const write = () =>
        response.write(new Uint8Array(1 << 20)) ? setImmediate(write) : response.once("drain", write);
      return void write();
    }
    response.writeHead(200, { "ETag": '"x"' }).end(JSON.stringify([bytes, length, encoding ?? null]));
  }, async (endpoint) => {
    const put = (path: string, bytes: number) =>
      hubFetch(endpoint, 0.7)(endpoint + path, {
        method: "PUT",
        body: streamOf(bytes),
        headers: { "Content-Length": String(bytes), "Transfer-Encoding": "chunked" },
      });
    const answer = await put("/", 1_000_000);
    assert.deepEqual([await answer.json(), answer.headers.get("etag")], [
      [1_000_000, "1000000", null],
      '"x"',
    ]);
    const early = await put("/early", 100_000_000).catch((error) => error);
    // The connection may be closed before its answer is read.
    if (early instanceof Response) {
      assert.deepEqual([early.status, early.headers.get("x-why")], [413, "large"]);
    }
    await assert.rejects(put("/silent", 10), { message: "no byte for 0.7 s" });
    assert.equal((await (await put("/endless", 10)).arrayBuffer()).byteLength, 1 << 16);
    await assert.rejects(
      hubFetch("http://127.0.0.1:1", 1)("http://127.0.0.1:1", {
        method: "PUT",
        body: streamOf(10),
        headers: { "Content-Length": "10" },
      }),
    );
  }));
