/** Writers that a viewer watches, each a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeFlags } from "../cli/command.ts";

const writer = fileURLToPath(new URL("writer.ts", import.meta.url));

/** Starts one, and waits until it has written. */
export async function startWriter(...args: readonly string[]): Promise<ChildProcess> {
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const child = spawn(process.execPath, [...runtimeFlags, writer, ...args], { stdio: [...stdio] });
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  child.stdout!.resume();
  return child;
}

/** As a crash or the system ends one. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  process.kill(child.pid!, "SIGKILL");
  await ended;
}
