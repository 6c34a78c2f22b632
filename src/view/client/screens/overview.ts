/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a store holds: sizes, how fast it grows, who writes it, its fields. */
import type { FieldOverview, LiveEvent, Overview, StoreSummary } from "../../protocol.ts";
import { element, say } from "../element.ts";
import { Rates } from "../rates.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { Sparklines } from "../sparklines.ts";
import { colourName } from "../series_colour.ts";
import { bytesText, grouped, shownText } from "../text.ts";

export const overview: Screen = {
  name: "overview",
  title: "Overview",
  open: (host, page) => new OverviewScreen(host, page),
};

/** The fields are asked for again, while the store grows. */
const againMilliseconds = 1000;

const facts = ["rows", "tokens", "size", "growth", "lag", "writer", "recovered", "cells", "id"] as const;
type Fact = typeof facts[number];

class OverviewScreen implements OpenScreen {
  readonly #page: Page;
  readonly #facts = new Map<Fact, HTMLElement>();
  readonly #fields = element("tbody");
  readonly #extras = element("p", "extras");
  readonly #stores = element("section");
  readonly #rates = new Rates();
  readonly #sparklines: Sparklines;
  readonly #unlisten: () => void;
  #store: string;
  #askedAt = -Infinity;
  #askedRow = -1;
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#page = page;
    this.#store = page.state.store ?? "0";
    this.#sparklines = new Sparklines(page);
    host.append(this.#stores, this.#factList(), this.#fieldTable(), this.#extras);
    void this.#askStores();
    void this.#askFields();
    this.#unlisten = page.onLive((event) => this.#hear(event));
  }

  #factList(): HTMLElement {
    const list = element("dl", "facts");
    for (const fact of facts) {
      const value = element("dd");
      value.dataset.fact = fact;
      this.#facts.set(fact, value);
      list.append(element("div", "", element("dt", "", fact), value));
    }
    return list;
  }

  #fieldTable(): HTMLElement {
    const titles = ["field", "type", "dtype", "kind", "share", "all rows", "newest"];
    const head = element("thead", "", element("tr", "", ...titles.map((title) => element("th", "", title))));
    return element("table", "fields", head, this.#fields);
  }

  update(state: PageState): void {
    this.#store = state.store ?? "0";
  }

  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    this.#sparklines.close();
  }

  #hear(event: LiveEvent): void {
    const { firstRow, endRow, endToken, byteLength, writer } = event;
    this.#rates.add(event);
    this.#say(
      "rows",
      firstRow === 0 ? grouped(endRow) : `${grouped(endRow - firstRow)} from ${grouped(firstRow)}`,
    );
    this.#say("tokens", grouped(endToken));
    this.#say("size", bytesText(byteLength));
    this.#say("growth", this.#rates.text());
    this.#say("lag", this.#rates.lagText());
    this.#say("writer", writer === null ? "none" : `process ${writer.processId ?? "unknown"}`);
    if (endRow !== this.#askedRow && performance.now() - this.#askedAt > againMilliseconds) {
      void this.#askFields();
    }
  }

  #say(fact: Fact, text: string): void {
    say(this.#facts.get(fact)!, text);
  }

  async #askFields(): Promise<void> {
    this.#askedAt = performance.now();
    try {
      const answer = await this.#page.ask<Overview>("/api/overview", { store: this.#store });
      if (!this.#isClosed) this.#show(answer);
    } catch (error) {
      if (!this.#isClosed) this.#page.say((error as Error).message);
    }
  }

  #show({ firstRow, endRow, cell, id, recovered, fields, extras }: Overview): void {
    this.#askedRow = endRow;
    this.#say("cells", cell);
    this.#say("id", id);
    this.#say("recovered", recovered === null ? "–" : `${grouped(recovered)} rows`);
    const names = fields.map(({ name }) => name);
    const sparks = this.#sparklines.of(fields);
    this.#fields.replaceChildren(...fields.map((field) => fieldRow(field, names, sparks.get(field.name))));
    void this.#sparklines.show(this.#store, firstRow, endRow);
    const texts = extras.map(({ name, kind }) => `${name} (${kind})`);
    say(this.#extras, texts.length === 0 ? "" : `Extras: ${texts.join(", ")}`);
  }

  async #askStores(): Promise<void> {
    const stores = await this.#page.ask<StoreSummary[]>("/api/stores", {});
    if (this.#isClosed || stores.length < 2) return;
    const titles = ["store", "rows", "state", "path"];
    const head = element("thead", "", element("tr", "", ...titles.map((title) => element("th", "", title))));
    const rows = stores.map(({ store, name, rows, state, reason, path }) => {
      const link = element("a", "", name);
      link.href = `/?store=${store}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.#page.go({ store: String(store) });
      });
      const cells = [link, grouped(rows), reason ?? state, path].map((inside) => element("td", "", inside));
      return element("tr", "", ...cells);
    });
    this.#stores.replaceChildren(element("table", "stores", head, element("tbody", "", ...rows)));
  }
}

function fieldRow(
  field: FieldOverview,
  names: readonly string[],
  spark: HTMLCanvasElement | undefined,
): HTMLElement {
  const { name, typeId, dtype, share, newest } = field;
  const mark = element("i", "mark");
  mark.style.background = `var(${colourName(names, name)})`;
  const cells = [
    String(typeId),
    dtype,
    kindText(field),
    `${(100 * share).toFixed(1)} %`,
    spark ?? "",
    shownText(newest),
  ];
  return element(
    "tr",
    "",
    element("td", "name", mark, name),
    ...cells.map((cell) => element("td", "", cell)),
  );
}

function kindText({ isList, width }: FieldOverview): string {
  if (isList === null || width === null) return "–";
  if (!isList) return "number";
  return `list of ${width[0] === width[1] ? width[0] : `${width[0]} to ${width[1]}`}`;
}
