import { damaged } from "../../decode.ts";
import { blockCharacters, checkRow, countLines, type TextSource } from "./text_source.ts";

const [tab, lineFeed, carriageReturn, space, quote, comma] = [9, 10, 13, 32, 34, 44];
const [openBracket, backslash, closeBracket, openBrace, closeBrace] = [91, 92, 93, 123, 125];

/** What is each to be an object, and the lines in which they stand. */
export interface JsonTexts {
  readonly texts: readonly string[];
  readonly lines: readonly number[];
}

/** The texts of the entries of one JSON array, of which no more is held than makes a block. */
export async function* arrayTexts(source: TextSource): AsyncGenerator<JsonTexts> {
  const splitter = new ArraySplitter(source.path);
  for await (const text of source.texts()) {
    splitter.add(text);
    if (splitter.isFull) yield splitter.take();
  }
  splitter.end();
  yield splitter.take();
}

/** Finds where entries of an array end, by brackets, braces and quotes alone; whether they are JSON is seen when parsed. */
class ArraySplitter {
  #texts: string[] = [];
  #lines: number[] = [];
  #characters = 0;
  #entryCount = 0;
  /** What was read of an entry that has not ended. */
  #begun = "";
  #state: "before" | "entry" | "behind" = "before";
  /** Brackets and braces that are open within an entry. */
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #line = 1;
  #entryLine = 1;

  constructor(private readonly path: string) {}

  get isFull(): boolean {
    return this.#characters >= blockCharacters;
  }

  take(): JsonTexts {
    const taken = { texts: this.#texts, lines: this.#lines };
    this.#texts = [];
    this.#lines = [];
    this.#characters = 0;
    return taken;
  }

  add(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === lineFeed) this.#line++;
      if (this.#state === "entry") {
        if (this.#endsAt(code)) {
          this.#endEntry(text.slice(start, at), code === closeBracket);
          start = at + 1;
          this.#entryLine = this.#line;
        }
      } else if (!isSpace(code)) {
        if (this.#state === "behind" || code !== openBracket) {
          throw this.#refuse(`"${text.slice(at, at + 20)}"`);
        }
        this.#state = "entry";
        start = at + 1;
        this.#entryLine = this.#line;
      }
    }
    if (this.#state !== "entry") return;
    this.#begun += text.slice(start);
    checkRow(this.path, this.#begun.length, "an entry of its array", ` from line ${this.#entryLine}`);
  }

  end(): void {
    if (this.#state === "entry") throw this.#refuse("an end within it");
  }

  /** Whether a character ends the entry that is being read. */
  #endsAt(code: number): boolean {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === backslash) this.#isEscaped = true;
      else if (code === quote) this.#inString = false;
      return false;
    }
    if (code === quote) this.#inString = true;
    else if (code === openBrace || code === openBracket) this.#depth++;
    else if (this.#depth > 0) {
      if (code === closeBrace || code === closeBracket) this.#depth--;
    } else return code === comma || code === closeBracket;
    return false;
  }

  #endEntry(rest: string, isLast: boolean): void {
    const text = this.#begun + rest;
    this.#begun = "";
    if (isLast) this.#state = "behind";
    const isNothing = text.trim() === "";
    // An array without entries has nothing within its brackets.
    if (isLast && isNothing && this.#entryCount === 0) return;
    this.#entryCount++;
    this.#texts.push(text);
    this.#lines.push(this.#entryLine + countLines(text.slice(0, text.search(/[^ \t\r\n]|$/))));
    this.#characters += text.length;
  }

  #refuse(got: string): Error {
    return damaged(
      `Cannot read ${this.path}: its array must end with ], and the file with it, got ${got} in line ${this.#line}`,
    );
  }
}

function isSpace(code: number): boolean {
  return code === space || code === lineFeed || code === carriageReturn || code === tab || code === 0xfeff;
}
