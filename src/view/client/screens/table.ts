/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The table: all rows, typed, with what stands beside them. */
import type { LiveEvent, Overview, RowsAnswer } from "../../protocol.ts";
import { button, element, say } from "../element.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { joinNames, splitNames } from "../stream/series_names.ts";
import { clamped, parseRow, viewText } from "../stream/view_range.ts";
import { Jump } from "../table/jump.ts";
import { RowBlocks } from "../table/row_blocks.ts";
import { type GridColumn, RowGrid } from "../table/row_grid.ts";
import { grouped } from "../text.ts";

export const table: Screen = {
  name: "table",
  title: "Table",
  keys: [
    ["↑ ↓ Page Up Page Down Home End", "chooses another row"],
    ["← →", "other columns"],
    ["g", "goes to a row, a step or an episode"],
    ["s", "the chosen row in the stream"],
    ["f", "stays at the newest rows"],
  ],
  open: (host, page) => new TableScreen(host, page),
};

/** Rows around the chosen one in the stream. */
const streamRows = 200;

class TableScreen implements OpenScreen {
  #table: RowTable | null = null;
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    void this.#start(host, page);
  }

  async #start(host: HTMLElement, page: Page): Promise<void> {
    try {
      const overview = await page.ask<Overview>("/api/overview", { store: page.state.store ?? "0" });
      if (!this.#isClosed) this.#table = new RowTable(host, page, overview);
    } catch (error) {
      if (!this.#isClosed) host.append(element("p", "error", (error as Error).message));
    }
  }

  update(state: PageState): void {
    this.#table?.update(state);
  }

  key(event: KeyboardEvent): boolean {
    return this.#table?.key(event) ?? false;
  }

  close(): void {
    this.#isClosed = true;
    this.#table?.close();
  }
}

class RowTable {
  readonly #page: Page;
  readonly #all: readonly GridColumn[];
  readonly #blocks: RowBlocks;
  readonly #grid: RowGrid;
  readonly #jump: Jump;
  readonly #follow: HTMLButtonElement;
  readonly #count = element("output", "range");
  readonly #boxes = new Map<string, HTMLInputElement>();
  readonly #unlisten: () => void;
  #firstRow: number;
  #endRow: number;
  #row: number | null = null;
  #columns = "";

  constructor(host: HTMLElement, page: Page, overview: Overview) {
    this.#page = page;
    const store = page.state.store ?? "0";
    [this.#firstRow, this.#endRow] = [overview.firstRow, overview.endRow];
    this.#all = [
      ...overview.fields.map(({ name, dtype }) => ({ name, dtype })),
      ...overview.extras.map(({ name }) => ({ name, dtype: undefined })),
    ];
    this.#jump = new Jump(page, store, overview, (row) => this.#choose(row, "push"));
    this.#follow = button("Follow", "stays at the newest rows (f)", () => this.#switchFollow());
    const body = element("div", "table-screen");
    body.append(
      element(
        "div",
        "bar",
        this.#jump.host,
        this.#count,
        element("span", "space"),
        this.#follow,
        this.#choice(),
      ),
    );
    this.#grid = new RowGrid(body, store, {
      seen: (from, to) => {
        this.#blocks.want(from, to);
        say(this.#count, `Rows ${grouped(from)} to ${grouped(to - 1)} of ${grouped(this.#endRow)}`);
      },
      choose: (row) => this.#choose(row),
      open: (row) => this.#openStream(row),
    });
    this.#blocks = new RowBlocks(page, store, [], (answer) => this.#take(answer));
    host.append(body);
    this.update(page.state);
    this.#grid.host.focus();
    this.#unlisten = page.onLive((event) => this.#hear(event));
  }

  update(state: PageState): void {
    const names = state.columns === undefined ? this.#all.map(({ name }) => name) : splitNames(state.columns);
    this.#showColumns(this.#all.filter(({ name }) => names.includes(name)));
    const isFollowing = state.follow !== undefined;
    this.#follow.setAttribute("aria-pressed", String(isFollowing));
    this.#grid.sticksToEnd = isFollowing;
    const row = parseRow(state.row);
    if (row !== this.#row) this.#grid.choose(row);
    this.#row = row;
    if (isFollowing && row === null) this.#grid.toEnd();
  }

  close(): void {
    this.#unlisten();
    this.#grid.close();
  }

  key({ key }: KeyboardEvent): boolean {
    const room = this.#grid.roomRows;
    const at = this.#row ?? this.#firstRow - 1;
    const rows: Record<string, number> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - room,
      PageDown: at + room,
      Home: this.#firstRow,
      End: this.#endRow - 1,
    };
    const others: Record<string, () => void> = {
      ArrowLeft: () => this.#grid.host.scrollBy({ left: -120 }),
      ArrowRight: () => this.#grid.host.scrollBy({ left: 120 }),
      g: () => this.#jump.input.focus(),
      s: () => this.#row !== null && this.#openStream(this.#row),
      f: () => this.#switchFollow(),
      Escape: () => this.#page.go({ row: null }, "replace"),
    };
    if (rows[key] !== undefined) this.#choose(rows[key]);
    else if (others[key] !== undefined) others[key]();
    else return false;
    return true;
  }

  #choice(): HTMLElement {
    const list = element("details", "choice", element("summary", "", "Columns"));
    for (const { name } of this.#all) {
      const box = element("input");
      box.type = "checkbox";
      box.addEventListener("change", () => this.#changeColumns());
      this.#boxes.set(name, box);
      list.append(element("label", "", box, name));
    }
    return list;
  }

  #changeColumns(): void {
    const names = [...this.#boxes].filter(([, box]) => box.checked).map(([name]) => name);
    this.#page.go({ columns: names.length === this.#all.length ? null : joinNames(names) }, "replace");
  }

  #showColumns(columns: readonly GridColumn[]): void {
    const names = columns.map(({ name }) => name);
    for (const [name, box] of this.#boxes) box.checked = names.includes(name);
    if (names.join("\n") === this.#columns && this.#columns !== "") return;
    this.#columns = names.join("\n");
    this.#blocks.show(names);
    this.#grid.show(columns, (row) => this.#blocks.get(row));
    this.#grid.setRows(this.#firstRow, this.#endRow);
  }

  #take({ rows }: RowsAnswer): void {
    this.#grid.fit(rows);
    this.#grid.draw();
  }

  #choose(row: number, how: "push" | "replace" = "replace"): void {
    if (this.#endRow === this.#firstRow) return;
    const chosen = Math.max(this.#firstRow, Math.min(this.#endRow - 1, row));
    this.#page.go({ row: String(chosen), follow: null }, how);
    this.#grid.host.focus();
  }

  #switchFollow(): void {
    const isFollowing = this.#page.state.follow !== undefined;
    this.#page.go({ follow: isFollowing ? null : "follow", row: null }, "replace");
  }

  #openStream(row: number): void {
    const rows = { from: row - streamRows / 2, to: row + streamRows / 2 };
    const view = clamped(rows, { firstRow: this.#firstRow, endRow: this.#endRow });
    this.#page.go({ screen: "stream", row: String(row), view: viewText(view), follow: null });
  }

  #hear({ firstRow, endRow }: LiveEvent): void {
    if (firstRow === this.#firstRow && endRow === this.#endRow) return;
    this.#blocks.changedFrom(this.#endRow - 1);
    [this.#firstRow, this.#endRow] = [firstRow, endRow];
    this.#grid.setRows(firstRow, endRow);
  }
}
