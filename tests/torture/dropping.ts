/**
 * One writer that drops its oldest rows all the time, and three readers, of which one never refreshes:
 *
 *     ./run bun tests/torture/dropping.ts DIRECTORY [MILLISECONDS [RUNS [BALLAST]]]
 *
 * With so many bytes of ballast beside it a small disk is full now and then. Prints as JSON what they did. Each ends by itself with code 0, and none has read a wrong value.
 */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Child } from "./child.ts";

const [directory, milliseconds = "2000", runs = "1", ballast = "0"] = process.argv.slice(2);
writeFileSync(join(directory, "ballast"), new Uint8Array(Number(ballast)));

async function run(seed: number): Promise<Record<string, unknown>> {
  const path = join(directory, "run.stream");
  rmSync(path, { recursive: true, force: true });
  // A segment of text or bytes would be more than a small disk has.
  const hasExtras = Number(ballast) === 0;
  const writer = new Child("dropping_writer.ts", { path, hasExtras });
  await writer.waitForLines(1);
  const readers = [true, true, false].map((refreshes, i) =>
    new Child("dropping_reader.ts", {
      path,
      milliseconds: Number(milliseconds),
      seed: seed + i,
      refreshes,
      hasExtras,
    })
  );
  for (const reader of readers) await reader.exited;
  process.kill(writer.id, "SIGTERM");
  const children = [writer, ...readers];
  const ends = await Promise.all(children.map(({ exited }) => exited));
  const errors = children.map((child) => child.errors).join("");
  assert.deepEqual(ends, children.map(() => 0), errors);
  const [written, ...read] = children.map(({ line }) => JSON.parse(line));
  return {
    ...written,
    checks: read.map(({ checkCount }) => checkCount),
    seen: read.map(({ firstRow }) => firstRow),
  };
}

let last: Record<string, unknown> = {};
for (let index = 0; index < Number(runs); index++) {
  last = await run(1 + 3 * index);
  if (Number(runs) > 1) console.error(index, JSON.stringify(last));
}
console.log(JSON.stringify(last));
