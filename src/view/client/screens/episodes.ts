/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Episodes: a list of any length, several over each other in a chart, and what a user says of them. */
import type { CurveAnswer, EpisodeRow, LiveEvent, Overview } from "../../protocol.ts";
import { addressOf } from "../api.ts";
import { button, element } from "../element.ts";
import { EpisodeParts, type EpisodesQuery } from "../episodes/episode_parts.ts";
import { Overlay } from "../episodes/overlay.ts";
import { RuleForm } from "../episodes/rule_form.ts";
import { type PageRule, ruleOf, ruleQuery, seriesOf, usualSeries } from "../episodes/rule.ts";
import { VirtualList } from "../episodes/virtual_list.ts";
import { stateLink, streamAt, tableAt } from "../links.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { grouped, shownText } from "../text.ts";

export const episodes: Screen = {
  name: "episodes",
  title: "Episodes",
  keys: [
    ["↑ ↓", "from episode to episode"],
    ["Space", "draws an episode over the others"],
    ["b", "flags it as bad, or takes the flag away"],
    ["Enter", "its rows in the stream"],
  ],
  open: (host, page) => new EpisodesScreen(host, page),
};

const orders = [["row", "rows"], ["length", "length"], ["sum", "sum"]] as const;
const colourCount = 8;
const againMilliseconds = 1000;

class EpisodesScreen implements OpenScreen {
  readonly #page: Page;
  readonly #side = element("div", "episodes-side");
  readonly #list = new VirtualList((index) => this.#item(index));
  readonly #heads = element("div", "episode-heads");
  readonly #overlay = new Overlay();
  readonly #legend = element("div", "overlay-legend");
  readonly #flagText = element("input");
  readonly #exports = element("div", "exports");
  readonly #unlisten: () => void;
  readonly #theme: MutationObserver;
  readonly #curves = new Map<string, CurveAnswer>();
  #store: string;
  #overview: Overview | null = null;
  #form: RuleForm | null = null;
  #parts: EpisodeParts | null = null;
  #asked = "";
  #askedAt = 0;
  /** The row after the last one, and what it was when the list was asked for. */
  #endRow = -1;
  #listedRow = -1;
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#page = page;
    this.#store = page.state.store ?? "0";
    this.#flagText.value = "bad";
    this.#flagText.maxLength = 64;
    this.#flagText.title = "what is said of episodes";
    const flag = button("Flag", "flags the episode, or takes the flag away (b)", () => void this.#flag());
    const bar = element("div", "flag-bar", this.#flagText, flag, this.#exports);
    const left = element("div", "episodes-list", this.#heads, this.#list.host);
    const right = element("div", "episodes-right", this.#side, bar, this.#overlay.host, this.#legend);
    host.append(element("div", "episodes", left, right));
    this.#unlisten = page.onLive((event) => this.#hear(event));
    this.#theme = new MutationObserver(() => this.#draw());
    this.#theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    addEventListener("resize", this.#resized);
    void this.#start();
  }

  readonly #resized = () => {
    this.#list.refresh();
    this.#draw();
  };

  async #start(): Promise<void> {
    try {
      this.#overview = await this.#page.ask<Overview>("/api/overview", { store: this.#store });
    } catch (error) {
      return this.#page.say((error as Error).message);
    }
    if (this.#isClosed) return;
    this.#form = new RuleForm(this.#overview, ({ rule, series }) => {
      this.#page.go({ rule: JSON.stringify(rule), measure: series, picked: null });
    });
    this.#side.append(this.#form.host);
    this.update(this.#page.state);
  }

  update(state: PageState): void {
    this.#store = state.store ?? "0";
    if (this.#overview === null) return;
    this.#form!.show({ rule: this.#rule, series: this.#series });
    this.#showHeads();
    this.#showExports();
    this.#askList();
    void this.#askCurves();
  }

  close(): void {
    this.#isClosed = true;
    this.#parts?.end();
    this.#unlisten();
    this.#theme.disconnect();
    removeEventListener("resize", this.#resized);
  }

  key({ key }: KeyboardEvent): boolean {
    const { current } = this.#list;
    if (key === "ArrowDown") this.#list.current = current + 1;
    else if (key === "ArrowUp") this.#list.current = Math.max(0, current - 1);
    else if (key === "PageDown") this.#list.current = current + 20;
    else if (key === "PageUp") this.#list.current = Math.max(0, current - 20);
    else if (key === "b") void this.#flag();
    else if (key === " ") this.#pick(this.#current);
    else if (key === "Enter") this.#openStream(this.#current);
    else return false;
    return true;
  }

  get #rule(): PageRule {
    return ruleOf(this.#page.state.rule, this.#overview!);
  }

  get #series(): string {
    const { measure = "" } = this.#page.state;
    return seriesOf(this.#overview!).includes(measure) ? measure : usualSeries(this.#overview!);
  }

  get #order(): string {
    const { order = "row" } = this.#page.state;
    return orders.some(([name]) => name === order) ? order : "row";
  }

  get #picked(): number[] {
    const { picked = "" } = this.#page.state;
    return picked.split(",").filter((text) => /^\d{1,9}$/.test(text)).map(Number).slice(0, colourCount);
  }

  get #current(): EpisodeRow | null {
    return this.#list.current < 0 ? null : this.#parts?.at(this.#list.current) ?? null;
  }

