/** How fast a store grows, by the events of the last seconds. */
import type { LiveEvent } from "../protocol.ts";
import { bytesText, grouped } from "./text.ts";

const keptMilliseconds = 3000;

type Known = Pick<LiveEvent, "endRow" | "byteLength" | "seenAt">;

export class Rates {
  #events: Known[] = [];

  constructor(private readonly now: () => number = () => Date.now()) {}

  add({ endRow, byteLength, seenAt }: Known): void {
    this.#events.push({ endRow, byteLength, seenAt });
    const oldest = seenAt - keptMilliseconds;
    while (this.#events.length > 2 && this.#events[1].seenAt < oldest) this.#events.shift();
  }

  /** Rows and bytes a second. */
  get perSecond(): { readonly rows: number; readonly bytes: number } {
    const [first, last] = [this.#events[0], this.#events.at(-1)];
    if (first === undefined || last === undefined || last.seenAt <= first.seenAt) {
      return { rows: 0, bytes: 0 };
    }
    const seconds = (last.seenAt - first.seenAt) / 1000;
    return {
      rows: Math.max(0, last.endRow - first.endRow) / seconds,
      bytes: Math.max(0, last.byteLength - first.byteLength) / seconds,
    };
  }

  text(): string {
    const { rows, bytes } = this.perSecond;
    return rows === 0 ? "none" : `${grouped(rows)} rows/s, ${bytesText(bytes)}/s`;
  }

  /** How long the newest event took until now: from the commit's being seen to the page. */
  lagText(): string {
    const last = this.#events.at(-1);
    return last === undefined ? "–" : `${Math.max(0, this.now() - last.seenAt)} ms`;
  }
}
