/** The one way to the Hub and to where it leads: which addresses are asked, and what goes along. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeFetch, fine, isRefused, to } from "../../../support/hub/fetch.ts";

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