  get #query(): EpisodesQuery {
    const descending = this.#page.state.descending === "1" ? "1" : "0";
    const ordered = { sum: this.#series, order: this.#order, descending };
    return { store: this.#store, ...ruleQuery(this.#rule), ...ordered };
  }

  #askList(isAgain = false): void {
    const query = this.#query;
    const asked = JSON.stringify(query);
    if (asked === this.#asked && !isAgain) return;
    if (asked !== this.#asked) {
      this.#list.current = -1;
      this.#page.say("Looking for episodes in all rows");
    }
    this.#asked = asked;
    this.#askedAt = performance.now();
    this.#listedRow = this.#endRow;
    this.#parts?.end();
    const parts = new EpisodeParts(this.#page, query, this.#list.seen[0], (count) => {
      if (this.#parts !== parts || count !== this.#list.count) this.#page.say(`${grouped(count)} episodes`);
      this.#parts = parts;
      this.#list.count = count;
    });
    // What was there stays until the new list is.
    this.#parts ??= parts;
  }

  #showHeads(): void {
    const isDescending = this.#page.state.descending === "1";
    const heads = orders.map(([name, title]) => {
      const isOrder = name === this.#order;
      const text = name === "sum" ? `sum of ${this.#series}` : title;
      const head = button(
        isOrder ? `${text} ${isDescending ? "↓" : "↑"}` : text,
        `ordered by ${text}`,
        () => {
          const descending = isOrder ? !isDescending : name !== "row";
          this.#page.go({ order: name, descending: descending ? "1" : null }, "replace");
        },
      );
      head.dataset.order = name;
      return head;
    });
    this.#heads.replaceChildren(element("span", "", "episode"), ...heads, element("span", "", "flag"));
  }

