/** A process of `./run cluster`: gets what it needs to know as JSON, and tells lines. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const flags = "deno" in process.versions ? ["run", "-A"] : process.execArgv;

export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  /** Runs a file of this folder. */
  constructor(file: string, request: unknown, onLine: (line: string) => void) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const stdio = ["pipe", "pipe", "inherit"] as const;
    const child = this.#process = spawn(process.execPath, [...flags, path, JSON.stringify(request)], {
      stdio: [...stdio],
    });
    createInterface({ input: child.stdout! }).on("line", onLine);
    this.#ended = once(child, "close").then(([code, signal]) => {
      if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}`);
    });
    // Whoever waits for its end is told.
    this.#ended.catch(() => {});
  }

  /** Tells it that this is all, by a last line, and waits until it has ended. */
  async finish(line = ""): Promise<void> {
    this.#process.stdin!.end(line);
    await this.#ended;
  }

  /** Throws where it has ended by itself. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
