/** Processes, for what can only be measured in a process of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runtimeName } from "./machine.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Node needs to be told how it runs our TypeScript. */
const flags = runtimeName === "Node"
  ? ["--disable-warning=ExperimentalWarning", "--import", join(root, "toolchain/node_typescript.mjs")]
  : [];

/** The arguments by which this runtime runs a script of bench/children/. All take those of Node here. */
function argumentsOf(script: string, args: readonly string[], tree = root): string[] {
  return ["--expose-gc", ...flags, join(tree, "bench", "children", `${script}.ts`), ...args];
}

/** Runs a script to its end in the same runtime and returns what it printed. */
export function runScript(script: string, ...args: string[]): string {
  return runScriptOf(root, script, ...args);
}

/** The same of another tree of the project. */
export function runScriptOf(tree: string, script: string, ...args: string[]): string {
  return run(`bench/children/${script}.ts`, argumentsOf(script, args, tree));
}

/** Runs a module of JavaScript as users do, who need no translator. */
export function runModule(path: string, ...args: string[]): string {
  const quiet = runtimeName === "Node" ? ["--disable-warning=ExperimentalWarning"] : [];
  return run(path, [...quiet, path, ...args]);
}

function run(name: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`Cannot run ${name}: it ended with ${status}. ${stderr}`);
}

/**
 * V8 sizes the part of its heap where objects are young by what a process has happened to allocate, 16 or 32 MB here,
 * which makes allocation half as fast again or not. Processes that are compared must have the same.
 */
const equalHeaps = {
  DENO_V8_FLAGS: "--semi-space-growth-factor=1,--min-semi-space-size=16,--max-semi-space-size=16",
};

/** A process that answers each line that it is sent with a line of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(private readonly command: string, args: readonly string[]) {
    const env = { ...process.env, ...equalHeaps };
    this.#process = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** A script of bench/children/ in the same runtime. */
  static ofScript(script: string, ...args: string[]): Child {
    return new Child(process.execPath, argumentsOf(script, args));
  }

  /** The same of another tree of the project. */
  static ofTree(tree: string, script: string, ...args: string[]): Child {
    return new Child(process.execPath, argumentsOf(script, args, tree));
  }

  /** Waits until the process has ended by itself. */
  get exited(): Promise<void> {
    if (this.#process.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#process.once("exit", () => resolve()));
  }

  get processId(): number {
    return this.#process.pid!;
  }

  /** Waits for a line. */
  async answer(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`Cannot go on: a process of ${this.command} has ended`);
    return value;
  }

  /** Sends a line and waits for the answer. */
  ask(line: string): Promise<string> {
    this.#process.stdin!.write(`${line}\n`);
    return this.answer();
  }

  /** Lets the process end: its input does. */
  async end(): Promise<void> {
    const { exited } = this;
    if (this.#process.exitCode === null) this.#process.stdin!.end();
    await exited;
  }
}
