/** Calls of the command line, each a process of its own: on a pipe, and on a terminal. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../../bench/harness/python.ts";
import { root } from "../../package/packed.ts";
import { isDeno, runFlags } from "../runtime.ts";

export interface Ended {
  /** Or the signal that ended it. */
  readonly code: number | string;
  readonly output: string;
  readonly errors: string;
}

/** What the runtime takes before a program. Deno finds the checkout's settings from other folders by its own flag. */
export const runtimeFlags: readonly string[] = isDeno
  ? [...runFlags, "--config", `${root}deno.json`]
  : runFlags;

/** The program and what stands before the verb. */
export const program: readonly string[] = [process.execPath, ...runtimeFlags, `${root}cli.ts`];

const environment = { ...process.env, NO_COLOR: undefined, TERM: "xterm" };

/** Runs it in a folder, with its output on pipes. */
export function call(folder: string, ...args: readonly string[]): Promise<Ended> {
  return execute(folder, [...program, ...args]);
}

/** The same, with some variables of the environment. */
export function withEnvironment(
  variables: Readonly<Record<string, string>>,
  folder: string,
  ...args: readonly string[]
): Promise<Ended> {
  return execute(folder, [...program, ...args], variables);
}

/** The same, while nothing else happens. */
export function callAtOnce(folder: string, ...args: readonly string[]): Ended {
  const [file, ...before] = program;
  const options = { cwd: folder, env: environment, encoding: "utf8" } as const;
  const { status, signal, stdout, stderr } = spawnSync(file, [...before, ...args], options);
  return { code: status ?? signal ?? "unknown", output: stdout, errors: stderr };
}

/** The same by a shell, where `streamstore` stands for the program. */
export function shell(folder: string, line: string): Promise<Ended> {
  const quoted = program.map((part) => `'${part}'`).join(" ");
  return execute(folder, ["bash", "-c", `set -o pipefail; streamstore() { ${quoted} "$@"; }; ${line}`]);
}

/** A Python that has nothing but what comes with it, for terminals; or why there is none. */
const python = findPython("pty");
export const noTerminal: string | false = python === null && `${noPython}: no terminals`;

const terminal = fileURLToPath(new URL("terminal.py", import.meta.url));

/** Runs it on a terminal of 100 columns; what it wrote to either stream is its output. */
export function onTerminal(
  folder: string,
  args: readonly string[],
  interruptAfter?: string,
  times = 1,
  enterAfter?: string,
): Promise<Ended> {
  const enter = enterAfter === undefined ? [] : ["--enter", enterAfter];
  const interrupt = interruptAfter === undefined ? [] : ["--interrupt", interruptAfter, String(times)];
  return execute(folder, [python!, terminal, ...enter, ...interrupt, ...program, ...args]);
}

function execute(
  folder: string,
  [file, ...args]: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const options = {
    cwd: folder,
    env: { ...environment, ...variables },
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 2 ** 28,
  } as const;
  return new Promise((resolve) =>
    execFile(file, args, options, (error, output, errors) => {
      const code = error === null ? 0 : error.code ?? error.signal ?? "unknown";
      resolve({ code, output: output.replaceAll("\r\n", "\n"), errors });
    })
  );
}

/** One that goes on until it is ended. */
export class Running {
  readonly child: ChildProcess;
  output = "";
  errors = "";

  constructor(folder: string, ...args: readonly string[]) {
    const [file, ...before] = program;
    const env = { ...environment, PATH: process.env.PATH };
    this.child = spawn(file, [...before, ...args], { cwd: folder, env });
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => this.output += text);
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => this.errors += text);
  }

  /** Waits until it has written what is asked for. */
  async until(isThere: (running: Running) => boolean): Promise<void> {
    for (const from = Date.now(); !isThere(this);) {
      if (Date.now() - from > 30_000) throw new Error(`It wrote: ${this.output}${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends it by a signal, and says how it ended: not by the child's own method, after which Deno says that it took it. */
  async end(signal: NodeJS.Signals = "SIGINT"): Promise<number | string> {
    const ended = new Promise<number | string>((resolve) =>
      this.child.on("close", (code, by) => resolve(code ?? by ?? "unknown"))
    );
    process.kill(this.child.pid!, signal);
    return await ended;
  }
}

/** A folder of the test's own. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-cli-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
