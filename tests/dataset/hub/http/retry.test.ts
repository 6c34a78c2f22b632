/** What is tried again, how long is waited before, and what ends the waiting. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitSecondsOf } from "../../../../src/dataset/hub/http/retry.ts";
import { files, open, read, rejects, retry, withHub } from "../../../support/hub/loading.ts";

test("openSplit() tries 429 and 5xx again, and waits for Retry-After", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    hub.faults.add({ path: "/revision/", status: 429, headers: { "Retry-After": "1" } });
    hub.faults.add({ path: "/tree/", status: 503, times: 3 });
    hub.faults.add({ path: "/resolve/", status: 500, times: 2 });
    hub.faults.add({ host: "storage", status: 502, times: 2 });
    hub.faults.add({ path: "/tree/", drop: "answer" });
    const start = performance.now();
    const { files: [file] } = await open(hub, { retry: { ...retry, attempts: 5 } });
    assert.ok(performance.now() - start >= 990);
    await read(file, 10, 20);
    hub.faults.add({ path: "/revision/", status: 503, times: 4 });
    await rejects(
      open(hub),
      "input-output",
      /Cannot load user\/name: http.* must answer .*, got 503, "Injected"/,
    );
    hub.faults.add({ path: "/revision/", status: 429, headers: { "Retry-After": "9999" } });
    await rejects(open(hub), "busy", /must have room for more requests, got 429/);
  }));

test("waitSecondsOf() reads seconds, a date, and the Hub's own header", () => {
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": "17" })), 17);
  const inTen = waitSecondsOf(new Headers({ "Retry-After": new Date(Date.now() + 10_000).toUTCString() }))!;
  assert.ok(inTen > 8 && inTen <= 10);
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": new Date(0).toUTCString() })), 0);
  assert.equal(waitSecondsOf(new Headers({ RateLimit: '"api";r=0;t=55' })), 55);
  assert.equal(waitSecondsOf(new Headers({ "Retry-After": "soon" })), null);
  assert.equal(waitSecondsOf(new Headers()), null);
});

test("openSplit() and slice() end with the reason of an abort, also while they wait", () =>
  withHub(async (hub) => {
    hub.createRepository("user/name", { files });
    const reason = new Error("enough");
    for (
      const fault of [{ path: "/revision/", status: 429, headers: { "Retry-After": "30" } }, {
        path: "/tree/",
        stallAfter: 1,
      }]
    ) {
      const controller = new AbortController();
      hub.faults.add(fault);
      const opening = open(hub, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(opening, reason);
    }
    const controller = new AbortController();
    const { files: [file] } = await open(hub, { signal: controller.signal });
    hub.faults.add({ host: "storage", stallAfter: 100 });
    const reading = file.slice(0, 1000);
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(reading, reason);
  }));
