/**
 * What the command line writes: to standard output what was asked for, to standard error all else. Written at once and
 * in order, so that a reader that is slow holds the command up, and one that has gone ends it.
 */
import { isatty } from "node:tty";
import { writeSync } from "node:fs";
import process from "node:process";
import { OutputClosed } from "./exit.ts";

const [standardOutput, standardError] = [1, 2];

/** Text is gathered up to so many bytes before it is written. */
const bufferBytes = 64 * 1024;

let pending = "";

export const isTerminal: boolean = isatty(standardOutput);
export const isErrorTerminal: boolean = isatty(standardError);

/** Columns of the terminal. What is no terminal has no end. */
export function widthOf(): number {
  return isTerminal ? process.stdout.columns || 80 : Infinity;
}

/** Adds a line, which stands there at the latest at `flush`. */
export function line(text = ""): void {
  pending += `${text}\n`;
  if (pending.length >= bufferBytes) flush();
}

/** Writes what `line` has added. */
export function flush(): void {
  const text = pending;
  pending = "";
  if (text !== "") write(text);
}

const encoder = new TextEncoder();

/** Writes text or bytes to standard output. */
export function write(given: string | Uint8Array): void {
  if (pending !== "") flush();
  writeAll(standardOutput, typeof given === "string" ? encoder.encode(given) : given);
}

/** Writes to standard error. Where that is gone, so is whoever would read it. */
export function writeError(text: string): void {
  try {
    writeAll(standardError, encoder.encode(text));
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}

/** A line to standard error, after what standard output was given before. */
export function note(text: string): void {
  flush();
  writeError(`streamstore: ${printable(text)}\n`);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === "EPIPE") throw new OutputClosed("the output is closed", { cause: error });
      // A pipe that its other end has made one that does not wait.
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Characters that steer a terminal, or the direction of writing, which text of others must not do. */
// deno-lint-ignore no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of a store, a file or a message on one line: characters that steer are shown by their codes, as JSON does. */
export function printable(text: string): string {
  return text.replace(steering, escaped);
}

/** As `printable`, for text of several lines, or of columns with tabs. */
export function printableLines(text: string): string {
  return text.replace(steering, (character) => "\n\t".includes(character) ? character : escaped(character));
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Bold on a terminal, unless NO_COLOR says otherwise. */
export function bold(text: string): string {
  return isTerminal && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text;
}
