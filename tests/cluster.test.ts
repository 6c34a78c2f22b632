/** `./run cluster`, for a moment. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { noServer } from "../examples/cluster/nats_server.ts";
import { runFlags } from "./support/runtime.ts";

/** Starts it with a folder of its own for temporary files, which must be empty in the end. */
async function run(args: readonly string[], onOutput: (output: string, kill: () => void) => void) {
  const folder = mkdtempSync(join(tmpdir(), "cluster-test-"));
  try {
    const path = fileURLToPath(new URL("../examples/cluster/main.ts", import.meta.url));
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [...runFlags, path, ...args], { env });
    let output = "";
    // Not by the child's own method, after which Deno says that the signal has ended it.
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes) => onOutput(output += bytes, () => process.kill(child.pid!, "SIGINT")));
    }
    const [status] = await once(child, "close");
    assert.deepEqual(readdirSync(folder), [], output);
    return { status, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a short run of the cluster ends with replicas that are the same", { skip: noServer }, async () => {
  const { status, output } = await run(["--seconds", "1"], () => {});
  assert.equal(status, 0, output);
  for (let collector = 0; collector < 4; collector++) {
    assert.match(
      output,
      new RegExp(`collector ${collector}: \\d[\\d,]* rows, at trainer 0 the same, at trainer 1 the same`),
    );
  }
});

test("Ctrl-C takes the cluster down", { skip: noServer }, async () => {
  const { status, output } = await run(["--minutes", "10"], (output, kill) => {
    if (/^ +1 s:/m.test(output)) kill();
  });
  assert.equal(status, 130, output);
  const [, port] = /NATS at 127\.0\.0\.1:(\d+)/.exec(output)!;
  await assert.rejects(once(connect(Number(port), "127.0.0.1"), "connect"), { code: "ECONNREFUSED" });
});
