/** The one way to the Hub and to where it leads: which addresses are asked, what goes along, and that answers end. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type Fetch, hubFetch } from "../../../../src/dataset/hub/http/fetch.ts";

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A `fetch` that is answered by a table, and what it was asked; names of `lookUp` stand for addresses. */
function fakeFetch(
  endpoint: string,
  answers: Record<string, () => Response>,
  names: Record<string, string[]> = {},
): { ask: Fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = ((url: string, { method = "GET", headers, body }: RequestInit) => {
    sent.push({ url, method, headers: new Headers(headers), body });
    const answer = answers[url];
    return answer === undefined
      ? Promise.reject(new Error(`nobody asked for ${url}`))
      : Promise.resolve(answer());
  }) as Fetch;
  const lookUp = (name: string) => Promise.resolve(names[name] ?? ["93.184.216.34"]);
  return { ask: hubFetch(endpoint, 5, { send, lookUp }), sent };
}

const to = (location: string, status = 302) => () =>
  new Response("over there", { status, headers: { location } });
const fine = () => new Response("fine");

async function isRefused(asking: Promise<Response>, message: RegExp): Promise<void> {
  await assert.rejects(asking, (error: Error) => {
    assert.equal(error.constructor.name, "RefusedAnswer", String(error));
    assert.match(error.message, message);
    return true;
  });
}

test("hubFetch() asks only http and https, at once and behind a redirect", async () => {
  for (
    const address of [
      "file:///etc/passwd",
      "data:text/plain,x",
      "blob:https://hub.example/1",
      "ftp://hub.example/x",
    ]
  ) {
    const { ask, sent } = fakeFetch("https://hub.example", { "https://hub.example/a": to(address) });
    const message = /must come from an http or https address, got (file|data|blob|ftp):$/;
    await isRefused(ask(address), message);
    assert.equal(sent.length, 0);
    await isRefused(ask("https://hub.example/a"), message);
    assert.equal(sent.length, 1);
  }
  const { ask } = fakeFetch("https://hub.example", {
    "https://hub.example/a": to("https://me:word@cdn.example/"),
  });
  await isRefused(ask("https://hub.example/a"), /an address without a password, got one with a password/);
  const broken = fakeFetch("https://hub.example", { "https://hub.example/a": to("https://[") });
  await isRefused(broken.ask("https://hub.example/a"), /must lead to an address, got something else/);
});

test("hubFetch() never makes http of https, but may make https of http", async () => {
  const table = { "https://hub.example/a": to("http://cdn.example/a"), "http://cdn.example/a": fine };
  await isRefused(fakeFetch("https://hub.example", table).ask("https://hub.example/a"), /must come by https/);
  await isRefused(fakeFetch("https://hub.example", table).ask("http://cdn.example/a"), /must come by https/);
  const plain = { "http://hub.example/a": to("https://cdn.example/a"), "https://cdn.example/a": fine };
  assert.equal(
    await (await fakeFetch("http://hub.example", plain).ask("http://hub.example/a")).text(),
    "fine",
  );
  const back = {
    ...plain,
    "https://cdn.example/a": to("http://hub.example/b"),
    "http://hub.example/b": fine,
  };
  await isRefused(fakeFetch("http://hub.example", back).ask("http://hub.example/a"), /must come by https/);
});

test("hubFetch() follows five redirects, and no sixth", async () => {
  for (const count of [5, 6]) {
    const table: Record<string, () => Response> = { [`https://hub.example/${count}`]: fine };
    for (let i = 0; i < count; i++) table[`https://hub.example/${i}`] = to(`/${i + 1}`);
    const { ask, sent } = fakeFetch("https://hub.example", table);
    const asking = ask("https://hub.example/0");
    if (count === 5) {
      const answer = await asking;
      assert.deepEqual([answer.url, await answer.text()], ["https://hub.example/5", "fine"]);
    } else await isRefused(asking, /must come by at most 5 redirects, got more/);
    assert.equal(sent.length, 6);
  }
  const loop = fakeFetch("https://hub.example", { "https://hub.example/0": to("/0") });
  await isRefused(loop.ask("https://hub.example/0"), /at most 5 redirects/);
});

test("hubFetch() may take a redirect for the answer, or for an error", async () => {
  const { ask, sent } = fakeFetch("https://hub.example", {
    "https://hub.example/a": to("file:///etc/passwd"),
  });
  const answer = await ask("https://hub.example/a", { redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("Location")], [302, "file:///etc/passwd"]);
  await isRefused(ask("https://hub.example/a", { redirect: "error" }), /at most 0 redirects/);
  assert.equal(sent.length, 2);
});

const privateHosts = [
  "127.0.0.1",
  "127.255.0.9",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "2130706433",
  "0x7f.1",
  "0177.0.0.1",
  "[::1]",
  "[::]",
  "[fc00::1]",
  "[fdff::1]",
  "[fe80::1]",
  "[::ffff:10.0.0.1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "localhost",
  "a.localhost",
  "inside.example",
  "both.example",
  "six.example",
];
const names = {
  "inside.example": ["10.1.2.3"],
  "both.example": ["93.184.216.34", "192.168.0.9"],
  "six.example": ["fe80::1%eth0"],
  "nowhere.example": [],
};

