import process from "node:process";
import type { Options, SingleBar } from "cli-progress";
import { builtin } from "../../native/builtin.ts";
import type { HubOptions, HubProgress } from "./types.ts";

/** Says how many bytes there will be in all files together, as far as that is known. */
export type Expect = (byteLength: number) => void;

/** What is over before needs no bar. */
const delayMs = 300;

/**
 * Runs a transfer with a bar on the error output, where that is a terminal and the options neither listen themselves
 * nor turn it off. The bar is gone when the transfer has ended, however it has.
 */
export async function withProgress<Given extends HubOptions, Result>(
  kind: HubProgress["kind"],
  name: string,
  options: Given,
  transfer: (options: Given, expect: Expect) => Promise<Result>,
): Promise<Result> {
  const { onProgress, progress = true } = options;
  if (onProgress !== undefined || !progress || !process.stderr.isTTY) {
    return await transfer(options, () => {});
  }
  const bar = new ProgressBar(kind, name);
  try {
    return await transfer({ ...options, onProgress: (told) => bar.take(told) }, (bytes) => bar.expect(bytes));
  } finally {
    bar.stop();
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
  #state: "waiting" | "shown" | "ended" = "waiting";
  #bar: SingleBar | null = null;

  constructor(private readonly kind: HubProgress["kind"], private readonly name: string) {}

  expect(byteLength: number): void {
    this.#expected = byteLength;
  }

  take({ kind, path, bytes, byteLength }: HubProgress): void {
    // Before an upload some of what is there is read.
    if (kind !== this.kind) return;
    const before = this.#files.get(path);
    if (before === undefined) this.#known += byteLength;
    // What is sent or read again is not gone.
    const now = Math.max(before ?? 0, bytes);
    this.#files.set(path, now);
    this.#done += now - (before ?? 0);
    const isLong = performance.now() - this.#start >= delayMs;
    if (this.#state === "waiting" && isLong && shown === null) void this.#show();
    this.#draw();
  }

  stop(): void {
    this.#state = "ended";
    this.#bar?.stop();
    if (shown === this) shown = null;
  }

  get #total(): number {
    return Math.max(this.#expected, this.#known);
  }

  async #show(): Promise<void> {
    this.#state = "shown";
    shown = this;
    try {
      const { SingleBar } = await import("cli-progress");
      if (this.#hasEnded()) return;
      this.#bar = new SingleBar(optionsOf(this.kind, this.name));
      this.#bar.start(this.#total, this.#done);
    } catch {
      // No bar, for instance without the permission to load it: the transfer is what counts.
      this.#bar = null;
    }
  }

  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  #draw(): void {
    this.#bar?.setTotal(this.#total);
    this.#bar?.update(this.#done);
  }
}

function optionsOf(kind: HubProgress["kind"], name: string): Options {
  // Of a download only some columns may be wanted.
  const [verb, whole] = kind === "download" ? ["Loading", "of at most"] : ["Saving", "of"];
  const options = {
    format: `${verb} ${name} [{bar}] {value} ${whole} {total}`,
    formatValue: (value: number) => `${(value / 1e6).toFixed(1)} MB`,
    barsize: 28,
    clearOnComplete: true,
    // Trims what is wider than the terminal; the terminal's own setting is left alone.
    linewrap: null,
    terminal,
  };
  return options as Options;
}

/**
 * Where the bar is drawn: the line in which the cursor is. The library's own terminal has the cursor go back to the
 * place where the bar began, over what a program may have printed meanwhile.
 */
const terminal = {
  isTTY: () => true,
  getWidth: () => process.stderr.columns || 80,
  write: (text: string) => write(text.slice(0, terminal.getWidth() - 1)),
  cursorTo: () => write("\r"),
  clearRight: () => write("\x1b[K"),
  clearLine: () => write("\x1b[2K"),
  newline: () => write("\n"),
  cursor() {},
  cursorSave() {},
  cursorRestore() {},
  lineWrapping() {},
};

/** At once: a program may end before a stream has written what it was given. */
function write(text: string): void {
  try {
    try {
      builtin.fs.writeSync(2, text);
    } catch {
      // The terminal may be gone, or take no more for now: the transfer goes on without it.
    }
  } catch {
    // A terminal that takes nothing now, or was closed, is no reason for a transfer to end.
  }
}
