/** `tail -f`: beside writers that come and go. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import { inFolder, noTerminal, onTerminal, Running, runtimeFlags } from "../support/cli/command.ts";

const fields = { value: "float64", done: "bool" } as const;

const rowsOf = ({ output }: Running) => output.split("\n").slice(0, -1).map((line) => JSON.parse(line));
const steps = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("tail -f writes what is appended, with the last row once it is whole", () =>
  inFolder(async (folder) => {
    using store = StreamStore.open(join(folder, "run.stream"), { fields });
    for (const step of steps(0, 5)) store.append(step, { value: step, done: false });
    store.flush();
    const tail = new Running(folder, "tail", "run.stream", "-f", "-n", "2", "--json");
    await tail.until((tail) => rowsOf(tail).length === 2);
    store.append(5, { value: 5 });
    store.flush();
    await pause(50);
    store.append(5, { done: true });
    store.append(6, { value: 6 });
    store.flush();
    await tail.until((tail) => rowsOf(tail).length === 4);
    // It was shown as whole, and then was not.
    store.append(6, { done: true });
    store.append(7, { value: 7, done: true });
    store.flush();
    await tail.until((tail) => rowsOf(tail).at(-1).step === 7);
    assert.equal(await tail.end(), 130);
    assert.deepEqual(rowsOf(tail).map(({ step, value, done }) => [step, value, done]), [
      [3, 3, 0],
      [4, 4, 0],
      [5, 5, 1],
      [6, 6, null],
      [6, 6, 1],
      [7, 7, 1],
    ]);
    assert.equal(tail.errors, "");
  }));

const writer = fileURLToPath(new URL("../support/cli/writer.ts", import.meta.url));

/** Starts a writer of the store, and waits until it has written. */
async function startWriter(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...runtimeFlags, writer, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  return child;
}

test("tail -f goes on with the next writer after one that was killed, and misses no row", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    StreamStore.open(path, { fields }).close();
    const tail = new Running(folder, "tail", "run.stream", "-f", "-n", "100000", "--json");
    for (let restart = 0; restart < 3; restart++) {
      const child = await startWriter(path);
      const before = rowsOf(tail).length;
      await tail.until((tail) => rowsOf(tail).length > before + 50);
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    }
    // What the last one left in its tail is found by the next.
    using store = StreamStore.open(path);
    store.flush();
    await tail.until((tail) => rowsOf(tail).length >= store.rowCount);
    assert.equal(await tail.end(), 130);
    assert.deepEqual(rowsOf(tail).map(({ step }) => step), steps(0, store.rowCount));
  }));

test("tail -f says that a store is gone, and follows the one that is made in its place", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    const first = StreamStore.open(path, { fields });
    first.append(0, { value: 1 });
    first.flush();
    const tail = new Running(folder, "tail", "run.stream", "-f", "--json");
    await tail.until((tail) => rowsOf(tail).length === 1);
    rmSync(path, { recursive: true });
    await tail.until(({ errors }) => errors.includes("is gone"));
    first.close();
    using second = StreamStore.open(path, { fields });
    for (const step of [7, 8]) second.append(step, { value: step });
    second.flush();
    await tail.until((tail) => rowsOf(tail).length === 3);
    assert.equal(await tail.end(), 130);
    assert.deepEqual(rowsOf(tail).map(({ step }) => step), [0, 7, 8]);
    assert.equal(
      tail.errors,
      "streamstore: run.stream is gone: waiting for a store in its place\n" +
        "streamstore: run.stream is another store now, shown from its first row\n",
    );
  }));

test("Ctrl-C ends tail -f with 130", { skip: noTerminal }, () =>
  inFolder(async (folder) => {
    const store = StreamStore.open(join(folder, "run.stream"), { fields });
    store.append(0, { value: 0.5 });
    store.close();
    const { code, output } = await onTerminal(folder, ["tail", "run.stream", "-f"], "0.5");
    assert.equal(code, 130);
    assert.equal(
      output.replace("^C", ""),
      "\u001b[1mrow  step  value  done\u001b[22m\n  0     0    0.5     -\n",
    );
  }));
