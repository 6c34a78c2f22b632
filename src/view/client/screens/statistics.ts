/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Statistics: what the values of a series are like, and a way to the rows that are extreme. */
import type { Overview, StatisticsAnswer } from "../../protocol.ts";
import { button, element, say } from "../element.ts";
import { seriesOf, usualSeries } from "../episodes/rule.ts";
import { checkbox, choose, labelled, select } from "../form_parts.ts";
import { stateLink, streamAt } from "../links.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { histogram } from "../statistics/histogram.ts";
import { grouped, numberText } from "../text.ts";

export const statistics: Screen = {
  name: "statistics",
  title: "Statistics",
  keys: [
    ["j, k", "next and previous series"],
    ["l", "bars by the logarithm of their count"],
    ["r", "takes statistics again"],
  ],
  open: (host, page) => new StatisticsScreen(host, page),
};

class StatisticsScreen implements OpenScreen {
  readonly #page: Page;
  readonly #bar = element("div", "statistics-bar");
  readonly #problem = element("p", "problem");
  readonly #shown = element("div", "statistics");
  readonly #rows = element("span");
  readonly #logarithmic = checkbox("logarithmic");
  #series: HTMLSelectElement | null = null;
  #store: string;
  #overview: Overview | null = null;
  #answer: StatisticsAnswer | null = null;
  #asked = "";
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#page = page;
    this.#store = page.state.store ?? "0";
    this.#problem.hidden = true;
    host.append(this.#bar, this.#problem, this.#shown);
    void this.#start();
  }

  async #start(): Promise<void> {
    try {
      this.#overview = await this.#page.ask<Overview>("/api/overview", { store: this.#store });
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#isClosed) return;
    const names = seriesOf(this.#overview).map((name) => [name, name] as const);
    this.#series = select("series", names);
    this.#series.addEventListener("change", () => this.#choose(this.#series!.value));
    this.#logarithmic.addEventListener("change", () => this.#switchScale(this.#logarithmic.checked));
    this.#bar.append(
      labelled("series", "a field, or an element of its lists", this.#series),
      labelled("logarithmic", "bars by the logarithm of their count (l)", this.#logarithmic),
      button("Again", "of all rows that there are now (r)", () => void this.#ask(true)),
      this.#rows,
      button("All rows", "not only those that were chosen", () => this.#page.go({ from: null, to: null })),
    );
    this.update(this.#page.state);
  }

  update(state: PageState): void {
    this.#store = state.store ?? "0";
    if (this.#series === null) return;
    choose(this.#series, this.#name);
    this.#logarithmic.checked = state.scale === "log";
    if (this.#answer !== null) this.#show(this.#answer);
    void this.#ask();
  }

  close(): void {
    this.#isClosed = true;
  }

  key({ key }: KeyboardEvent): boolean {
    if (key === "l") this.#switchScale(this.#page.state.scale !== "log");
    else if (key === "r") void this.#ask(true);
    else if (key === "j") this.#step(1);
    else if (key === "k") this.#step(-1);
    else return false;
    return true;
  }

  get #name(): string {
    const { measure = "" } = this.#page.state;
    return seriesOf(this.#overview!).includes(measure) ? measure : usualSeries(this.#overview!);
  }

  #choose(series: string): void {
    this.#page.go({ measure: series }, "replace");
  }

  #step(by: number): void {
    if (this.#overview === null) return;
    const names = seriesOf(this.#overview);
    const at = names.indexOf(this.#name) + by;
    if (names[at] !== undefined) this.#choose(names[at]);
  }

  #switchScale(isLogarithmic: boolean): void {
    this.#page.go({ scale: isLogarithmic ? "log" : null }, "replace");
  }

  async #ask(isAgain = false): Promise<void> {
    const { from, to } = this.#page.state;
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    const query = { store: this.#store, series: this.#name, ...range };
    const asked = JSON.stringify(query);
    if (asked === this.#asked && !isAgain) return;
    this.#asked = asked;
    this.#shown.classList.add("stale");
    try {
      const answer = await this.#page.ask<StatisticsAnswer>("/api/statistics", query);
      if (!this.#isClosed && asked === this.#asked) this.#show(answer);
    } catch (error) {
      if (!this.#isClosed && asked === this.#asked) this.#fail(error as Error);
    }
  }

  #fail({ message }: Error): void {
    this.#problem.hidden = false;
    say(this.#problem, message);
  }

  #show(answer: StatisticsAnswer): void {
    const { from, to, count } = answer;
    this.#answer = answer;
    this.#problem.hidden = true;
    this.#shown.classList.remove("stale");
    this.#shown.dataset.series = answer.series;
    say(this.#rows, to > from ? `rows ${grouped(from)} to ${grouped(to - 1)}` : "no rows");
    const isLogarithmic = this.#page.state.scale === "log";
    this.#shown.replaceChildren(
      factsOf(answer),
      count === 0
        ? element("p", "", "No row has a finite value")
        : histogram(this.#page, answer, isLogarithmic),
      element(
        "div",
        "tables",
        quantileTable(answer),
        this.#extremeTable("greatest", answer.greatest),
        this.#extremeTable("least", answer.least),
      ),
    );
  }

  #extremeTable(title: string, extremes: StatisticsAnswer["least"]): HTMLElement {
    const rows = extremes.map(({ row, value }) => {
      const link = stateLink(this.#page, grouped(row), "this row in the stream", {
        ...streamAt(row, row + 1),
        row: String(row),
      });
      return [numberText(value), link] as const;
    });
    const made = tableOf([title, "row"], rows);
    made.dataset.extremes = title;
    return made;
  }
}

function factsOf(
  { count, missing, notFinite, mean, deviation, bins, greatest }: StatisticsAnswer,
): HTMLElement {
  const text = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : numberText(value);
  const facts = [
    ["values", grouped(count)],
    ["missing", grouped(missing)],
    ["not finite", grouped(notFinite)],
    ["mean", text(mean)],
    ["deviation", text(deviation)],
    ["least", text(bins[0]?.from)],
    ["greatest", text(greatest[0]?.value)],
  ];
  const list = element("dl", "facts");
  for (const [name, value] of facts) {
    const said = element("dd", "", value);
    said.dataset.fact = name;
    list.append(element("div", "", element("dt", "", name), said));
  }
  return list;
}

function quantileTable({ quantiles }: StatisticsAnswer): HTMLElement {
  return tableOf(
    ["quantile", "value"],
    quantiles.map(({ at, value }) => [`${100 * at} %`, numberText(value)]),
  );
}

function tableOf(titles: readonly string[], rows: readonly (readonly (string | Node)[])[]): HTMLTableElement {
  const head = element("tr", "", ...titles.map((title) => element("th", "", title)));
  const body = rows.map((cells) => element("tr", "", ...cells.map((cell) => element("td", "", cell))));
  return element("table", "", element("thead", "", head), element("tbody", "", ...body));
}
