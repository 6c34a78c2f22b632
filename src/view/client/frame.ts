/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What stands around a screen: the stores, the screens, how the store and the server stand, messages and keys. */
import type { LiveEvent, StoreSummary } from "../protocol.ts";
import { button, element, say } from "./element.ts";
import type { Connection } from "./live.ts";
import type { Page, Screen } from "./screen.ts";
import { screens } from "./screens.ts";
import { grouped } from "./text.ts";
import { currentTheme, switchTheme } from "./theme.ts";

const themeTexts = { system: "◐ System", light: "○ Light", dark: "● Dark" };

export class Frame {
  readonly #page: Page;
  readonly #tabs: readonly HTMLAnchorElement[];
  readonly #stores: HTMLSelectElement;
  readonly #rows = element("span", "rows");
  readonly #live = element("span", "live");
  readonly #bannerText = element("span");
  readonly #banner = element("div", "banner", this.#bannerText);
  readonly #host = element("main");
  readonly #message = element("footer");
  readonly #keys: HTMLDialogElement;
  readonly #dismiss = button("×", "hides this", () => {
    this.#isOther = false;
    this.#showBanner();
  });
  #connection: Connection = "connecting";
  #event: LiveEvent | null = null;
  /** Another store stands in the place of the one that the page was opened with. */
  #isOther = false;

  constructor(stores: readonly StoreSummary[], page: Page) {
    this.#page = page;
    this.#tabs = screens.map((screen, at) => this.#tab(screen, at));
    this.#stores = storeSelect(stores, (store) => page.go({ store, from: null, to: null, row: null }));
    this.#keys = keysDialog();
    const theme = button(themeTexts[currentTheme()], "light, dark, or as the system is (t)", () => {
      say(theme, themeTexts[switchTheme()]);
    });
    theme.id = "theme";
    const keys = button("?", "keys (?)", () => this.#keys.showModal());
    this.#banner.append(this.#dismiss);
    this.#banner.hidden = true;
    for (const part of [this.#banner, this.#live, this.#message]) part.setAttribute("role", "status");
    document.body.append(
      element(
        "header",
        "",
        element("b", "", "StreamStore"),
        this.#stores,
        element("nav", "", ...this.#tabs),
        element("span", "space"),
        this.#rows,
        this.#live,
        theme,
        keys,
      ),
      this.#banner,
      this.#host,
      this.#message,
      this.#keys,
    );
  }

  #tab(screen: Screen, at: number): HTMLAnchorElement {
    const tab = element("a", "", screen.title);
    tab.href = `/?screen=${screen.name}`;
    tab.title = `${screen.title} (${at + 1})`;
    tab.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#page.go({ screen: screen.name });
    });
    return tab;
  }

  /** An empty place for a screen. */
  emptyHost(): HTMLElement {
    this.#host.replaceChildren();
    return this.#host;
  }

  show(screen: Screen, store: number): void {
    screens.forEach((one, at) => {
      if (one === screen) this.#tabs[at].setAttribute("aria-current", "page");
      else this.#tabs[at].removeAttribute("aria-current");
    });
    if (this.#stores.value !== String(store)) this.#isOther = false;
    this.#stores.value = String(store);
    this.#host.dataset.screen = screen.name;
    document.title = `${this.#stores.selectedOptions[0]?.textContent ?? ""} · ${screen.title} · StreamStore`;
  }

  showLive(event: LiveEvent, isOther: boolean): void {
    this.#event = event;
    this.#isOther ||= isOther;
    const { endRow, firstRow, writer } = event;
    say(this.#rows, `${grouped(endRow - firstRow)} rows`);
    this.#rows.title = writer === null ? "nobody writes" : `process ${writer.processId ?? "unknown"} writes`;
    this.#showBanner();
  }

  showConnection(connection: Connection, seconds?: number): void {
    this.#connection = connection;
    const texts: Record<Connection, string> = {
      connecting: "connecting",
      open: "live",
      hidden: "paused",
      lost: `lost, next try in ${seconds} s`,
      ended: "ended",
    };
    say(this.#live, texts[connection]);
    this.#live.dataset.state = connection;
    this.#showBanner();
  }

  /** The worst that is to be said of the server or the store. */
  #showBanner(): void {
    const text = this.#worst();
    say(this.#bannerText, text);
    this.#banner.hidden = text === "";
    this.#dismiss.hidden = !text.startsWith("Another store");
  }

  #worst(): string {
    if (this.#connection === "ended") {
      return "The server knows this page no longer: open the address that it prints";
    }
    if (this.#connection === "lost") return "The server does not answer: is streamstore view still running?";
    const { state, reason } = this.#event ?? {};
    if (state === "deleted") {
      return `${reason ?? "The store was deleted"}. What stands in its place will be shown`;
    }
    if (state === "failed") return reason ?? "The store cannot be read";
    if (this.#isOther) {
      return "Another store stands in this place now, and is shown from its first row";
    }
    return "";
  }

  say(message: string): void {
    say(this.#message, message);
  }

  /** The page's own keys. */
  key(event: KeyboardEvent): boolean {
    const screen = screens[Number(event.key) - 1];
    if (screen !== undefined) this.#page.go({ screen: screen.name });
    else if (event.key === "?") this.#keys.showModal();
    else if (event.key === "t") document.getElementById("theme")!.click();
    else return false;
    return true;
  }
}

function storeSelect(stores: readonly StoreSummary[], onChange: (store: string) => void): HTMLSelectElement {
  const select = element("select");
  select.title = "store";
  for (const { store, name, path } of stores) {
    const option = element("option", "", name);
    option.value = String(store);
    option.title = path;
    select.append(option);
  }
  select.addEventListener("change", () => onChange(select.value));
  return select;
}

function keysDialog(): HTMLDialogElement {
  const keys = [
    ...screens.map(({ title }, at) => [String(at + 1), title]),
    ["t", "light, dark, or as the system is"],
    ["?", "these keys"],
    ["Escape", "closes this"],
    ...screens.flatMap(({ title, keys = [] }) => keys.map(([key, what]) => [key, `${title}: ${what}`])),
  ];
  const dialog = element("dialog", "keys", element("h2", "", "Keys"));
  const list = element("dl");
  for (const [key, what] of keys) list.append(element("dt", "", key), element("dd", "", what));
  dialog.append(list);
  dialog.addEventListener("click", () => dialog.close());
  return dialog;
}
