import process from "node:process";
import { styleText } from "node:util";

const INDENT = "           "; // the width of a section's name

/** Prints a line that opens a section: its name, then what it is about. */
export function section(name: string, text = ""): void {
  const heading = text === "" ? name : name.padEnd(INDENT.length);
  console.log(`\n${style("bold", heading)}${text}`);
}

/** Prints a further line of a section. */
export function detail(text: string): void {
  console.log(INDENT + text);
}

/** Prints rows of label and value, the values aligned. */
export function table(rows: readonly (readonly [label: string, value: string])[]): void {
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, value] of rows) console.log(`  ${style("dim", label.padEnd(width))}  ${value}`);
}

const BAR_WIDTH = 28;

/** Work that is under way, shown as a bar in a terminal and as five plain lines elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #unit: string;

  constructor(total: number, unit: string) {
    this.#total = total;
    this.#unit = unit;
  }

  /** Shows that `done` of the total are done. */
  update(done: number, message: string): void {
    const shown = String(done).padStart(String(this.#total).length);
    const text = `${shown} of ${this.#total} ${this.#unit} · ${message}`;
    if (process.stdout.isTTY) {
      const bar = "━".repeat(Math.round(BAR_WIDTH * done / this.#total)).padEnd(BAR_WIDTH, "─");
      process.stdout.write(`\r${INDENT}${bar} ${text}\x1b[K`);
    } else if (done === 1 || done * 4 % this.#total < 4) detail(text);
  }

  /** Leaves the bar as it stands. */
  stop(): void {
    if (process.stdout.isTTY) process.stdout.write("\n");
  }
}

/** An integer with its thousands apart: 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three significant digits: 0.00123, 1.23, 123. */
export function digits(value: number): string {
  return value >= 100 ? count(value) : value.toPrecision(3);
}

/** How often something was done in a second, and how long it took once: 3,124,892 steps/s, 320 ns each. */
export function rate(times: number, units: string, milliseconds: number): string {
  const each = milliseconds / times;
  const time = each >= 1
    ? `${digits(each)} ms`
    : each >= 1e-3
    ? `${digits(each * 1e3)} µs`
    : `${digits(each * 1e6)} ns`;
  return `${count(times / milliseconds * 1e3)} ${units}/s, ${time} each`;
}

/** The runtime's name and version. */
export function runtime(): string {
  const { bun, deno, node } = process.versions;
  return bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
}

function style(format: "bold" | "dim", text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text;
}
