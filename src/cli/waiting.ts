/** What is told while a log does not answer: for how long, and how much waits. */
import type { Bar } from "./bar.ts";
import { isErrorTerminal, note } from "./output.ts";
import { grouped } from "./table.ts";

const drawMilliseconds = 1000;

/** On a bar, which counts by itself between what it is told; elsewhere a line, once for each time that there is none. */
export class WaitBar {
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly bar: Bar) {}

  /** Whether the log does not answer, as was told last. */
  get isShown(): boolean {
    return this.#timer !== null;
  }

  /** `waiting` says how much waits. */
  show(milliseconds: number, waiting: string, error: unknown): void {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    const without = `without ${code === "not-found" ? "a stream" : "an answer"}, ${waiting} (${message})`;
    if (!this.isShown && !isErrorTerminal) note(`${this.bar.what} ${without}`);
    this.end();
    const since = performance.now() - milliseconds;
    const draw = () => this.bar.at(Math.round((performance.now() - since) / 1000), 0, `seconds ${without}`);
    draw();
    this.#timer = setInterval(draw, drawMilliseconds);
  }

  /** Must be called, or the process goes on. */
  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** How much waits, in words. */
export function waitingText(rows: number | null): string {
  return rows === null ? "unknown how many rows wait" : `${grouped(rows)} rows wait`;
}
