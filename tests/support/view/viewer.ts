/** `streamstore view` as a process of its own, on the runtime of the test. */
import { join } from "node:path";
import { Running } from "../cli/command.ts";

export class Viewer {
  readonly #running: Running;

  private constructor(running: Running) {
    this.#running = running;
  }

  /** Starts it for the stores of a folder, and waits until it listens. */
  static async start(folder: string, ...args: readonly string[]): Promise<Viewer> {
    const running = new Running(folder, "view", "--no-open", ...args);
    await running.until(({ output }) => output.endsWith("\n"));
    return new Viewer(running);
  }

  /** What it printed first, with the code that holds once. */
  get address(): string {
    return this.#running.output.split("\n")[0];
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  get errors(): string {
    return this.#running.errors;
  }

  get processId(): number {
    return this.#running.child.pid!;
  }

  async end(signal?: NodeJS.Signals): Promise<number | string> {
    return await this.#running.end(signal);
  }
}

/** Does something with a viewer of a folder's stores, and ends it. */
export async function withViewer(
  folder: string,
  names: readonly string[],
  use: (viewer: Viewer) => Promise<void>,
): Promise<void> {
  const viewer = await Viewer.start(folder, ...names.map((name) => join(folder, name)));
  try {
    await use(viewer);
  } finally {
    await viewer.end();
  }
}
