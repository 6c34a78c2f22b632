/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The charts, the minimap and all that moves the view. */
import type { LiveEvent, Overview } from "../../protocol.ts";
import { button, element, say } from "../element.ts";
import type { Page, PageState } from "../screen.ts";
import { colourName } from "../series_colour.ts";
import { grouped } from "../text.ts";
import { themeEvent } from "../theme.ts";
import { type ChartLine, FieldChart, gutterPixels, rowAxisPixels, wholeWidth } from "./chart.ts";
import { answers, type Detail, unknownPart } from "./columns.ts";
import { followed, type FollowMode, followTexts, nextMode, parseFollow } from "./follow.ts";
import { listen } from "./gestures.ts";
import { viewOfKey } from "./keys.ts";
import { Loader } from "./loader.ts";
import { Minimap } from "./minimap.ts";
import { RowPanel } from "./row_panel.ts";
import { Selection } from "./selection.ts";
import { SeriesList } from "./series_list.ts";
import { groupsOf, joinNames, splitNames, usualSeries } from "./series_names.ts";
import {
  askedFor,
  type Bounds,
  clamped,
  panned,
  parseRow,
  parseView,
  snapped,
  type View,
  viewText,
  wholeOf,
  zoomed,
} from "./view_range.ts";

/** As many as the server answers at once. */
const seriesMax = 32;
const chartHeightMin = 90;
/** Between two looks at all rows, while the store grows. */
const wholeMilliseconds = 1000;
/** The address follows when the view rests. */
const restMilliseconds = 200;

