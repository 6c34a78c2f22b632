/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Links from a screen to rows in another. */
import { element } from "./element.ts";
import { addressOfState, changed } from "./state.ts";
import type { Page } from "./screen.ts";

/** The rows around, so that what is looked for does not fill the chart. */
const aroundPart = 0.5;

type Change = Readonly<Record<string, string | null>>;

/** The stream at rows `[from, to)`, which are selected there. */
export function streamAt(from: number, to: number): Change {
  const around = Math.max(1, (to - from) * aroundPart);
  return {
    screen: "stream",
    view: `${Math.max(0, Math.floor(from - around))}:${Math.ceil(to + around)}`,
    selection: `${from}:${to}`,
    row: null,
    follow: null,
  };
}

export function tableAt(row: number): Change {
  return { screen: "table", row: String(row), follow: null };
}

/** A link to another state of the page: it is an address too, for a tab of its own. */
export function stateLink(page: Page, text: string, title: string, change: Change): HTMLAnchorElement {
  const link = element("a", "", text);
  link.href = addressOfState(changed(page.state, change));
  link.title = title;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    page.go(change);
  });
  return link;
}
