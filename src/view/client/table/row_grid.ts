/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The rows that are seen, of as many as there are: a bar to scroll by, and only so many elements as have room. */
import type { TableRow } from "../../protocol.ts";
import { element, say } from "../element.ts";
import { valueElement } from "../row_values.ts";
import { grown, titleWidth } from "./column_widths.ts";
import { ScrollScale } from "./scroll_scale.ts";

export interface GridColumn {
  readonly name: string;
  readonly dtype: string | undefined;
}

export interface GridEvents {
  /** Rows `[from, to)` are seen. */
  seen(from: number, to: number): void;
  choose(row: number): void;
  /** The row's own link was used. */
  open(row: number): void;
}

/** CSS pixels; of a table with pictures the second. */
const rowHeights = [26, 60] as const;
const headHeight = 28;

interface Line {
  readonly host: HTMLTableRowElement;
  row: number;
  content: TableRow | undefined;
}

export class RowGrid {
  readonly host = element("div", "grid");
  readonly #events: GridEvents;
  readonly #store: string;
  readonly #spacer = element("div", "spacer");
  readonly #window = element("div", "window");
  readonly #table = element("table");
  readonly #columnElements = element("colgroup");
  readonly #head = element("tr");
  readonly #body = element("tbody");
  readonly #observer: ResizeObserver;
  #columns: readonly GridColumn[] = [];
  #widths: number[] = [];
  #lines: Line[] = [];
  #get: (row: number) => TableRow | undefined = () => undefined;
  #firstRow = 0;
  #endRow = 0;
  /** The row at the top, from `firstRow`, with a part. */
  #top = 0;
  #rowHeight: number = rowHeights[0];
  #chosen: number | null = null;
  #scale = new ScrollScale(0, rowHeights[0], 0);

  constructor(parent: HTMLElement, store: string, events: GridEvents) {
    this.#events = events;
    this.#store = store;
    this.host.tabIndex = 0;
    this.#table.append(this.#columnElements, element("thead", "", this.#head), this.#body);
    this.#window.append(this.#table);
    this.#spacer.append(this.#window);
    this.host.append(this.#spacer);
    parent.append(this.host);
    this.host.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.host.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#observer = new ResizeObserver(() => this.#measure());
    this.#observer.observe(this.host);
  }

  close(): void {
    this.#observer.disconnect();
  }

  show(columns: readonly GridColumn[], get: (row: number) => TableRow | undefined): void {
    this.#columns = columns;
    this.#get = get;
    this.#widths = ["row", "step", ...columns.map(({ name }) => name)].map(titleWidth);
    this.#head.replaceChildren(
      ...["row", "step", ...columns.map(({ name }) => name)].map((name) => {
        const title = element("th", "", name);
        title.title = name;
        return title;
      }),
    );
    this.#lines = [];
    this.#body.replaceChildren();
    this.#widen();
    this.#measure();
  }

