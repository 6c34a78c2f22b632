/** `/api/statistics`: what the values of a series are like, and which rows are extreme. */
import { elementOf } from "../episodes/element.ts";
import { Parameters } from "../parameters.ts";
import type { StatisticsAnswer, StatisticsBin } from "../protocol.ts";
import { json, type Route } from "../route.ts";
import { Extremes, Histogram, Moments, Sketch } from "../statistics/sketch.ts";
import { eachValue } from "../statistics/values.ts";

const rowsMax = 20_000_000;
const binsByDefault = 60;
const binsMax = 500;
const extremesMax = 10;
const quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

export const statisticsRoute: Route = {
  path: "/api/statistics",
  async answer(question) {
    const { signal } = question;
    const query = new Parameters(question, "tell statistics", ["store", "series", "from", "to", "bins"]);
    const store = query.store(question);
    const element = elementOf(query, "series", store);
    const bins = query.wholeOr("bins", binsByDefault, 1, binsMax);
    const { firstRow, rowCount } = store;
    const to = query.wholeOr("to", rowCount, firstRow, rowCount);
    const from = query.wholeOr(
      "from",
      Math.max(firstRow, to - rowsMax),
      Math.max(firstRow, to - rowsMax),
      to,
    );
    const sketch = new Sketch();
    const [least, greatest] = [new Extremes(-1, extremesMax), new Extremes(1, extremesMax)];
    const missing = await eachValue(store, element, [from, to], signal, (value, row) => {
      sketch.add(value);
      least.add(value, row);
      greatest.add(value, row);
    });
    const { min, max, isWhole, count } = sketch;
    const isEmpty = count === 0;
    const histogram = isEmpty ? null : new Histogram(min, max, isWhole, bins);
    const moments = new Moments(isEmpty ? 1 : Math.max(-min, max));
    if (!isEmpty) {
      await eachValue(store, element, [from, to], signal, (value, row) => {
        histogram!.add(value, row);
        moments.add(value);
      });
    }
    const stats = sketch.stats(to - from, missing, moments);
    const answer: StatisticsAnswer = {
      series: query.text("series"),
      from,
      to,
      count,
      missing,
      notFinite: sketch.notFinite,
      mean: isEmpty ? null : stats.mean,
      deviation: isEmpty ? null : stats.standardDeviation,
      quantiles: isEmpty ? [] : quantiles.map((at) => ({ at, value: stats.quantile(at) })),
      bins: histogram === null ? [] : binsOf(histogram),
      least: least.found,
      greatest: greatest.found,
    };
    return json(answer);
  },
};

function binsOf(histogram: Histogram): StatisticsBin[] {
  return Array.from(histogram.counts, (count, bin) => ({
    from: histogram.edge(bin),
    to: histogram.edge(bin + 1),
    count,
    row: count === 0 ? null : histogram.firstRows[bin],
  }));
}
