/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** All that one row holds. */
import type { RowsAnswer } from "../../protocol.ts";
import { button, element } from "../element.ts";
import { valueElement } from "../row_values.ts";
import type { Page } from "../screen.ts";
import { grouped } from "../text.ts";

const entries = 1000;

export class RowPanel {
  readonly host = element("aside", "row-panel");
  readonly #page: Page;
  readonly #store: string;
  readonly #dtypes: ReadonlyMap<string, string>;
  #row: number | null = null;

  constructor(parent: HTMLElement, page: Page, store: string, dtypes: ReadonlyMap<string, string>) {
    this.#page = page;
    this.#store = store;
    this.#dtypes = dtypes;
    this.host.hidden = true;
    parent.append(this.host);
  }

  async show(row: number | null): Promise<void> {
    if (row === this.#row) return;
    this.#row = row;
    this.host.hidden = row === null;
    if (row === null) return;
    try {
      const query = { store: this.#store, from: row, to: row + 1, entries };
      const answer = await this.#page.ask<RowsAnswer>("/api/rows", query);
      if (row === this.#row) this.#fill(row, answer);
    } catch (error) {
      this.#page.say((error as Error).message);
    }
  }

  #fill(row: number, { columns, rows: [found] }: RowsAnswer): void {
    const table = element("a", "", "Table");
    table.href = "#";
    table.addEventListener("click", (event) => {
      event.preventDefault();
      this.#page.go({ screen: "table", row: String(row) });
    });
    const close = button("×", "close (Escape)", () => this.#page.go({ row: null }));
    const title = element("h2", "", `Row ${grouped(row)}`, table, element("span", "space"), close);
    const list = element("dl");
    if (found === undefined) list.append(element("dd", "error", "It is not there any more"));
    else if (found.error !== undefined) list.append(element("dd", "error", found.error));
    else {
      list.append(element("dt", "", "step"), element("dd", "", String(found.step)));
      columns.forEach(({ name }, at) => {
        const place = { store: this.#store, row, name, dtype: this.#dtypes.get(name) };
        list.append(element("dt", "", name), element("dd", "", valueElement(found.values[at], place)));
      });
    }
    this.host.replaceChildren(title, list);
  }
}
