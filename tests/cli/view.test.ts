/** `view`, as far as it is a call of the command line: what it prints, what it refuses, and how it ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { root } from "../package/packed.ts";
import { call, inFolder, noTerminal, onTerminal, Running } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";
import { isDeno } from "../support/runtime.ts";
import { exchange } from "../support/view/raw.ts";
import { Viewer } from "../support/view/viewer.ts";

test("view prints one address with a code, and Ctrl-C ends it with 130", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const viewer = await Viewer.start(folder, "run.stream");
    assert.match(viewer.output, /^http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]{43}\n$/);
    assert.equal(viewer.errors, "");
    assert.equal(
      (await fetch(viewer.address)).status,
      401,
      "without a place for cookies the redirect leads nowhere",
    );
    assert.equal(await viewer.end(), 130);
  }));

test("view refuses stores that are not there, and ports that there are not, before it listens", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const calls: [string[], number, RegExp][] = [
      [["missing.stream"], 1, /^streamstore: Cannot open the store \S+missing\.stream: there is none/],
      [
        ["run.stream", "missing.stream"],
        1,
        /^streamstore: Cannot open the store \S+missing\.stream: there is none/,
      ],
      [[], 2, /missing required argument 'paths'/],
      [["run.stream", "--port", "65536"], 2, /--port must be <= 65535, got 65536/],
      [["run.stream", "--port", "http"], 2, /A whole number must be given, got "http"/],
      [["run.stream", "--host", "203.0.113.7"], 1, /^streamstore: Cannot open the viewer: /],
    ];
    for (const [args, code, message] of calls) {
      const ended = await call(folder, "view", "--no-open", ...args);
      assert.deepEqual([ended.code, ended.output], [code, ""], args.join(" "));
      assert.match(ended.errors, message);
    }
  }));

test("view says that a port is taken", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { code, errors } = await call(folder, "view", "run.stream", "--no-open", "--port", String(port));
      assert.deepEqual([code, errors], [
        1,
        `streamstore: Cannot open the viewer: port ${port} of 127.0.0.1 is taken\n`,
      ]);
    } finally {
      server.close();
    }
  }));

test("view opens the address by the system's program, and does without one", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const opened = join(folder, "opened");
    const programs = join(folder, "programs");
    mkdirSync(programs);
    const name = process.platform === "darwin" ? "open" : "xdg-open";
    writeFileSync(
      join(programs, name),
      `#!/bin/sh\nprintf '%s' "$1" >"${opened}.new"\nmv "${opened}.new" "${opened}"\n`,
    );
    chmodSync(join(programs, name), 0o755);
    const before = process.env.PATH;
    try {
      process.env.PATH = `${programs}:/usr/bin:/bin`;
      const running = new Running(folder, "view", "run.stream");
      await running.until(({ output }) => output.endsWith("\n") && isThere(opened));
      assert.equal(readFileSync(opened, "utf8"), running.output.trim());
      assert.equal(await running.end(), 130);
      process.env.PATH = join(folder, "nothing");
      const without = new Running(folder, "view", "run.stream");
      await without.until(({ output }) => output.endsWith("\n"));
      assert.equal(await without.end(), 130);
      assert.equal(without.errors, "");
    } finally {
      process.env.PATH = before;
    }
  }));

function isThere(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

test("view --host says that others can reach it, and answers by that name and by addresses alone", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const viewer = await Viewer.start(folder, "run.stream", "--host", "0.0.0.0");
    try {
      assert.match(
        viewer.errors,
        /^streamstore: others can reach 0\.0\.0\.0: whoever has the address sees the stores\n$/,
      );
      const cookie = await viewer.cookie();
      for (
        const [host, status] of [
          ["127.0.0.1", 200],
          ["192.168.7.7:80", 200],
          ["[fe80::1]", 200],
          ["0.0.0.0", 200],
          ["evil.example", 403],
          ["127.0.0.1.evil.example", 403],
        ] as const
      ) {
        const lines = ["GET /api/stores HTTP/1.1", `host: ${host}`, `cookie: ${cookie}`, "connection: close"];
        assert.equal((await exchange(viewer.port, lines)).status, status, host);
      }
      const lines = ["GET /api/stores HTTP/1.1", "host: 192.168.7.7", "connection: close"];
      assert.equal((await exchange(viewer.port, lines)).status, 401);
    } finally {
      await viewer.end();
    }
  }));

test("Enter prints another address on a terminal", { skip: noTerminal }, () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const args = ["view", "run.stream", "--no-open"];
    const { code, output } = await onTerminal(folder, args, "code=", 2, "code=");
    const addresses = output.match(/http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]{43}/g) ?? [];
    assert.equal(code, 130);
    assert.deepEqual([addresses.length, new Set(addresses).size], [2, 2], output);
  }));

const denoOnly = { skip: !isDeno && "permissions are Deno's" };

test("view says which permission it needs to listen", denoOnly, () =>
  inFolder((folder) => {
    makeRun(folder);
    const flags = ["--allow-read", "--allow-ffi", "--allow-env", "--allow-sys"];
    const args = ["run", "--no-check", ...flags, "--config", `${root}deno.json`, `${root}cli.ts`];
    const { status, stderr } = spawnSync(process.execPath, [...args, "view", "run.stream", "--no-open"], {
      cwd: folder,
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.equal(status, 1);
    assert.equal(
      stderr,
      "streamstore: Cannot open the viewer: it may not listen; run with --allow-net=127.0.0.1\n",
    );
    return Promise.resolve();
  }));
