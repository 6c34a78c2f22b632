/** Which requests the viewer answers: each is written to a socket as it stands here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { makeRun } from "../support/cli/stores.ts";
import { begin, exchange, type RawAnswer } from "../support/view/raw.ts";
import { Viewer } from "../support/view/viewer.ts";

let folder: string;
let viewer: Viewer;
let host: string;
let cookie: string;

/** `GET path`, with the cookie unless something else is said. */
function get(path: string, ...headers: readonly string[]): Promise<RawAnswer> {
  return ask(`GET ${path} HTTP/1.1`, `host: ${host}`, `cookie: ${cookie}`, ...headers);
}

function ask(...lines: readonly string[]): Promise<RawAnswer> {
  return exchange(viewer.port, [...lines, "connection: close"]);
}

const codeOf = (address: string) => new URL(address).searchParams.get("code")!;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "streamstore-view-"));
  makeRun(folder);
  viewer = await Viewer.start(folder, "run.stream");
  host = `127.0.0.1:${viewer.port}`;
  const entered = await ask(`GET /?code=${codeOf(viewer.address)}&screen=table HTTP/1.1`, `host: ${host}`);
  assert.equal(entered.status, 303);
  assert.equal(entered.headers.get("location"), "/?screen=table");
  const set = entered.headers.get("set-cookie")!;
  assert.match(set, /^streamstore-[\da-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  cookie = set.split(";")[0];
});
after(async () => {
  await viewer.end();
  rmSync(folder, { recursive: true, force: true });
});

const statusesOf = async (answers: Readonly<Record<string, Promise<RawAnswer>>>) =>
  Object.fromEntries(
    await Promise.all(Object.entries(answers).map(async ([name, answer]) => [name, (await answer).status])),
  );
const all = <Value>(names: readonly string[], value: Value) =>
  Object.fromEntries(names.map((name) => [name, value]));

test("a browser with the cookie gets the page, its files and the routes", async () => {
  const paths = [
    "/",
    "/?screen=stream",
    "/client.js",
    "/style.css",
    "/favicon.svg",
    "/favicon.ico",
    "/api/stores",
  ];
  const answers = Object.fromEntries(paths.map((path) => [path, get(path)]));
  assert.deepEqual(await statusesOf(answers), all(paths, 200));
  assert.equal(JSON.parse((await get("/api/overview?store=0")).body).endRow, 20);
});

test("every answer has the fixed headers, whatever its status, and none allows another origin", async () => {
  const fixed = {
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
  };
  const own = new Set([
    ...Object.keys(fixed),
    "content-type",
    "content-length",
    "location",
    "set-cookie",
    "allow",
  ]);
  // What a server says of the connection itself, by the runtime.
  const transport = ["date", "connection", "keep-alive", "transfer-encoding", "vary"];
  const answers = await Promise.all([
    get("/"),
    get("/api/stores"),
    get("/nothing"),
    get("/?code=x&screen=table"),
    get("/api/overview?store=7"),
    ask("GET / HTTP/1.1", `host: ${host}`),
    ask("POST / HTTP/1.1", `host: ${host}`, "content-length: 0"),
    ask("GET / HTTP/1.1", "host: evil.example"),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 404, 303, 400, 401, 405, 403]);
  for (const { status, headers } of answers) {
    for (const [name, value] of Object.entries(fixed)) {
      assert.equal(headers.get(name), value, `${status} ${name}`);
    }
    const others = [...headers.keys()].filter((name) => !own.has(name) && !transport.includes(name));
    assert.deepEqual(others, [], String(status));
  }
  assert.equal(answers[0].headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(answers[6].headers.get("allow"), "GET");
});

test("without the cookie nothing is answered: not the page, not a stream, not whether a path is there", async () => {
  const paths = [
    "/",
    "/client.js",
    "/style.css",
    "/favicon.ico",
    "/api/stores",
    "/api/live?store=0",
    "/nothing",
  ];
  const [name, value] = cookie.split("=");
  const wrong = [
    [],
    ["cookie: "],
    [`cookie: ${name}=`],
    [`cookie: ${name}=${value.slice(0, -1)}`],
    [`cookie: ${name}=${value}x`],
    [`cookie: ${name}=${value.toUpperCase()}`],
    [`cookie: streamstore=${value}`],
    [`cookie: x${name}=${value}`],
    [`cookie: ${name.toUpperCase()}=${value}`],
  ];
  for (const path of paths) {
    for (const headers of wrong) {
      const { status, body } = await ask(`GET ${path} HTTP/1.1`, `host: ${host}`, ...headers);
      assert.equal(status, 401, `${path} ${headers}`);
      assert.match(JSON.parse(body).error, /^Cannot answer the request: this browser/);
    }
  }
  assert.equal((await ask("GET / HTTP/1.1", `host: ${host}`, `cookie: a=b; ${cookie}; c=d`)).status, 200);
});

test("a code holds once, and only one that was printed, on the page's own path", async () => {
  const code = codeOf(viewer.address);
  const tries = {
    used: `/?code=${code}`,
    empty: "/?code=",
    wrong: `/?code=${"A".repeat(code.length)}`,
    shorter: `/?code=${code.slice(1)}`,
    elsewhere: `/api/stores?code=${code}`,
  };
  const answers = Object.entries(tries).map(([name, path]) =>
    [name, ask(`GET ${path} HTTP/1.1`, `host: ${host}`)] as const
  );
  assert.deepEqual(await statusesOf(Object.fromEntries(answers)), all(Object.keys(tries), 401));
  // The browser that has the cookie may reload what it was opened by.
  assert.equal((await get(`/?code=${code}`)).status, 303);
});

test("only names of this machine are answered, by any port, so that no other name can lead here", async () => {
  const { port } = viewer;
  const own = [
    "127.0.0.1",
    `127.0.0.1:${port}`,
    "127.0.0.1:8080",
    "localhost",
    `localhost:${port}`,
    "LOCALHOST:1",
  ];
  const addresses = ["[::1]", `[::1]:${port}`];
  const evil = [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example/127.0.0.1",
    "evil.example#@127.0.0.1",
    "evil@127.0.0.1",
    "127.0.0.1:80:80",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1, evil.example",
    "192.168.0.1",
    "0.0.0.0",
    "127.1",
    "[::2]",
    "::1",
    "[::1",
    "localhost.",
  ];
  const by = (name: string) => ask("GET /api/stores HTTP/1.1", `host: ${name}`, `cookie: ${cookie}`);
  for (const name of [...own, ...addresses]) assert.equal((await by(name)).status, 200, name);
  // A runtime itself may refuse what is no host at all.
  for (const name of evil) assert.ok([400, 403].includes((await by(name)).status), name);
});

test("an origin must be the server's own, as it is named, and a site the same", async () => {
  const refused = [
    "origin: http://evil.example",
    "origin: null",
    "origin: ",
    `origin: https://${host}`,
    `origin: http://${host}.evil.example`,
    `origin: http://evil.example/http://${host}`,
    "origin: http://127.0.0.1",
    `origin: http://localhost:${viewer.port}`,
    `origin: HTTP://${host}`,
    "sec-fetch-site: cross-site",
    "sec-fetch-site: same-site",
    "sec-fetch-site: ",
    "sec-fetch-site: Same-Origin",
  ];
  const answers = Object.fromEntries(refused.map((header) => [header, get("/api/stores", header)]));
  assert.deepEqual(await statusesOf(answers), all(refused, 403));
  const allowed = [`origin: http://${host}`, "sec-fetch-site: same-origin", "sec-fetch-site: none"];
  const others = Object.fromEntries(allowed.map((header) => [header, get("/api/stores", header)]));
  assert.deepEqual(await statusesOf(others), all(allowed, 200));
  // Also with a code, and on every route.
  const code = ["/?code=x", "/", "/client.js", "/api/live?store=0"];
  const stolen = Object.fromEntries(code.map((path) => [path, get(path, "sec-fetch-site: cross-site")]));
  assert.deepEqual(await statusesOf(stolen), all(code, 403));
});

test("only GET is answered", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const { status } = await ask(
      `${method} /api/stores HTTP/1.1`,
      `host: ${host}`,
      `cookie: ${cookie}`,
      "content-length: 0",
    );
    assert.equal(status, 405, method);
  }
  const head = await ask("HEAD /api/stores HTTP/1.1", `host: ${host}`, `cookie: ${cookie}`);
  assert.deepEqual([head.status, head.body], [405, ""]);
});

