/** `send` and `follow`, by a real server. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, Running } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";

test(
  "send and follow bring a store elsewhere, while it grows and through kills of both",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const server = await NatsServer.start(folder);
      const where = ["--servers", server.address];
      const sending = ["send", "run.stream", ...where, "--subject", "steps.a"];
      try {
        const path = makeRun(folder, 1000);
        const { code, output, errors } = await call(folder, ...sending, "--once");
        assert.deepEqual([code, output, errors], [0, "run.stream: sent to row 1,000\n", ""]);
        const follower = new Running(folder, "follow", "replicas", ...where, "--json");
        await follower.until(({ output }) => output.includes('"rows": 1000}'));
        assert.equal(await follower.end("SIGKILL"), "SIGKILL");
        const first = new Running(folder, ...sending, "--json");
        using writer = StreamStore.open(path);
        for (let row = 0; row < 50; row++) writer.append(100_000 + row, { reward: row });
        writer.sync();
        await first.until(({ output }) => output.includes('"row": 1050, "waiting": 0'));
        assert.equal(await first.end("SIGKILL"), "SIGKILL");
        writer.append(200_000, { reward: 7 });
        writer.sync();
        await call(folder, ...sending, "--once");
        const second = new Running(folder, "follow", "replicas", ...where, "--json");
        await second.until(({ output }) => output.includes('"rows": 1051}'));
        assert.equal(await second.end(), 130);
        using replica = StreamStore.open(join(folder, "replicas", "steps.a.stream"), { mode: "read" });
        assert.deepEqual(replica.rows(), writer.rows());
        assert.deepEqual(replica.sessions, writer.sessions);
        assert.deepEqual(replica.extra("prompt").slice(0, 1051), writer.extra("prompt").slice(0, 1051));
      } finally {
        await server.kill();
      }
    }),
);

test("send and follow name the server that does not answer, and fail with 1", () =>
  inFolder(async (folder) => {
    makeRun(folder, 10);
    const where = ["--servers", "127.0.0.1:1"];
    for (
      const args of [["send", "run.stream", ...where, "--subject", "steps.a"], [
        "follow",
        "replicas",
        ...where,
      ]]
    ) {
      const { code, output, errors } = await call(folder, ...args);
      assert.deepEqual([code, output], [1, ""]);
      assert.match(errors, /Cannot connect to NATS: a server must answer at 127\.0\.0\.1:1: /);
    }
    assert.equal(existsSync(join(folder, "replicas")), false);
  }));