export class StreamCharts {
  readonly #page: Page;
  readonly #overview: Overview;
  readonly #onFirstRows: () => void;
  readonly #store: string;
  readonly #body = element("div", "stream");
  readonly #charts = element("div", "charts");
  readonly #range = element("output", "range");
  readonly #follow: HTMLButtonElement;
  readonly #list: SeriesList;
  readonly #minimap: Minimap;
  readonly #panel: RowPanel;
  readonly #selection: Selection;
  readonly #loader: Loader;
  readonly #wholeLoader: Loader;
  readonly #observer = new ResizeObserver(() => this.#resize());
  readonly #unlisten: () => void;
  readonly #onTheme = () => {
    for (const chart of this.#fields) chart.redraw();
    this.#draw();
  };
  #fields: FieldChart[] = [];
  #series: readonly string[] = [];
  #lines: readonly ChartLine[] = [];
  #bounds: Bounds;
  #view: View;
  #mode: FollowMode;
  #detail: Detail | null = null;
  #whole: Detail | null = null;
  #wholeAt = -Infinity;
  #frame = 0;
  #wholeTimer: ReturnType<typeof setTimeout> | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, page: Page, overview: Overview, onFirstRows: () => void) {
    this.#page = page;
    this.#overview = overview;
    this.#onFirstRows = onFirstRows;
    this.#store = page.state.store ?? "0";
    this.#bounds = { firstRow: overview.firstRow, endRow: overview.endRow };
    this.#mode = parseFollow(page.state.follow);
    this.#view = followed(parseView(page.state.view) ?? wholeOf(this.#bounds), this.#mode, this.#bounds);
    this.#follow = button(
      followTexts[this.#mode],
      "follows new rows (f)",
      () => this.#setMode(nextMode(this.#mode)),
    );
    this.#loader = new Loader(page, this.#store, (detail) => this.#take({ detail }));
    this.#wholeLoader = new Loader(page, this.#store, (whole) => this.#take({ whole }));
    const dtypes = new Map(overview.fields.map(({ name, dtype }) => [name, dtype]));
    this.#list = new SeriesList(this.#body, overview.fields, (series) => this.#choose(series));
    const main = element("div", "stream-main", this.#bar(), this.#charts);
    this.#body.append(main);
    this.#selection = new Selection(main, page, this.#store);
    this.#minimap = new Minimap(main, (middle) => this.#centre(middle));
    this.#panel = new RowPanel(this.#body, page, this.#store, dtypes);
    host.append(this.#body);
    this.#observer.observe(this.#charts);
    document.addEventListener(themeEvent, this.#onTheme);
    this.update(page.state);
    this.#unlisten = page.onLive((event) => this.#hear(event));
  }

  update(state: PageState): void {
    const series = state.series === undefined ? usualSeries(this.#overview.fields) : splitNames(state.series);
    this.#showSeries(series.slice(0, seriesMax));
    this.#mode = parseFollow(state.follow);
    say(this.#follow, followTexts[this.#mode]);
    this.#follow.dataset.mode = this.#mode;
    // The address says where the view is, but for one that moves on its own, or has only just been moved.
    const isElsewhere = state.view !== viewText(this.#view) && this.#restTimer === undefined;
    if (this.#mode === "off" && isElsewhere) {
      this.#setView(clamped(parseView(state.view) ?? wholeOf(this.#bounds), this.#bounds));
    }
    void this.#panel.show(parseRow(state.row));
    void this.#selection.show(parseView(state.selection));
    this.#draw();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    for (const timer of [this.#restTimer, this.#wholeTimer]) clearTimeout(timer);
    this.#observer.disconnect();
    document.removeEventListener(themeEvent, this.#onTheme);
    this.#unlisten();
    this.#loader.close();
    this.#wholeLoader.close();
    for (const chart of this.#fields) chart.close();
  }

  key({ key }: KeyboardEvent): boolean {
    const view = viewOfKey(key, this.#view, this.#bounds);
    if (view !== null) this.#move(view);
    else if (key === "f" || key === "F") this.#setMode(nextMode(this.#mode));
    else if (key === "Escape") this.#page.go({ row: null, selection: null });
    else return false;
    return true;
  }

  #bar(): HTMLElement {
    return element(
      "div",
      "bar",
      this.#range,
      element("span", "space"),
      button("−", "shows more rows (-)", () => this.#move(viewOfKey("-", this.#view, this.#bounds)!)),
      button("+", "shows fewer rows (+)", () => this.#move(viewOfKey("+", this.#view, this.#bounds)!)),
      button("All", "shows all rows (0)", () => this.#move(wholeOf(this.#bounds))),
      this.#follow,
    );
  }

  #choose(series: readonly string[]): void {
    if (series.length > seriesMax) this.#page.say(`At most ${seriesMax} series are shown`);
    this.#page.go({ series: joinNames(series.slice(0, seriesMax)) }, "replace");
    this.#list.show(this.#series);
  }

  /** A chart a field; those that are there already would have other lines. */
  #showSeries(series: readonly string[]): void {
    const groups = groupsOf(this.#overview.fields, series);
    const names = groups.flatMap((group) => group.series);
    this.#list.show(names);
    if (names.join("\n") === this.#series.join("\n") && this.#fields.length > 0) return;
    this.#series = names;
    for (const chart of this.#fields) chart.close();
    const fields = this.#overview.fields.map(({ name }) => name);
    const linesOf = (series: readonly string[]) =>
      series.map((name) => ({ name, colour: colourName(fields, name) }));
    this.#fields = groups.map(({ field, series }, at) =>
      new FieldChart(this.#charts, field, linesOf(series), at === groups.length - 1)
    );
    this.#lines = linesOf(groups[0]?.series ?? []);
    [this.#detail, this.#whole, this.#wholeAt] = [null, null, -Infinity];
    for (const chart of this.#fields) this.#listen(chart);
    this.#resize();
  }

  #listen(chart: FieldChart): void {
    const rowAt = (part: number) => this.#view.from + part * (this.#view.to - this.#view.from);
    listen(chart.over, {
      zoom: (at, factor) => this.#move(zoomed(this.#view, rowAt(at), factor, this.#bounds)),
      pan: (part) => this.#move(panned(this.#view, -part * (this.#view.to - this.#view.from), this.#bounds)),
      select: (from, to, isDone) => {
        const rows = { from: Math.floor(rowAt(from)), to: Math.ceil(rowAt(to)) };
        this.#selection.draw(this.#fields.map(({ over }) => over), isDone ? null : [from, to]);
        if (isDone) this.#select(clamped(rows, this.#bounds));
      },
      click: (at) => this.#page.go({ row: String(this.#nearestRow(rowAt(at))) }),
      hover: (at) => {
        for (const each of this.#fields) each.point(at === null ? null : this.#nearestRow(rowAt(at)));
      },
    });
  }

  /** Where rows are far apart that to which the pointer is nearest, else the one whose pixel it is on. */
  #nearestRow(at: number): number {
    const { from, to } = this.#view;
    const isFar = (to - from) < this.#pixels;
    const row = isFar ? Math.round(at) : Math.floor(at);
    return Math.max(this.#bounds.firstRow, Math.min(this.#bounds.endRow - 1, row));
  }

  #select(rows: View): void {
    this.#stopFollowing();
    this.#rest();
    const view = snapped(rows, this.#pixels);
    this.#page.go({ view: viewText(view), selection: viewText(rows), follow: null });
  }

  #centre(middle: number): void {
    const half = (this.#view.to - this.#view.from) / 2;
    this.#move(clamped({ from: middle - half, to: middle + half }, this.#bounds));
  }

  /** The user moves the view: what follows new rows stops, and the address follows when it rests. */
  #move(view: View): void {
    this.#stopFollowing();
    this.#setView(view);
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#rest(), restMilliseconds);
  }

  /** The address says where the view is, which has been moved. */
  #rest(): void {
    if (this.#restTimer === undefined) return;
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    this.#page.go({ view: viewText(this.#view) }, "replace");
  }

  #setView(view: View): void {
    this.#view = snapped(view, this.#pixels);
    this.#draw();
  }

  #stopFollowing(): void {
    if (this.#mode !== "off") this.#setMode("off");
  }

  #setMode(mode: FollowMode): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    this.#mode = mode;
    this.#page.go({ follow: mode === "off" ? null : mode, view: viewText(this.#view) }, "replace");
    if (mode !== "off") this.#setView(followed(this.#view, mode, this.#bounds));
  }

  #hear({ firstRow, endRow }: LiveEvent): void {
    const before = this.#bounds;
    if (firstRow === before.firstRow && endRow === before.endRow) return;
    // Only now it is known which fields are lists.
    if (before.endRow === 0) return this.#onFirstRows();
    const whole = wholeOf(before);
    // Who sees all rows sees the new ones too.
    const sawAll = this.#mode === "off" && this.#page.state.view === undefined &&
      this.#view.from === whole.from &&
      this.#view.to === whole.to && this.#restTimer === undefined;
    this.#bounds = { firstRow, endRow };
    this.#setView(sawAll ? wholeOf(this.#bounds) : followed(this.#view, this.#mode, this.#bounds));
  }

  get #pixels(): number {
    return this.#fields[0]?.pixels ?? 1;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#charts;
    const count = this.#fields.length;
    if (count === 0 || clientWidth < 2 * gutterPixels) return;
    const legend = 22;
    const height = Math.max(chartHeightMin, Math.floor((clientHeight - rowAxisPixels) / count) - legend);
    const width = wholeWidth(clientWidth, devicePixelRatio);
    this.#fields.forEach((chart, at) => chart.resize(width, height + (at === count - 1 ? rowAxisPixels : 0)));
    this.#setView(this.#view);
  }

  /** Asks for what the view needs, and draws what is there: at most once a frame. */
  #draw(): void {
    if (this.#frame !== 0) return;
    // At once: an answer may be there with the next frame.
    this.#ask();
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#ask();
      this.#drawNow();
    });
  }

  get #isEmpty(): boolean {
    return this.#series.length === 0 || this.#bounds.endRow === this.#bounds.firstRow;
  }

  #drawNow(): void {
    if (this.#isEmpty) {
      say(this.#range, this.#series.length === 0 ? "Tick what is to be shown" : "No rows yet");
      return;
    }
    const drawing = { view: this.#view, detail: this.#detail, whole: this.#whole };
    for (const chart of this.#fields) chart.draw(drawing);
    this.#selection.mark(this.#fields.map(({ over }) => over), this.#view);
    const { from, to } = this.#view;
    say(
      this.#range,
      `Rows ${grouped(Math.ceil(from))} to ${grouped(Math.ceil(to) - 1)} of ${grouped(this.#bounds.endRow)}`,
    );
    this.#minimap.draw(this.#bounds, this.#whole, this.#lines);
    this.#minimap.show(this.#view);
    this.#showUnknown();
  }

  #ask(): void {
    if (this.#isEmpty) return;
    const asked = askedFor(this.#view, this.#pixels, this.#bounds);
    this.#loader.want(this.#series, asked, this.#bounds, this.#mode !== "off");
    this.#askWhole();
  }

  /** Also for the minimap, and for what a view shows until its own answer is there; not at every moment. */
  #askWhole(): void {
    const asked = askedFor(wholeOf(this.#bounds), this.#pixels, this.#bounds);
    if (answers(this.#whole, asked)) return;
    const wait = this.#wholeAt + wholeMilliseconds - performance.now();
    if (wait > 0) {
      clearTimeout(this.#wholeTimer);
      this.#wholeTimer = setTimeout(() => this.#draw(), wait);
      return;
    }
    this.#wholeAt = performance.now();
    this.#wholeLoader.want(this.#series, asked, this.#bounds, true);
  }

  #take(answer: { readonly detail?: Detail; readonly whole?: Detail }): void {
    this.#detail = answer.detail ?? this.#detail;
    this.#whole = answer.whole ?? this.#whole;
    this.#draw();
  }

  /** Hatches what is still being looked at, and says in the page when all is as it will be. */
  #showUnknown(): void {
    const part = unknownPart(this.#detail, this.#view);
    this.#charts.style.setProperty("--unknown", String(part));
    this.#charts.classList.toggle("looking", part > 0);
    const isFresh = answers(this.#detail, askedFor(this.#view, this.#pixels, this.#bounds));
    this.#charts.dataset.fresh = String(isFresh);
  }
}