test("paths are those of the table: nothing leads to a file", async () => {
  const paths = [
    "/nothing",
    "/api",
    "/api/",
    "/api/stores/",
    "/api/Stores",
    "//api/stores",
    "/api/stores%00",
    "/api%2fstores",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/client.js/../../etc/passwd",
    "/../../../../etc/passwd",
    "/....//....//etc/passwd",
    "/\\..\\..\\etc\\passwd",
    "/run.stream/store.json",
    "/constructor",
    "/__proto__",
  ];
  for (const path of paths) {
    const { status, body } = await get(path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(body, /root:|"format"/);
  }
});

test("an address that is too long, or is none, is refused", async () => {
  assert.equal((await get(`/api/stores?${"x".repeat(8200)}`)).status, 414);
  const { status } = await ask(
    "GET http://evil.example/api/stores HTTP/1.1",
    `host: ${host}`,
    `cookie: ${cookie}`,
  );
  assert.ok([400, 403].includes(status), String(status));
});

test("a query is checked, and a store is one of those that were named", async () => {
  const wrong: [string, RegExp][] = [
    ["/api/overview", /store must be given, got nothing/],
    ["/api/overview?store=", /store must be a whole number from 0 to 0, got ""/],
    ["/api/overview?store=-1", /got "-1"/],
    ["/api/overview?store=1e3", /got "1e3"/],
    ["/api/overview?store=0&store=0", /store must be given once, got 2/],
    ["/api/overview?store=0&path=/etc", /a name must be one of store, got "path"/],
    ["/api/overview?store=1", /from 0 to 0, got "1"/],
    ["/api/live?store=9007199254740993", /must be a whole number/],
    ["/api/stores?store=0", /got "store"/],
  ];
  for (const [path, message] of wrong) {
    const answer = await get(path);
    assert.equal(answer.status, 400, path);
    assert.match(JSON.parse(answer.body).error, message);
  }
});

test("so many questions are answered at once and no more, and the rest once they have ended", async () => {
  const lines = ["GET /api/live?store=0 HTTP/1.1", `host: ${host}`, `cookie: ${cookie}`];
  const streams = await Promise.all(Array.from({ length: 32 }, () => begin(viewer.port, lines, "endRow")));
  const { status, body } = await get("/api/stores");
  assert.deepEqual([status, JSON.parse(body).error], [
    503,
    "Cannot answer the request: 32 are being answered",
  ]);
  // The page itself is no question.
  assert.equal((await get("/")).status, 200);
  for (const stream of streams) stream.destroy();
  for (const from = Date.now(); (await get("/api/stores")).status !== 200;) {
    assert.ok(Date.now() - from < 20_000);
  }
});
