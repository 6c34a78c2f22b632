import process from "node:process";
import { builtin } from "../../native/builtin.ts";
import { makePrintable } from "./printable.ts";
import type { HubOptions, HubProgress } from "./types.ts";

/** Says how many bytes there will be in all files together, as far as that is known. */
export type Expect = (byteLength: number) => void;

/** What is over before needs no bar. */
const delayMs = 300;
/** Between two drawings: more of them nobody can see. */
const drawMs = 100;
const barWidth = 28;

/**
 * Runs a transfer with a bar on the error output, where that is a terminal and the options neither listen themselves
 * nor turn it off. The bar is gone when the transfer has ended, however it has. What it throws says printably what
 * strangers named: columns, splits and files; after an abort it is the abort that is told.
 */
export async function withProgress<Given extends HubOptions, Result>(
  kind: HubProgress["kind"],
  name: string,
  options: Given,
  transfer: (options: Given, expect: Expect) => Promise<Result>,
): Promise<Result> {
  const { onProgress, progress = true, signal } = options;
  const hasBar = onProgress === undefined && progress && process.stderr.isTTY;
  const bar = hasBar ? new ProgressBar(kind, name) : null;
  const shown = bar === null ? options : { ...options, onProgress: bar.take };
  try {
    return await transfer(shown, (bytes) => bar?.expect(bytes));
  } catch (error) {
    signal?.throwIfAborted();
    makePrintable(error);
    throw error;
  } finally {
    bar?.stop();
  }
}

/** A terminal has one: transfers at the same time would write over each other's. */
let shown: ProgressBar | null = null;

class ProgressBar {
  readonly #start = performance.now();
  readonly #files = new Map<string, number>();
  #done = 0;
  #expected = 0;
  #known = 0;
  #drawnAt = -Infinity;

  constructor(private readonly kind: HubProgress["kind"], private readonly name: string) {}

  expect(byteLength: number): void {
    this.#expected = byteLength;
  }

  readonly take = ({ kind, path, bytes, byteLength }: HubProgress): void => {
    // Before an upload some of what is there is read.
    if (kind !== this.kind) return;
    const before = this.#files.get(path);
    if (before === undefined) this.#known += byteLength;
    // What is sent or read again is not gone.
    const now = Math.max(before ?? 0, bytes);
    this.#files.set(path, now);
    this.#done += now - (before ?? 0);
    this.#draw(performance.now());
  };

  stop(): void {
    if (shown !== this) return;
    shown = null;
    write("\r\x1b[2K");
  }

  #draw(at: number): void {
    // What is read before it is known how much there will be, a README, would be all of it.
    if (this.#expected === 0 || (shown ?? this) !== this) return;
    if (at - this.#start < delayMs || at - this.#drawnAt < drawMs) return;
    shown = this;
    this.#drawnAt = at;
    const total = Math.max(this.#expected, this.#known, this.#done);
    const bar = "=".repeat(Math.round(barWidth * this.#done / Math.max(1, total))).padEnd(barWidth, "-");
    // Of a download only some columns may be wanted.
    const [verb, whole] = this.kind === "download" ? ["Loading", "of at most"] : ["Saving", "of"];
    const line = `${verb} ${this.name} [${bar}] ${megabytes(this.#done)} ${whole} ${megabytes(total)}`;
    // In the line of the cursor: what a program prints meanwhile is not written over.
    write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** At once: a program may end before a stream has written what it was given. */
function write(text: string): void {
  try {
    builtin.fs.writeSync(2, text);
  } catch {
    // A terminal that takes nothing now, or was closed, is no reason for a transfer to end.
  }
}