test("hubFetch() asks private addresses where the Hub is at one, and nowhere else", async () => {
  for (const host of privateHosts) {
    const address = `https://${host}/a`;
    const table = { "https://hub.example/a": to(address), [new URL(address).href]: fine };
    const { ask, sent } = fakeFetch("https://hub.example", table, names);
    await isRefused(
      ask("https://hub.example/a"),
      /must come from a public address, as the Hub's is, got https:/,
    );
    await isRefused(ask(address), /public address/);
    assert.equal(sent.length, 1, host);
    for (const endpoint of ["https://10.0.0.7", "https://inside.example", "http://localhost:8080"]) {
      const inside = fakeFetch(
        endpoint,
        { [`${endpoint}/a`]: to(address), [new URL(address).href]: fine },
        names,
      );
      assert.equal(await (await inside.ask(`${endpoint}/a`)).text(), "fine", `${endpoint} ${host}`);
    }
  }
  const publicHosts = [
    "8.8.8.8",
    "172.32.0.1",
    "11.0.0.1",
    "[2606:4700::1111]",
    "[::ffff:8.8.8.8]",
    "cdn.example",
    "nowhere.example",
  ];
  for (const host of publicHosts) {
    const address = new URL(`https://${host}/a`).href;
    const { ask } = fakeFetch("https://hub.example", {
      "https://hub.example/a": to(address),
      [address]: fine,
    }, names);
    assert.equal(await (await ask("https://hub.example/a")).text(), "fine", host);
  }
});

test("hubFetch() tells no other origin who asks, but what is asked", async () => {
  const headers = {
    "Authorization": "Bearer hf_x",
    "Cookie": "a=b",
    "Proxy-Authorization": "c",
    "Range": "bytes=0-9",
  };
  const table = {
    "https://hub.example/a": to("/b"),
    "https://hub.example/b": to("https://cdn.example/a"),
    "https://cdn.example/a": to("https://hub.example/c"),
    "https://hub.example/c": fine,
  };
  const { ask, sent } = fakeFetch("https://hub.example", table);
  await ask("https://hub.example/a", { headers });
  const seen = sent.map(({ headers }) =>
    ["authorization", "cookie", "proxy-authorization", "range"].map((name) => headers.has(name))
  );
  // Once gone they stay gone, also where a redirect leads back.
  assert.deepEqual(seen, [[true, true, true, true], [true, true, true, true], [false, false, false, true], [
    false,
    false,
    false,
    true,
  ]]);
  const port = fakeFetch("https://hub.example", {
    "https://hub.example/a": to("https://hub.example:444/a"),
    "https://hub.example:444/a": fine,
  });
  await port.ask("https://hub.example/a", { headers });
  assert.equal(port.sent[1].headers.has("authorization"), false, "another port is another origin");
  // What a server wants its upload to have says nothing of the connection.
  const { ask: upload, sent: uploads } = fakeFetch("https://hub.example", { "https://hub.example/u": fine });
  await upload("https://hub.example/u", {
    headers: { "Host": "other", "Transfer-Encoding": "chunked", "X-Mine": "y" },
  });
  assert.deepEqual([...uploads[0].headers.keys()], ["x-mine"]);
});

test("hubFetch() keeps method and body at a redirect, or makes a GET of it, by its status", async () => {
  const cases: [status: number, method: string, then: string, body: unknown][] = [
    [301, "POST", "GET", undefined],
    [302, "POST", "GET", undefined],
    [303, "POST", "GET", undefined],
    [303, "PUT", "GET", undefined],
    [302, "PUT", "PUT", "text"],
    [307, "POST", "POST", "text"],
    [308, "DELETE", "DELETE", "text"],
  ];
  for (const [status, method, then, body] of cases) {
    const table = { "https://hub.example/a": to("/b", status), "https://hub.example/b": fine };
    const { ask, sent } = fakeFetch("https://hub.example", table);
    await ask("https://hub.example/a", { method, body: "text", headers: { "Content-Type": "text/plain" } });
    assert.deepEqual([sent[1].method, sent[1].body], [then, body], `${status} ${method}`);
    assert.equal(sent[1].headers.has("content-type"), body !== undefined);
  }
  const { ask } = fakeFetch("https://hub.example", {
    "https://hub.example/a": to("/b", 307),
    "https://hub.example/b": fine,
  });
  const body = new ReadableStream();
  await isRefused(
    ask("https://hub.example/a", { method: "POST", body, duplex: "half" } as RequestInit),
    /at most 0 redirects/,
  );
});

test("hubFetch() takes what fetch takes", async () => {
  const { ask, sent } = fakeFetch("https://hub.example", {
    "https://hub.example/a": to("/b", 307),
    "https://hub.example/b": fine,
  });
  const headers = { "X-Mine": "y" };
  await ask(new URL("https://hub.example/a"));
  await ask(new Request("https://hub.example/a", { headers }));
  await ask(new Request("https://hub.example/a", { headers }), { method: "HEAD" });
  assert.deepEqual(sent.map(({ method, headers }) => [method, headers.get("x-mine")]), [
    ["GET", null],
    ["GET", null],
    ["GET", "y"],
    ["GET", "y"],
    ["HEAD", "y"],
    ["HEAD", "y"],
  ]);
  await assert.rejects(ask("no address"), TypeError);
});

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

/** A server of the machine, and a `fetch` for it as a Hub. */
async function withServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  run: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

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
