/** `send` and `follow`, by a real server. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, noTerminal, onTerminal, Running } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";

function serverIn(folder: string, settings: string): Promise<NatsServer> {
  mkdirSync(folder);
  return NatsServer.start(folder, settings);
}

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
        const others = ["--subject", "steps.b", "--once", "--json", "--rows", "400", "--milliseconds", "250"];
        const { output: told } = await call(folder, "send", "run.stream", ...where, ...others);
        assert.deepEqual(told.trim().split("\n").map((text) => JSON.parse(text).row), [400, 800, 1051]);
      } finally {
        await server.kill();
      }
    }),
);

test("send and follow wait for a server with --retry, and say how long, how much waits, and why", {
  skip: noServer,
}, () =>
  inFolder(async (folder) => {
    const server = await NatsServer.start(folder);
    await server.kill();
    const path = makeRun(folder, 1000);
    const where = ["--servers", server.address, "--retry"];
    const sender = new Running(folder, "send", "run.stream", ...where, "--subject", "steps.a", "--json");
    try {
      await sender.until(({ errors }) => errors.endsWith("\n"));
      const why = "Cannot connect to NATS: a server must answer at 127\\.0\\.0\\.1:\\d+: .*";
      const waiting = (what: string) =>
        new RegExp(
          `^streamstore: Waiting for 127\\.0\\.0\\.1:\\d+: without an answer, ${what} \\(${why}\\)\n$`,
        );
      assert.match(sender.errors, waiting("up to 1,000 rows wait"));
      await server.start();
      await sender.until(({ output }) => output.includes('"row": 1000, "waiting": 0'));
      const follower = new Running(folder, "follow", "replicas", ...where, "--json");
      await follower.until(({ output }) => output.includes('"rows": 1000, "behind": 0'));
      await server.kill();
      using writer = StreamStore.open(path);
      for (let row = 0; row < 50; row++) writer.append(100_000 + row, { reward: row });
      writer.sync();
      for (
        const [running, what] of [[sender, "Sending run\\.stream: without an answer, 50"], [
          follower,
          "Following: without an answer, 0",
        ]] as const
      ) {
        await running.until(({ errors }) =>
          new RegExp(`streamstore: ${what} rows wait \\(.+\\)\n$`).test(errors)
        );
      }
      await server.start();
      await follower.until(({ output }) => output.includes('"rows": 1050}'));
      assert.deepEqual([await sender.end(), await follower.end()], [130, 130]);
    } finally {
      sender.child.kill("SIGKILL");
      await server.kill();
    }
  }));

test(
  "send and follow have a bar on a terminal while they wait",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      makeRun(folder, 10);
      const where = ["--servers", "127.0.0.1:1", "--retry"];
      const verbs = [
        { args: ["send", "run.stream", "--subject", "steps.a"], what: "up to 10 rows wait" },
        { args: ["follow", "replicas"], what: "unknown how many rows wait" },
      ];
      for (const { args: [verb, ...rest], what } of verbs) {
        const bar = `Waiting for 127.0.0.1:1: 2 seconds without an answer, ${what}`;
        const { code, output } = await onTerminal(folder, [verb, ...rest, ...where], bar);
        assert.equal(code, 130, output);
        assert.ok(output.includes(bar), output);
      }
    }),
);

test(
  "follow without a stream fails at once, and with --retry waits for one and says so",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const server = await NatsServer.start(folder);
      makeRun(folder, 10);
      const where = ["--servers", server.address, "--stream", "runs"];
      const why =
        `Cannot open a log: the stream must be at ${server.address}, or subjects given to make it, got "runs"`;
      const { code, output, errors } = await call(folder, "follow", "replicas", ...where);
      assert.deepEqual([code, output, errors], [1, "", `streamstore: ${why}\n`]);
      const follower = new Running(folder, "follow", "replicas", ...where, "--json", "--retry");
      try {
        const without = `Waiting for ${server.address}: without a stream, unknown how many rows wait`;
        await follower.until(({ errors }) => errors === `streamstore: ${without} (${why})\n`);
        await call(folder, "send", "run.stream", ...where, "--subject", "steps.a", "--once");
        await follower.until(({ output }) => output.includes('"rows": 10}'));
        assert.equal(await follower.end(), 130);
      } finally {
        follower.child.kill("SIGKILL");
        await server.kill();
      }
    }),
);

test(
  "a password or a token that is wrong ends send and follow, also with --retry",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      makeRun(folder, 10);
      const servers = [
        await serverIn(join(folder, "by-user"), 'authorization { user: robot, password: "right" }'),
        await serverIn(join(folder, "by-token"), 'authorization { token: "right" }'),
      ];
      try {
        for (const [i, server] of servers.entries()) {
          const where = ["--servers", server.address, "--retry"];
          const signed = (secret: string) =>
            i === 0 ? ["--user", "robot", "--password", secret] : ["--token", secret];
          const sending = ["send", "run.stream", ...where, "--subject", "steps.a", "--once"];
          const following = ["follow", `replicas-${i}`, ...where, "--json"];
          for (const verb of [sending, following]) {
            const { code, output, errors } = await call(folder, ...verb, ...signed("wrong"));
            const why =
              `Cannot connect to NATS: the credentials must be right for ${server.address}: Authorization Violation`;
            assert.deepEqual([code, output, errors], [1, "", `streamstore: ${why}\n`]);
          }
          const { code, errors } = await call(folder, ...sending, ...signed("right"));
          assert.deepEqual([code, errors], [0, ""]);
          const follower = new Running(folder, ...following, ...signed("right"));
          await follower.until(({ output }) => output.includes('"rows": 10}'));
          assert.equal(await follower.end(), 130);
        }
      } finally {
        await Promise.all(servers.map((server) => server.kill()));
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
