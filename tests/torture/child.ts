/** Child processes of the same runtime, which report lines through a pipe and are killed at will. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { pause } from "../../src/pause.ts";
import { runFlags } from "../support/runtime.ts";

/** The arguments after `process.execPath` that run a file of this folder. */
export function commandOf(file: string, request: unknown): string[] {
  return [...runFlags, fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(request)];
}

/** A running child. */
export class Child {
  /** The first and the last line that it reported whole. */
  firstLine = "";
  line = "";
  lineCount = 0;
  errors = "";
  readonly exited: Promise<string | number>;
  readonly #process: ChildProcess;
  #rest = "";
  #listeners: (() => void)[] = [];
  #isOver = false;

  /** Runs a file of this folder with a request, which it gets as JSON. */
  constructor(file: string, request: unknown) {
    this.#process = spawn(process.execPath, commandOf(file, request), { stdio: ["ignore", "pipe", "pipe"] });
    this.#process.stdout!.on("data", (bytes) => this.#read(String(bytes)));
    this.#process.stderr!.on("data", (bytes) => this.errors += String(bytes));
    this.exited = new Promise((resolve) => {
      // `close` comes when all that it wrote has arrived.
      this.#process.on("close", (code, signal) => {
        this.#isOver = true;
        this.#wake();
        resolve(signal ?? code ?? "no code");
      });
    });
  }

  get id(): number {
    return this.#process.pid!;
  }

  /** Waits until it has reported at least so many lines, or has ended. */
  async waitForLines(count: number): Promise<void> {
    while (this.lineCount < count && !this.#isOver) {
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Stops it for so long, as a machine does that swaps, and has it go on, unless it has ended meanwhile. */
  async stop(milliseconds: number): Promise<void> {
    if (this.#isOver) return;
    process.kill(this.id, "SIGSTOP");
    await Promise.race([pause(milliseconds), this.exited]);
    if (!this.#isOver) process.kill(this.id, "SIGCONT");
  }

  /** Ends it as a power switch would, and waits until all that it had reported is here. */
  async kill(): Promise<string | number> {
    this.#process.kill("SIGKILL");
    return await this.exited;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    if (lines.length === 0) return;
    if (this.lineCount === 0) this.firstLine = lines[0];
    this.line = lines.at(-1)!;
    this.lineCount += lines.length;
    this.#wake();
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
