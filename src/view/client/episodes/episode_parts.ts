/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The list of episodes as the server has it, part by part as they are looked at. */
import type { EpisodeRow, EpisodesAnswer } from "../../protocol.ts";
import type { Page } from "../screen.ts";

const partLength = 100;

export type EpisodesQuery = Readonly<Record<string, string | readonly string[]>>;

export class EpisodeParts {
  readonly #page: Page;
  readonly #query: EpisodesQuery;
  readonly #onChange: (count: number) => void;
  readonly #parts = new Map<number, readonly EpisodeRow[] | "asked">();
  #isEnded = false;

  /** @param first The episode that is looked at first. */
  constructor(page: Page, query: EpisodesQuery, first: number, onChange: (count: number) => void) {
    this.#page = page;
    this.#query = query;
    this.#onChange = onChange;
    void this.#ask(Math.floor(first / partLength));
  }

  /** An episode, if it is here already; else it is asked for. */
  at(index: number): EpisodeRow | null {
    const part = Math.floor(index / partLength);
    const known = this.#parts.get(part);
    if (known === undefined) void this.#ask(part);
    return known === undefined || known === "asked" ? null : known[index - part * partLength] ?? null;
  }

  /** What has been said of an episode. */
  flag(row: number, flag: string | null): void {
    for (const [part, rows] of this.#parts) {
      if (rows === "asked") continue;
      this.#parts.set(part, rows.map((one) => one.firstRow === row ? { ...one, flag } : one));
    }
  }

  /** Nothing that comes from here on is shown. */
  end(): void {
    this.#isEnded = true;
  }

  async #ask(part: number): Promise<void> {
    this.#parts.set(part, "asked");
    const [from, to] = [part * partLength, (part + 1) * partLength];
    try {
      const { count, episodes } = await this.#page.ask<EpisodesAnswer>("/api/episodes", {
        ...this.#query,
        from,
        to,
      });
      if (this.#isEnded) return;
      this.#parts.set(part, episodes);
      this.#onChange(count);
    } catch (error) {
      if (!this.#isEnded) this.#page.say((error as Error).message);
    }
  }
}
