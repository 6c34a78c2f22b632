/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** How many values lie where: a bar for each bin, which leads to the first row whose value lies in it. */
import type { StatisticsAnswer, StatisticsBin } from "../../protocol.ts";
import { element } from "../element.ts";
import { stateLink, streamAt } from "../links.ts";
import type { Page } from "../screen.ts";
import { grouped, numberText } from "../text.ts";

/** The part of the whole height that a bar has: so high that one value is seen, where there is one. */
export function heightOf(count: number, most: number, isLogarithmic: boolean): number {
  if (count === 0) return 0;
  const part = isLogarithmic ? Math.log1p(count) / Math.log1p(most) : count / most;
  return Math.max(0.01, part);
}

/** Where a value stands among the bins, as a part of their width. */
export function placeOf(bins: readonly StatisticsBin[], value: number): number {
  const bin = Math.max(0, bins.findIndex(({ to }, i) => value < to || i === bins.length - 1));
  const { from, to } = bins[bin];
  const inside = to === from ? 0.5 : Math.min(1, Math.max(0, (value / 2 - from / 2) / (to / 2 - from / 2)));
  return (bin + inside) / bins.length;
}

export function histogram(page: Page, answer: StatisticsAnswer, isLogarithmic: boolean): HTMLElement {
  const { bins, quantiles } = answer;
  const most = bins.reduce((most, { count }) => Math.max(most, count), 1);
  const bars = bins.map((bin) => {
    const title = `${numberText(bin.from)} to ${numberText(bin.to)}: ${grouped(bin.count)} values`;
    if (bin.row === null) {
      const none = element("i");
      none.title = title;
      return none;
    }
    const bar = stateLink(page, "", `${title}; the first in row ${grouped(bin.row)}`, {
      ...streamAt(bin.row, bin.row + 1),
      row: String(bin.row),
    });
    const filled = element("i");
    filled.style.height = `${100 * heightOf(bin.count, most, isLogarithmic)}%`;
    bar.append(filled);
    bar.dataset.count = String(bin.count);
    bar.dataset.row = String(bin.row);
    return bar;
  });
  const marks = quantiles.map(({ at, value }) => {
    const mark = element("b", "quantile");
    mark.style.left = `${100 * placeOf(bins, value)}%`;
    mark.title = `${100 * at} % of the values are below ${numberText(value)}`;
    return mark;
  });
  const ends = element(
    "div",
    "histogram-ends",
    element("span", "", numberText(bins[0].from)),
    element("span", "", `${grouped(most)} at most`),
    element("span", "", numberText(bins[bins.length - 1].to)),
  );
  return element("section", "histogram", element("div", "bars", ...bars, ...marks), ends);
}
