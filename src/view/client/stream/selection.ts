/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Selected rows: a band over the charts while it is drawn, then which rows and steps they are, and where else to see them. */
import type { RowsAnswer } from "../../protocol.ts";
import { button, element } from "../element.ts";
import type { Page } from "../screen.ts";
import { grouped } from "../text.ts";
import { type View, viewText } from "./view_range.ts";

export class Selection {
  readonly host = element("div", "selection-bar");
  readonly #page: Page;
  readonly #store: string;
  #shown = "";
  #rows: View | null = null;

  constructor(parent: HTMLElement, page: Page, store: string) {
    this.#page = page;
    this.#store = store;
    this.host.hidden = true;
    parent.append(this.host);
  }

  /** The band over all plots, from a part of their width to another; null takes it away. */
  draw(plots: readonly HTMLElement[], parts: readonly [number, number] | null): void {
    for (const plot of plots) {
      const band = plot.querySelector<HTMLElement>(".band") ?? plot.appendChild(element("div", "band"));
      band.hidden = parts === null;
      if (parts === null) continue;
      const [from, to] = parts.map((part) => Math.min(1, Math.max(0, part)));
      band.style.left = `${100 * from}%`;
      band.style.width = `${100 * (to - from)}%`;
    }
  }

  /** The band over the rows that are selected, where others are seen too. */
  mark(plots: readonly HTMLElement[], { from, to }: View): void {
    const rows = this.#rows;
    const isAll = rows !== null && rows.from <= from && rows.to >= to;
    const isElsewhere = rows !== null && (rows.to <= from || rows.from >= to);
    if (rows === null || isAll || isElsewhere) return this.draw(plots, null);
    this.draw(plots, [(rows.from - from) / (to - from), (rows.to - from) / (to - from)]);
  }

  async show(rows: View | null): Promise<void> {
    this.#rows = rows;
    const key = rows === null ? "" : viewText(rows);
    if (key === this.#shown) return;
    this.#shown = key;
    this.host.hidden = rows === null;
    if (rows === null) return;
    const from = Math.floor(rows.from);
    const to = Math.max(from + 1, Math.ceil(rows.to));
    this.#fill(from, to, "");
    try {
      const steps = await Promise.all([from, to - 1].map((row) => this.#stepOf(row)));
      if (key === this.#shown) this.#fill(from, to, `, steps ${steps[0]} to ${steps[1]}`);
    } catch (error) {
      this.#page.say((error as Error).message);
    }
  }

  #fill(from: number, to: number, steps: string): void {
    const text = `Rows ${grouped(from)} to ${grouped(to - 1)} (${grouped(to - from)})${steps}`;
    const go = (screen: string, more: Readonly<Record<string, string>>) => () =>
      this.#page.go({ screen, ...more });
    this.host.replaceChildren(
      element("span", "", text),
      button("Table", "these rows in the table", go("table", { row: String(from) })),
      button(
        "Statistics",
        "what these rows are like",
        go("statistics", { from: String(from), to: String(to) }),
      ),
      button("×", "no selection (Escape)", () => this.#page.go({ selection: null })),
    );
  }

  /** As text: it may be beyond 2^53. */
  async #stepOf(row: number): Promise<string> {
    const query = { store: this.#store, from: row, to: row + 1, entries: 1 };
    const { rows } = await this.#page.ask<RowsAnswer>("/api/rows", query);
    return rows[0] === undefined ? "?" : String(rows[0].step);
  }
}
