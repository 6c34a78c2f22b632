/** A store drops its oldest rows while others read it: every value that they get is right, on a full disk too. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withMount } from "../support/full_disk/mount.ts";
import { StreamStore } from "../../mod.ts";
import { Child, commandOf } from "../torture/child.ts";
import { checkRows, type Store } from "../torture/dropping_content.ts";
import { withDirectory } from "../torture/scratch.ts";

/** `./run bun tests/torture/dropping.ts` runs it for minutes. */
const milliseconds = 2000;

interface Found {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly fullCount: number;
  readonly checks: readonly number[];
  readonly seen: readonly number[];
}

function dropIn(directory: string, ballastBytes = 0): Found {
  const script = fileURLToPath(new URL("../torture/dropping.ts", import.meta.url));
  const flags = commandOf("dropping.ts", {}).slice(0, -2);
  const args = [...flags, script, directory, String(milliseconds), "1", String(ballastBytes)];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(signal ?? status, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

function checkFound({ firstRow, checks, seen }: Found): void {
  assert.ok(checks.every((count) => count > 0), `${checks}`);
  assert.ok(seen.at(-1)! < firstRow, "what the reader that does not refresh has was not dropped");
}

test("refresh(), gather(), sampler() and others read no wrong value while rows are dropped", () =>
  withDirectory((directory) => checkFound(dropIn(directory))));

test("open() after writers that were killed while they dropped rows finds all that they acknowledged", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    let dropped = 0;
    for (let kill = 0; kill < 8; kill++) {
      const writer = new Child("dropping_writer.ts", { path });
      // A chunk has as many rows as two or three lines.
      await writer.waitForLines(2 + kill % 4);
      await new Promise((resolve) => setTimeout(resolve, kill));
      assert.equal(await writer.kill(), "SIGKILL", writer.errors);
      using store = StreamStore.open(path) as Store;
      const { firstRow, rowCount, firstToken } = store;
      assert.ok(rowCount >= Number(writer.line), `${writer.line} acknowledged, ${rowCount} there`);
      assert.ok(firstRow >= dropped && firstRow <= rowCount - 1000, `${firstRow} of ${rowCount}`);
      dropped = firstRow;
      // All of them take long: those where it begins, and those that were on their way.
      const lastRows = Math.max(firstRow, rowCount - 4000);
      checkRows(store.rows(firstRow, Math.min(firstRow + 1000, rowCount)), firstRow);
      checkRows(store.rows(lastRows), lastRows);
      assert.deepEqual((await store.verify()).damaged, []);
      const numbers = readdirSync(path).filter((name) => name.startsWith("data.")).map((name) =>
        +name.slice(-5)
      );
      assert.ok(numbers.every((number) => number >= Math.floor(firstToken / 65_536)), `${numbers}`);
    }
    assert.ok(dropped > 0);
  }));

test("tmpfs: a store that drops rows on a full disk is read without a wrong value or a signal", () => {
  const reason = withMount("tmpfs", (directory) => {
    // Of 8 MiB it leaves as much as the store needs, and the segments that a reader keeps are too much.
    const found = dropIn(directory, 3_000_000);
    checkFound(found);
    assert.ok(found.fullCount > 0, "the disk was never full");
  });
  if (reason !== null) console.log(`skipped: ${reason}`);
});