  #item(index: number): HTMLElement {
    const row = this.#parts?.at(index) ?? null;
    const item = element("div", "episode");
    if (row === null) {
      item.append("…");
      return item;
    }
    const { episode, firstRow, endRow, length, sum, open, environment, flag } = row;
    const at = this.#picked.indexOf(episode);
    const mark = element("i", "mark");
    if (at >= 0) mark.style.background = `var(--series-${at})`;
    else mark.classList.add("empty");
    const name = environment === null ? grouped(episode) : `${grouped(episode)} of ${shownText(environment)}`;
    item.dataset.episode = String(episode);
    item.append(
      element("span", "", mark, name),
      stateLink(this.#page, grouped(firstRow), `rows ${firstRow} to ${endRow - 1} in the stream`, {
        ...streamAt(firstRow, endRow),
      }),
      element("span", "", `${grouped(length)}${open ? " …" : ""}`),
      element("span", "", shownText(sum)),
      element("span", "flag", flag ?? ""),
    );
    item.addEventListener("click", () => {
      this.#list.current = index;
      this.#pick(row);
    });
    return item;
  }

  #pick(row: EpisodeRow | null): void {
    if (row === null) return;
    const { episode } = row;
    const picked = this.#picked;
    const others = picked.filter((one) => one !== episode);
    if (others.length === picked.length) others.push(episode);
    if (others.length > colourCount) {
      return this.#page.say(`At most ${colourCount} episodes are drawn at once`);
    }
    this.#page.go({ picked: others.length === 0 ? null : others.join(",") }, "replace");
    this.#list.refresh();
  }

  #openStream(row: EpisodeRow | null): void {
    if (row !== null) this.#page.go(streamAt(row.firstRow, row.endRow));
  }

  async #askCurves(): Promise<void> {
    const [rule, series, picked] = [this.#rule, this.#series, this.#picked];
    const columns = this.#overlay.columns;
    const keyOf = (episode: number) => JSON.stringify([rule, series, episode, columns]);
    try {
      await Promise.all(
        picked.filter((episode) => !this.#curves.has(keyOf(episode))).map(async (episode) => {
          const query = { store: this.#store, ...ruleQuery(rule), episode, series, columns };
          this.#curves.set(keyOf(episode), await this.#page.ask<CurveAnswer>("/api/curve", query));
        }),
      );
    } catch (error) {
      if (!this.#isClosed) this.#page.say((error as Error).message);
    }
    if (!this.#isClosed) this.#draw();
  }

  #draw(): void {
    if (this.#overview === null) return;
    const [rule, series, columns] = [this.#rule, this.#series, this.#overlay.columns];
    const found = this.#picked.map((episode) =>
      this.#curves.get(JSON.stringify([rule, series, episode, columns]))
    );
    const shown = found.flatMap((curve, at) =>
      curve === undefined ? [] : [{ curve, colour: `--series-${at}` }]
    );
    this.#overlay.draw(shown.map(({ curve }) => curve), shown.map(({ colour }) => colour));
    this.#legend.replaceChildren(...shown.map(({ curve, colour }) => this.#legendItem(curve, colour)));
    if (shown.length === 0) this.#legend.append("Click episodes to draw them over each other");
    this.#list.refresh();
  }

  #legendItem({ episode, firstRow, length }: CurveAnswer, colour: string): HTMLElement {
    const mark = element("i", "mark");
    mark.style.background = `var(${colour})`;
    return element(
      "span",
      "",
      mark,
      `episode ${grouped(episode)} `,
      stateLink(this.#page, "stream", "in the stream", streamAt(firstRow, firstRow + length)),
      " ",
      stateLink(this.#page, "table", "in the table", tableAt(firstRow)),
    );
  }

  #showExports(): void {
    const links = ["jsonl", "csv"].map((format) => {
      const link = element("a", "", format.toUpperCase());
      link.href = addressOf("/api/flagged", { store: this.#store, ...ruleQuery(this.#rule), format });
      link.download = `flagged.${format}`;
      link.title = "the rows of all episodes that have a flag";
      return link;
    });
    this.#exports.replaceChildren("Rows of the flagged: ", links[0], " ", links[1]);
  }

  /** The one thing that the page has the server write. */
  async #flag(): Promise<void> {
    const row = this.#current;
    if (row === null) return this.#page.say("Choose an episode first");
    const flag = row.flag === null ? this.#flagText.value.trim() || "bad" : "";
    const address = addressOf("/api/flag", { store: this.#store, row: row.firstRow, flag });
    const response = await fetch(address, { headers: { "x-streamstore": "flag" } });
    if (!response.ok) return this.#page.say((await response.json()).error);
    this.#parts?.flag(row.firstRow, flag || null);
    this.#list.refresh();
  }

  #hear({ endRow }: LiveEvent): void {
    this.#endRow = endRow;
    if (this.#overview === null || endRow === this.#listedRow) return;
    if (performance.now() - this.#askedAt >= againMilliseconds) this.#askList(true);
  }
}