  /** The rows that the store has. */
  setRows(firstRow: number, endRow: number): void {
    const isAtEnd = this.isAtEnd;
    // What is seen stays, while the head is dropped.
    this.#top = Math.max(0, this.#top - (firstRow - this.#firstRow));
    [this.#firstRow, this.#endRow] = [firstRow, endRow];
    const digits = titleWidth(String(endRow));
    this.#widths[0] = Math.max(this.#widths[0] ?? 0, digits);
    this.#measure();
    if (isAtEnd && this.sticksToEnd) this.#moveTo(this.#scale.lastTop);
  }

  /** New rows at the end push the others up. */
  sticksToEnd = false;

  get isAtEnd(): boolean {
    return this.#top >= this.#scale.lastTop - 1;
  }

  /** How many rows have room. */
  get roomRows(): number {
    return Math.max(1, Math.floor((this.host.clientHeight - headHeight) / this.#rowHeight));
  }

  toEnd(): void {
    this.#moveTo(this.#scale.lastTop);
  }

  /** Marks a row, and has it seen: as near as possible to where the view is, or in its midst. */
  choose(row: number | null): void {
    this.#chosen = row;
    if (row !== null) {
      const at = row - this.#firstRow;
      const room = (this.host.clientHeight - headHeight) / this.#rowHeight;
      const isNear = at > this.#top - 2 && at < this.#top + room + 1;
      if (!isNear) this.#moveTo(Math.floor(at - room / 2));
      else if (at < this.#top) this.#moveTo(at);
      else if (at + 1 > this.#top + room) this.#moveTo(at + 1 - room);
    }
    this.draw();
  }

  /** Rows have come. */
  draw(): void {
    const from = this.#firstRow + Math.floor(this.#top);
    const count = Math.min(
      this.#endRow - from,
      Math.ceil((this.host.clientHeight - headHeight) / this.#rowHeight) + 1,
    );
    while (this.#lines.length < count) this.#lines.push(this.#newLine());
    this.#lines.forEach((line, i) => this.#fill(line, i < count ? from + i : null));
    this.#body.style.transform = `translateY(${-(this.#top % 1) * this.#rowHeight}px)`;
    if (count > 0) this.#events.seen(from, from + count);
  }

  #newLine(): Line {
    const host = element("tr");
    const line: Line = { host, row: -1, content: undefined };
    host.addEventListener("click", (event) => {
      if (!(event.target instanceof HTMLAnchorElement || event.target instanceof HTMLImageElement)) {
        this.#events.choose(line.row);
      }
    });
    this.#body.append(host);
    return line;
  }

  #fill(line: Line, row: number | null): void {
    line.host.hidden = row === null;
    if (row === null) return;
    const content = this.#get(row);
    line.host.classList.toggle("chosen", row === this.#chosen);
    line.host.style.height = `${this.#rowHeight}px`;
    if (line.row === row && line.content === content && line.host.childElementCount > 0) return;
    [line.row, line.content] = [row, content];
    line.host.dataset.row = String(row);
    line.host.replaceChildren(this.#rowLink(row), ...this.#cells(row, content));
  }

  #rowLink(row: number): HTMLElement {
    const link = element("a", "", String(row));
    link.href = "#";
    link.title = "this row in the stream (s)";
    link.tabIndex = -1;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#events.open(row);
    });
    return element("th", "", link);
  }

  #cells(row: number, content: TableRow | undefined): HTMLElement[] {
    if (content === undefined) return [];
    if (content.error !== undefined) {
      const cell = element("td", "error", content.error);
      cell.colSpan = this.#columns.length + 1;
      return [cell];
    }
    const step = element("td", "number", String(content.step));
    return [
      step,
      ...this.#columns.map(({ name, dtype }, at) => {
        const value = valueElement(content.values[at], { store: this.#store, row, name, dtype });
        const cell = element("td", value.className, value);
        if (value.tagName === "SPAN") cell.title = value.textContent ?? "";
        return cell;
      }),
    ];
  }

  /** Columns as wide as these rows need, and rows as high as pictures need. */
  fit(rows: readonly TableRow[]): void {
    const dtypes = [undefined, undefined, ...this.#columns.map(({ dtype }) => dtype)];
    for (const { row, step, values, error } of rows.slice(0, 100)) {
      if (error === undefined) this.#widths = grown(this.#widths, [row, step, ...values], dtypes);
    }
    this.#widen();
    const hasPicture = rows.some(({ values }) =>
      values.some((value) => value !== null && typeof value === "object" && "image" in value && value.image)
    );
    if (!hasPicture || this.#rowHeight === rowHeights[1]) return;
    this.#rowHeight = rowHeights[1];
    this.host.classList.add("pictures");
    this.#measure();
    this.choose(this.#chosen);
  }

  #widen(): void {
    this.#columnElements.replaceChildren(...this.#widths.map((width) => {
      const column = element("col");
      column.style.width = `${width}ch`;
      return column;
    }));
    const width = `${this.#widths.reduce((sum, each) => sum + each, 0)}ch`;
    this.#table.style.width = width;
    this.#spacer.style.minWidth = width;
  }

  #measure(): void {
    const room = Math.max(0, this.host.clientHeight - headHeight);
    this.#scale = new ScrollScale(this.#endRow - this.#firstRow, this.#rowHeight, room);
    this.#spacer.style.height = `${this.#scale.height + headHeight}px`;
    this.#window.style.height = `${room + headHeight}px`;
    say(this.#head.cells[0] ?? this.#head, "row");
    this.#moveTo(this.#top);
  }

  #moveTo(top: number): void {
    this.#top = Math.min(this.#scale.lastTop, Math.max(0, top));
    const scrolled = Math.round(this.#scale.scrolledOf(this.#top));
    // What the bar then says is not the user's.
    if (Math.abs(scrolled - this.host.scrollTop) >= 1) {
      this.#ownScroll = scrolled;
      this.host.scrollTop = scrolled;
    }
    this.draw();
  }

  #ownScroll = -1;

  #scrolled(): void {
    const { scrollTop } = this.host;
    if (Math.abs(scrollTop - this.#ownScroll) < 2) return;
    this.#ownScroll = -1;
    this.#top = this.#scale.topOf(scrollTop);
    this.draw();
  }

  /** A pixel of a bar that stands for many rows would jump over them. */
  #wheel(event: WheelEvent): void {
    if (!this.#scale.isShort || event.deltaY === 0 || event.ctrlKey) return;
    event.preventDefault();
    const rows =
      [event.deltaY / this.#rowHeight, event.deltaY, event.deltaY * this.roomRows][event.deltaMode] ?? 0;
    this.#moveTo(this.#top + rows);
  }
}
