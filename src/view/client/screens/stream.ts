/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The stream: a chart a field, over each other, of the rows that the view shows. */
import type { Overview } from "../../protocol.ts";
import { element } from "../element.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { StreamCharts } from "../stream/stream_charts.ts";

export const stream: Screen = {
  name: "stream",
  title: "Stream",
  keys: [
    ["← →", "moves by a quarter of what is shown"],
    ["+ −", "zooms"],
    ["Home End", "to the first or the newest rows"],
    ["0", "all rows"],
    ["f", "follows new rows: off, all of them, a fixed window"],
    ["Escape", "closes the row and the selection"],
    ["wheel, drag, shift-drag, click", "zooms, moves, selects, shows a row"],
  ],
  open: (host, page) => new StreamScreen(host, page),
};

/** Until the fields are known there is nothing to draw. */
class StreamScreen implements OpenScreen {
  readonly #host: HTMLElement;
  readonly #page: Page;
  #charts: StreamCharts | null = null;
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#host = host;
    this.#page = page;
    void this.#start();
  }

  async #start(): Promise<void> {
    const [host, page] = [this.#host, this.#page];
    try {
      const overview = await page.ask<Overview>("/api/overview", { store: page.state.store ?? "0" });
      if (this.#isClosed) return;
      const charts = new StreamCharts(host, page, overview, () => queueMicrotask(() => this.#again(charts)));
      this.#charts = charts;
    } catch (error) {
      if (!this.#isClosed) host.append(element("p", "error", (error as Error).message));
    }
  }

  /** With the fields as they are now. */
  #again(charts: StreamCharts): void {
    if (this.#isClosed || charts !== this.#charts) return;
    charts.close();
    this.#charts = null;
    this.#host.replaceChildren();
    void this.#start();
  }

  update(state: PageState): void {
    this.#charts?.update(state);
  }

  key(event: KeyboardEvent): boolean {
    return this.#charts?.key(event) ?? false;
  }

  close(): void {
    this.#isClosed = true;
    this.#charts?.close();
  }
}
