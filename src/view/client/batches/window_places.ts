/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Where the windows of a batch lie in the stream: a mark each on a bar of all rows, and a link. */
import type { BatchAnswer } from "../../protocol.ts";
import { element } from "../element.ts";
import { stateLink, streamAt } from "../links.ts";
import type { Page } from "../screen.ts";
import { grouped } from "../text.ts";

export function windowPlaces(page: Page, { windows, storeRows: [from, to] }: BatchAnswer): HTMLElement {
  const bar = element("div", "window-bar");
  const links = element("div", "window-links");
  windows.forEach(({ firstRow, endRow }, window) => {
    const rows = endRow - firstRow === 1
      ? `row ${grouped(firstRow)}`
      : `rows ${grouped(firstRow)} to ${grouped(endRow - 1)}`;
    const title = `window ${window}: ${rows}`;
    const mark = stateLink(page, "", title, streamAt(firstRow, endRow));
    mark.style.left = `${100 * (firstRow - from) / Math.max(1, to - from)}%`;
    mark.style.width = `${100 * (endRow - firstRow) / Math.max(1, to - from)}%`;
    mark.tabIndex = -1;
    bar.append(mark);
    links.append(
      stateLink(page, `${window}: ${rows}`, `${title}, in the stream`, streamAt(firstRow, endRow)),
    );
  });
  const ends = element(
    "div",
    "window-ends",
    element("span", "", `row ${grouped(from)}`),
    element("span", "", `${grouped(to)}`),
  );
  return element("section", "window-places", bar, ends, links);
}
