/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Windows and batches: what a trainer gets, padding and masks included, and where each window lies in the stream. */
import type { BatchAnswer, LiveEvent, Overview } from "../../protocol.ts";
import { cellNote } from "../batches/cell_note.ts";
import { sharesOf } from "../batches/field_values.ts";
import { heatGradient } from "../batches/heat_colour.ts";
import { HeatMap, type MapListener } from "../batches/heat_map.ts";
import type { Cell } from "../batches/map_layout.ts";
import { type Options, optionsOf } from "../batches/options.ts";
import { OptionsForm } from "../batches/options_form.ts";
import { windowPlaces } from "../batches/window_places.ts";
import { button, element, say } from "../element.ts";
import { streamAt } from "../links.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { grouped, numberText } from "../text.ts";

export const batches: Screen = {
  name: "batches",
  title: "Windows and batches",
  keys: [
    ["n, p", "next and previous batch"],
    ["r", "draw again"],
    ["c", "copy the program that draws the batch"],
    ["Arrows", "from value to value of a field"],
    ["Enter", "the row of a value, in the stream"],
  ],
  open: (host, page) => new BatchesScreen(host, page),
};

class BatchesScreen implements OpenScreen, MapListener {
  readonly #page: Page;
  readonly #side = element("aside", "batch-side");
  readonly #title = element("span", "batch-title");
  readonly #grown = element("span", "batch-grown");
  readonly #problem = element("p", "problem");
  readonly #places = element("div");
  readonly #maps = element("div", "batch-maps");
  readonly #note = element("div", "batch-note");
  readonly #code = element("code");
  readonly #unlisten: () => void;
  readonly #theme: MutationObserver;
  #store: string;
  #overview: Overview | null = null;
  #form: OptionsForm | null = null;
  #answer: BatchAnswer | null = null;
  #shown: HeatMap[] = [];
  #asked = "";
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#page = page;
    this.#store = page.state.store ?? "0";
    this.#problem.hidden = true;
    const bar = element(
      "div",
      "batch-bar",
      button("←", "previous batch (p)", () => this.#step(-1)),
      button("→", "next batch (n)", () => this.#step(1)),
      button("Draw again", "with all rows that there are now (r)", () => void this.#draw(true)),
      this.#title,
      this.#grown,
    );
    const copy = button("Copy", "copies the program (c)", () => void this.#copy());
    const code = element(
      "section",
      "batch-code",
      element("h3", "", "The program that draws this batch ", copy),
    );
    code.append(element("pre", "", this.#code));
    const main = element("div", "batch-main", bar, this.#problem, this.#note, this.#maps, this.#places, code);
    host.append(element("div", "batches", this.#side, main));
    this.#unlisten = page.onLive((event) => this.#hear(event));
    this.#theme = new MutationObserver(() => this.#shown.forEach((map) => map.draw()));
    this.#theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    void this.#start();
  }

  async #start(): Promise<void> {
    try {
      this.#overview = await this.#page.ask<Overview>("/api/overview", { store: this.#store });
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#isClosed) return;
    this.#form = new OptionsForm(this.#overview, (options) => this.#change(options));
    this.#side.append(this.#form.host);
    this.update(this.#page.state);
  }

  update(state: PageState): void {
    this.#store = state.store ?? "0";
    this.#form?.show(this.#options);
    void this.#draw();
  }

  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    this.#theme.disconnect();
  }

  key({ key }: KeyboardEvent): boolean {
    if (key === "n" || key === "]") this.#step(1);
    else if (key === "p" || key === "[") this.#step(-1);
    else if (key === "r") void this.#draw(true);
    else if (key === "c") void this.#copy();
    else return false;
    return true;
  }

  get #options(): Options {
    return optionsOf(this.#page.state.options, this.#overview!);
  }

  get #batch(): number {
    const batch = Number(this.#page.state.batch ?? "0");
    return Number.isSafeInteger(batch) && batch >= 0 ? batch : 0;
  }

  #change(options: Options): void {
    this.#page.go({ options: JSON.stringify(options), batch: null });
  }

  #step(by: number): void {
    const batch = this.#batch + by;
    if (batch >= 0) this.#page.go({ batch: batch === 0 ? null : String(batch) }, "replace");
  }

  async #draw(isAgain = false): Promise<void> {
    if (this.#overview === null) return;
    const options = JSON.stringify({ ...this.#options, batch: this.#batch });
    if (options === this.#asked && !isAgain) return;
    this.#asked = options;
    try {
      const answer = await this.#page.ask<BatchAnswer>("/api/batch", { store: this.#store, options });
      if (!this.#isClosed && options === this.#asked) this.#show(answer);
    } catch (error) {
      if (!this.#isClosed && options === this.#asked) this.#fail(error as Error);
    }
  }

  #fail({ message }: Error): void {
    this.#problem.hidden = false;
    say(this.#problem, message);
    this.#maps.classList.add("stale");
  }

  #show(answer: BatchAnswer): void {
    const { batch, size, batchCount, fields, code } = answer;
    this.#answer = answer;
    this.#problem.hidden = true;
    this.#maps.classList.remove("stale");
    say(this.#grown, "");
    say(
      this.#title,
      batchCount === null
        ? `batch ${batch}: ${size} window${size === 1 ? "" : "s"}`
        : `there are ${grouped(batchCount)} batches: the epochs end before batch ${batch}`,
    );
    say(this.#code, code);
    const room = this.#maps.clientWidth - 24;
    this.#shown = size === 0 ? [] : fields.map((field) => new HeatMap(field, room, this));
    this.#maps.replaceChildren(...this.#shown.map((map) => mapSection(map)));
    this.#maps.dataset.batch = String(batch);
    this.#places.replaceChildren(...size === 0 ? [] : [windowPlaces(this.#page, answer)]);
    this.#note.replaceChildren(legend());
  }

  point(map: HeatMap, cell: Cell | null): void {
    for (const other of this.#shown) {
      const isAlike = other === map || (map.field.offsets === null && other.field.offsets === null);
      other.mark(cell === null || !isAlike ? null : other === map ? cell : { ...cell, value: -1 });
    }
    if (cell !== null) this.#note.replaceChildren(cellNote(this.#page, this.#answer!, map.field, cell));
  }

  choose({ field }: HeatMap, { window, row }: Cell): void {
    const found = field.rows[window * field.shape[1] + row];
    if (found === null) return this.#page.say("No row of the stream stands there");
    const { firstRow, endRow } = this.#answer!.windows[window];
    this.#page.go({ ...streamAt(firstRow, endRow), row: String(found) });
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#code.textContent ?? "");
      this.#page.say("The program is in the clipboard");
    } catch {
      getSelection()?.selectAllChildren(this.#code);
      this.#page.say("The browser lets nothing into the clipboard: the program is selected");
    }
  }

  #hear({ endRow }: LiveEvent): void {
    const drawn = this.#answer?.storeRows[1] ?? endRow;
    say(this.#grown, endRow > drawn ? `${grouped(endRow - drawn)} rows have come since` : "");
  }
}

function mapSection(map: HeatMap): HTMLElement {
  const { field: { name, dtype, shape }, range, layout } = map;
  const { padding, missing } = sharesOf(map.field);
  const percent = (part: number) => `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
  const said = [`[${shape.join(", ")}] ${dtype}`];
  if (padding > 0) said.push(`${percent(padding)} padding`);
  if (missing > 0) said.push(`${percent(missing)} missing`);
  if (layout.rows < shape[1]) said.push(`the first ${grouped(layout.rows)} rows are drawn`);
  const heading = element("h3", "", name, element("small", "", said.join(" · ")));
  if (range !== null) {
    const bar = element("i", "heat-scale");
    bar.style.background = heatGradient;
    heading.append(element("small", "heat-range", numberText(range.min), bar, numberText(range.max)));
  }
  return element("section", "batch-field", heading, map.host);
}

/** What the hatches mean, until a cell is pointed at. */
function legend(): HTMLElement {
  return element(
    "div",
    "cell-note",
    element("i", "hatch padding"),
    "padding, or outside of the episode",
    element("i", "hatch missing"),
    "the row has no value",
    element("i", "hatch not-finite"),
    "NaN or infinite",
  );
}
