/** `verify`, and what it salvages. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, callAtOnce, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { fillUp, makeRun } from "../support/cli/stores.ts";
import { withMount } from "../support/full_disk/mount.ts";

/** Changes a byte of a file. */
function damage(path: string, at: number): void {
  const file = openSync(path, "r+");
  writeSync(file, Uint8Array.of(0x55), 0, 1, at);
  closeSync(file);
}

test("verify says that a store is whole, and ends with 0", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    makeRun(folder, 3, "other.stream");
    const { code, output, errors } = await call(folder, "verify", "run.stream", "other.stream");
    assert.deepEqual([code, errors], [0, ""]);
    assert.match(
      output,
      /^run\.stream: whole, \d+ chunks have their checksums\nother\.stream: whole, \d+ chunks have their checksums\n$/,
    );
    const { output: json } = await call(folder, "verify", "run.stream", "--json");
    const { chunkCount, ...rest } = JSON.parse(json);
    assert.deepEqual(rest, { path: "run.stream", damaged: [] });
    assert.ok(chunkCount > 4);
  }));

test("verify names the damaged chunks and their rows, ends with 1, and salvages the rows before them", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder, 1000);
    damage(join(path, "data.f64"), 8 * 3333);
    const whole = "  chunk 3 of data.f64: rows 666 to 888\n";
    const { code, output, errors } = await call(
      folder,
      "verify",
      "run.stream",
      "--salvage-to",
      "whole.stream",
    );
    assert.deepEqual([code, errors], [1, ""]);
    assert.match(output, /^run\.stream: damaged, 1 of \d+ chunks:\n/);
    assert.ok(output.includes(whole), output);
    using salvaged = StreamStore.open(join(folder, "whole.stream"), { mode: "read" });
    assert.ok(output.endsWith(`whole.stream: ${salvaged.rowCount} rows of it\n`), output);
    assert.equal(salvaged.rowCount, 666);
    makeRun(folder, 1000, "as-made.stream");
    using made = StreamStore.open(join(folder, "as-made.stream"), { mode: "read" });
    assert.deepEqual(salvaged.rows(), made.rows(0, salvaged.rowCount));
    assert.deepEqual((await salvaged.verify()).damaged, []);
    const { output: json } = await call(folder, "verify", "run.stream", "--json");
    assert.deepEqual(JSON.parse(json).damaged, [{ file: "data.f64", chunk: 3, rows: [666, 889] }]);
  }));

test("verify of a store that cannot be opened says why", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder);
    truncateSync(join(path, "data.f64"), 100);
    const { code, output } = await call(folder, "verify", "run.stream");
    assert.equal(code, 1);
    assert.match(output, /^run\.stream: damaged: Cannot open the store /);
    const { output: json } = await call(folder, "verify", "run.stream", "--json");
    assert.match(JSON.parse(json).error, /^Cannot open the store /);
  }));

test("verify refuses to salvage over what is there, several stores, and into no folder, before it reads", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    makeRun(folder, 3, "other.stream");
    const before = readdirSync(folder);
    for (
      const [args, message] of [
        [["run.stream", "--salvage-to", "other.stream"], /something at other\.stream already/],
        [["run.stream", "other.stream", "--salvage-to", "new.stream"], /One store at a time/],
        [
          ["run.stream", "--salvage-to", "none/new.stream"],
          /There is no folder \S+none for none\/new\.stream/,
        ],
      ] as const
    ) {
      const { code, output, errors } = await call(folder, "verify", ...args);
      assert.deepEqual([code, output], [2, ""]);
      assert.match(errors, message);
    }
    assert.deepEqual(readdirSync(folder), before);
  }));

test(
  "verify shows a bar on a terminal, which is gone at the end",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      const store = StreamStore.open(join(folder, "long.stream"), { fields: ["value"], capacity: 1000 });
      store.appendColumns({
        step: Float64Array.from({ length: 200_000 }, (_, i) => i),
        value: new Float64Array(200_000),
      });
      store.close();
      const { output } = await onTerminal(folder, ["verify", "long.stream"]);
      // deno-lint-ignore no-control-regex
      assert.match(output, /\rVerifying long\.stream \[=*-+\] [\d,]+ of [\d,]+ chunks\u001b\[K/);
      // deno-lint-ignore no-control-regex
      assert.match(output, /\r\u001b\[2Klong\.stream: whole, [\d,]+ chunks have their checksums\n$/);
      const { errors } = await call(folder, "verify", "long.stream");
      assert.equal(errors, "");
    }),
);

test(
  "Ctrl-C ends salvaging with 130, leaves nothing beside the source, and the source as it was",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "long.stream");
      const store = StreamStore.open(path, { fields: ["value", "other"] });
      // A field that is missing now and then is copied row by row.
      for (let block = 0; block < 300; block++) {
        const first = 10_000 * block;
        store.append(first, {});
        const step = Float64Array.from({ length: 9_999 }, (_, i) => first + 1 + i);
        store.appendColumns({ step, value: step, other: step });
      }
      const { rowCount } = store;
      store.close();
      damage(join(path, "data.f64"), 16 * (rowCount - 10_000));
      const contents = () =>
        readdirSync(path).sort().map((name) => {
          const hash = createHash("sha256").update(readFileSync(join(path, name))).digest("hex");
          return [name, hash];
        });
      const before = contents();
      const args = ["verify", "long.stream", "--salvage-to", "whole.stream"];
      const { code, output } = await onTerminal(folder, args, "Salvaging");
      assert.equal(code, 130, output);
      assert.deepEqual(readdirSync(folder), ["long.stream"]);
      assert.deepEqual(contents(), before);
      assert.throws(() => StreamStore.open(join(folder, "whole.stream"), { mode: "read" }), {
        code: "not-found",
      });
    }),
);

test("salvaging onto a full disk fails with 1, and leaves nothing", async (context) => {
  let reason: string | null = null;
  await inFolder(async (folder) => {
    const path = makeRun(folder, 1000);
    damage(join(path, "data.f64"), 8 * 3333);
    reason = withMount("tmpfs", (directory) => {
      cpSync(path, join(directory, "run.stream"), { recursive: true });
      fillUp(join(directory, "ballast"));
      const before = readdirSync(directory);
      const outcome = callAtOnce(directory, "verify", "run.stream", "--salvage-to", "whole.stream");
      assert.equal(outcome.code, 1);
      assert.match(outcome.errors, /space|full|room/);
      assert.ok(!existsSync(join(directory, "whole.stream")));
      assert.deepEqual(readdirSync(directory), before);
    });
  });
  if (reason !== null) context.skip(reason);
});
