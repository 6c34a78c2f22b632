/** Lines of text, taken as UTF-8 once they are many. */
export class LineBuffer {
  #lines: string[] = [];
  #characters = 0;
  readonly #encoder = new TextEncoder();

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
  }

  get isFull(): boolean {
    return this.#characters >= 1 << 20;
  }

  take(): Uint8Array {
    const bytes = this.#encoder.encode(this.#lines.join(""));
    this.#lines = [];
    this.#characters = 0;
    return bytes;
  }
}
