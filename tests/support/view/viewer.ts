/** `streamstore view` as a process of its own, on the runtime of the test. */
import process from "node:process";
import { Running } from "../cli/command.ts";

export class Viewer {
  readonly #running: Running;
  #ended: Promise<number | string> | undefined;

  private constructor(running: Running) {
    this.#running = running;
  }

  /** Starts it for the stores of a folder, and waits until it listens. */
  static async start(folder: string, ...args: readonly string[]): Promise<Viewer> {
    const running = new Running(folder, "view", "--no-open", ...args);
    await running.until(({ output, errors, child }) => {
      if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${errors}`);
      return output.endsWith("\n");
    });
    return new Viewer(running);
  }

  /** What it printed first, with the code that holds once. */
  get address(): string {
    return this.#running.output.split("\n")[0];
  }

  get origin(): string {
    return new URL(this.address).origin;
  }

  #cookie: string | undefined;

  /** Uses the code up, as a browser does. */
  async cookie(): Promise<string> {
    if (this.#cookie !== undefined) return this.#cookie;
    const { headers } = await fetch(this.address, { redirect: "manual" });
    return this.#cookie = headers.get("set-cookie")!.split(";")[0];
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  get output(): string {
    return this.#running.output;
  }

  get errors(): string {
    return this.#running.errors;
  }

  get processId(): number {
    return this.#running.child.pid!;
  }

  /** The process stands still, and goes on. */
  async pausedWhile(use: () => Promise<void>): Promise<void> {
    process.kill(this.processId, "SIGSTOP");
    try {
      await use();
    } finally {
      process.kill(this.processId, "SIGCONT");
    }
  }

  /** Once: a second time it has ended already. */
  async end(signal?: NodeJS.Signals): Promise<number | string> {
    return await (this.#ended ??= this.#running.end(signal));
  }
}

/** Does something with a viewer of a folder's stores, and ends it. */
export async function withViewer(
  folder: string,
  args: readonly string[],
  use: (viewer: Viewer) => Promise<void>,
): Promise<void> {
  const viewer = await Viewer.start(folder, ...args);
  try {
    await use(viewer);
  } finally {
    await viewer.end();
  }
}
