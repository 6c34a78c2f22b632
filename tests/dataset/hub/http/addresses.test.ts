/** Which addresses the Hub may lead to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeFetch, fine, isRefused, to } from "../../../support/hub/fetch.ts";

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
