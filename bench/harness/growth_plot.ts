/** How cost grew, as a picture: by rows on the left, by stores on the right, each beside a line that is flat. */
import * as echarts from "echarts";
import { shortCount } from "./growth.ts";
import type { Growth, Measurement } from "./measurement.ts";
import type { Results } from "./report.ts";

const [width, height, panelTop, panelHeight, legendTop, margin] = [1000, 640, 75, 295, 420, 60];
const panelWidth = width / 2 - 2 * margin;
/** Legible on the white on which all is drawn, whatever page it stands on, and told apart by the colour-blind. */
const colours = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#a6761d",
  "#56b4e9",
  "#7b4ea3",
  "#e69f00",
  "#444444",
  "#c0392b",
  "#6aa121",
];
const symbols = ["circle", "rect", "triangle", "diamond"];
const text = { color: "#24292f", fontFamily: "system-ui, sans-serif", fontSize: 13 } as const;
const grey = "#8c959f";

/** The SVG of one runtime's results. */
export function growthPlot({ runtime, version, measurements }: Results): string {
  const panels = (["rows", "stores"] as const)
    .map((by) => ({ by, found: measurements.filter(({ growth }) => growth?.by === by) }))
    .filter(({ found }) => found.length > 0);
  if (panels.length === 0) throw new Error(`Cannot draw: ${runtime} has no results of how cost grows`);
  const ratios = panels.flatMap(({ found }) => found.map(({ ratio }) => ratio!));
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: text,
    color: colours,
    title: {
      text: "How cost grows",
      subtext: `× the cost at the smallest size; ${runtime} ${version}`,
      left: margin,
      top: 8,
      textStyle: { ...text, fontSize: 16 },
      subtextStyle: text,
    },
    grid: panels.map((_, i) => ({ left: leftOf(i), top: panelTop, width: panelWidth, height: panelHeight })),
    xAxis: panels.map(({ by }, gridIndex) => ({
      gridIndex,
      type: "log",
      name: by,
      nameLocation: "middle",
      nameGap: 28,
      min: "dataMin",
      max: "dataMax",
      axisLabel: { ...text, formatter: shortCount },
      splitLine: { show: false },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "log",
      logBase: 2,
      min: 2 ** Math.floor(Math.log2(Math.min(0.5, ...ratios))),
      max: 2 ** Math.ceil(Math.log2(Math.max(4, ...ratios))),
      axisLabel: { ...text, formatter: "× {value}" },
      splitLine: { lineStyle: { color: "#eaeef2" } },
    })),
    legend: panels.map(({ found }, i) => ({
      data: namesOf(found).map((name) => keyOf(name, i)),
      formatter: (key: string) => key.slice(0, key.lastIndexOf("\n")),
      orient: "vertical",
      left: leftOf(i) - 10,
      top: legendTop,
      itemGap: 3,
      textStyle: text,
    })),
    series: panels.flatMap(({ by, found }, i) => [flatLine(by, found, i), ...linesOf(found, i)]),
  });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  return `${svg}\n`;
}

const leftOf = (panel: number): number => margin + panel * width / 2;
const namesOf = (
  found: readonly Measurement[],
): string[] => [...new Set(found.map(({ growth }) => growth!.what))];
/** What of one panel has the name of something in the other is another line. */
const keyOf = (name: string, panel: number): string => `${name}\n${panel}`;

function linesOf(found: readonly Measurement[], panel: number) {
  return namesOf(found).map((name, i) => ({
    type: "line" as const,
    name: keyOf(name, panel),
    xAxisIndex: panel,
    yAxisIndex: panel,
    color: colours[i % colours.length],
    symbol: symbols[i % symbols.length],
    symbolSize: 7,
    data: found.filter(({ growth }) => growth!.what === name).map((
      { growth, ratio },
    ) => [growth!.count, ratio!]),
  }));
}

function flatLine(by: Growth["by"], found: readonly Measurement[], panel: number) {
  const counts = found.map(({ growth }) => growth!.count);
  return {
    type: "line" as const,
    name: `flat by ${by}`,
    xAxisIndex: panel,
    yAxisIndex: panel,
    symbol: "none",
    lineStyle: { color: grey, width: 6, opacity: 0.5 },
    data: [[Math.min(...counts), 1], [Math.max(...counts), 1]],
    endLabel: { ...text, show: true, formatter: "flat", color: grey },
  };
}
