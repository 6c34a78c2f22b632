/** A bar on a terminal's last line, on standard error: what goes on, how far it is. Nowhere else is there any. */
import process from "node:process";
import { isErrorTerminal, printable, writeError } from "./output.ts";
import { cut, grouped } from "./table.ts";

/** What is over before needs no bar. */
const delayMilliseconds = 300;
const drawMilliseconds = 100;
const barWidth = 28;

export class Bar {
  readonly #started = performance.now();
  #drawn = 0;
  #isShown = false;

  constructor(readonly what: string) {}

  /** How far it is; `total` is 0 where nobody knows. */
  at(done: number, total: number, unit: string): void {
    const now = performance.now();
    if (!isErrorTerminal || now - this.#started < delayMilliseconds || now - this.#drawn < drawMilliseconds) {
      return;
    }
    this.#drawn = now;
    const count = grouped(done);
    const far = total === 0
      ? `${count} ${unit}`
      : `[${"=".repeat(Math.round(barWidth * done / total)).padEnd(barWidth, "-")}] ${count} of ${
        grouped(total)
      } ${unit}`;
    const text = printable(`${this.what} ${far}`);
    writeError(`\r${cut(text, (process.stderr.columns || 80) - 1)}\u001b[K`);
    this.#isShown = true;
  }

  /** Takes it away. */
  end(): void {
    if (this.#isShown) writeError("\r\u001b[2K");
    this.#isShown = false;
  }
}

/** Runs a task with a bar, which is gone when the task has ended, however it has. */
export async function withBar<Result>(what: string, task: (bar: Bar) => Promise<Result>): Promise<Result> {
  const bar = new Bar(what);
  try {
    return await task(bar);
  } finally {
    bar.end();
  }
}
