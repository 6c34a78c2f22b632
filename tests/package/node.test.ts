/** What is Node's own: the flags that it takes, its permissions, and programs in CommonJS. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { isNode } from "../support/runtime.ts";
import { Consumer } from "./consumer.ts";

const skip = !isNode && "it is of Node";
const quiet = "--disable-warning=ExperimentalWarning";

let consumer: Consumer;
/** Where stores lie. */
let data: string;
before(async () => {
  if (skip !== false) return;
  consumer = await Consumer.make();
  data = mkdtempSync(join(tmpdir(), "streamstore-node-"));
  await consumer.attempt([quiet], ["install.ts"]);
});
after(() => {
  if (skip !== false) return;
  consumer.close();
  rmSync(data, { recursive: true });
});

/** Runs a part of consumer/permissions.ts; returns what it prints, or says when it fails. */
const run = (part: string, ...flags: string[]) =>
  consumer.attempt([quiet, "--disable-warning=SecurityWarning", ...flags], ["permissions.ts", part, data]);

test("where Node's FFI is switched off, the error says which flag to pass", { skip }, async () => {
  const printed = await run("copies", "--no-experimental-ffi");
  assert.match(
    printed,
    /Cannot load the native library: \S+ is switched off in Node .* --experimental-ffi/,
  );
  assert.equal(await run("copies", "--experimental-ffi"), "copies: 0,1,2\n");
});

test("what works under --permission with which flags, as docs/permissions.md says", { skip }, async () => {
  const library = `${consumer.home}/.cache/streamstore`;
  const start = [
    "--permission",
    "--allow-ffi",
    `--allow-fs-read=${consumer.folder}`,
    `--allow-fs-read=${library}`,
  ];
  const reading = [...start, `--allow-fs-read=${data}`];
  const writing = [...reading, `--allow-fs-write=${data}`];
  const rows: [string, string, readonly string[]][] = [
    ["copies", "0,1,2", start],
    ["windows", "0,1,2", start],
    ["reader", "0,1,2", reading],
    ["prefetch", "92", [...reading, "--allow-worker"]],
  ];
  // Nothing can be made durable under --permission, whatever is allowed.
  assert.match(await run("directory", ...writing, "--allow-fs-write=/tmp"), /fsync API is disabled/);
  using store = StreamStore.open(join(data, "run.stream"), { fields: { reward: 0 } });
  for (let step = 0; step < 101; step++) store.append(step, { reward: step });
  store.flush();
  for (const [part, prints, flags] of rows) {
    assert.equal(await run(part, ...flags), `${part}: ${prints}\n`);
    assert.match(await run(part, ...flags.filter((flag) => flag !== "--allow-ffi")), /--allow-ffi\b/, part);
  }
  assert.match(await run("prefetch", ...reading), /--allow-worker\b/);
});

test("CommonJS takes the package by import(), and is told so by require()", { skip }, async () => {
  writeFileSync(
    join(consumer.folder, "main.cjs"),
    `import("@streamstore/streamstore").then(({ StreamStore }) => {
       const store = new StreamStore({ reward: 0 });
       store.append(0, { reward: 7 });
       console.log(store.row(0).reward);
     });\n`,
  );
  assert.equal(await consumer.attempt([quiet], ["main.cjs"]), "7\n");
  writeFileSync(join(consumer.folder, "require.cjs"), 'require("@streamstore/streamstore");\n');
  assert.match(await consumer.attempt([quiet], ["require.cjs"]), /ERR_REQUIRE_ASYNC_MODULE/);
});
