/** `streamstore plot`: a field over the rows, drawn in the terminal. */
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { StreamStore } from "../store.ts";
import { brailleLines, dotColumns } from "./braille.ts";
import { type Bucket, bucketsOf } from "./buckets.ts";
import { checkName, UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf, type Shown } from "./json.ts";
import { flush, isTerminal, line, printable, widthOf, write } from "./output.ts";
import { rowRange } from "./store.ts";
import { grouped } from "./table.ts";
import { roundedText } from "./values.ts";

interface PlotOptions {
  readonly rows?: string;
  readonly live?: true;
  readonly json?: true;
}

/** Where there is no terminal that says how wide it is. */
const widthOtherwise = 80;
const height = 16;
const labelWidth = 12;
const liveMilliseconds = 200;

export function define(command: Command): void {
  command.argument("<path>", "the store's directory")
    .argument("<field>", "a field, or an element of its lists: observation[2]; without one the first")
    .option(
      "--rows <from:to>",
      "rows, without the last; either may be left out, negative ones count from the end",
    )
    .option("--live", "draws it again as the store grows, until Ctrl-C")
    .option("--json", "a line of JSON for each column of dots: its first row, first, last, min and max")
    .addHelpText(
      "after",
      "\nExample: streamstore plot run.stream observation[2] --rows -1000:" +
        "\n\nEvery row is looked at: what is drawn is what all points would draw.",
    )
    .action(async (path: string, field: string, options: PlotOptions) => {
      if (options.live && !isTerminal) throw new UsageError("--live needs a terminal to draw on");
      using store = StreamStore.open(path, { mode: "read" });
      const place = parsePlace(store, field);
      if (options.live) return await drawLive(store, place, options);
      draw(store, place, options);
    });
}

interface Place {
  readonly name: string;
  readonly element: number;
  /** As it was given. */
  readonly text: string;
}

function parsePlace({ fields }: StreamStore, text: string): Place {
  const known = fields.map(({ name }) => name);
  // A name may end with brackets.
  if (known.includes(text)) return { name: text, element: 0, text };
  const [, name, element] = /^(.+)\[(\d+)\]$/.exec(text) ?? [];
  checkName("field", name ?? text, known);
  return { name, element: Number(element), text };
}

function draw(store: StreamStore, place: Place, { rows, json }: PlotOptions): void {
  const range = rowRange(store, rows);
  const buckets = bucketsOf(store, place.name, place.element, range, dotColumns * (plotWidth() - labelWidth));
  if (json) return buckets.forEach((bucket) => line(jsonOf(shown(bucket))));
  for (const text of plotLines(place, range, buckets)) line(text);
}

const plotWidth = () => Math.max(labelWidth + 10, Number.isFinite(widthOf()) ? widthOf() : widthOtherwise);

function shown({ row, first, last, min, max }: Bucket): Shown {
  if (Number.isNaN(first)) return { row, first: null, last: null, min: null, max: null };
  return { row, first, last, min, max };
}

/** A title, the line with the greatest and the least value beside it, and the rows below. */
function plotLines(
  { text }: Place,
  [from, to]: readonly [number, number],
  buckets: readonly Bucket[],
): string[] {
  const found = buckets.filter(({ first }) => !Number.isNaN(first));
  const rows = `rows ${grouped(from)} to ${grouped(Math.max(from, to - 1))}`;
  if (found.length === 0) return [printable(`${text}: no value in ${from === to ? "no rows" : rows}`)];
  const low = found.reduce((low, { min }) => Math.min(low, min), Infinity);
  const high = found.reduce((high, { max }) => Math.max(high, max), -Infinity);
  const lines = brailleLines(buckets, low, high, height);
  const label = (row: number) => row === 0 ? roundedText(high) : row === height - 1 ? roundedText(low) : "";
  return [
    printable(`${text}, ${rows}`),
    ...lines.map((dots, row) =>
      `${label(row).padStart(labelWidth - 2)} ${row === 0 || row === height - 1 ? "┤" : "│"}${dots}`
    ),
  ];
}

const [hideCursor, showCursor, home, clearLine, clearRest] = [
  "\u001b[?25l",
  "\u001b[?25h",
  "\u001b[H",
  "\u001b[K",
  "\u001b[J",
];
const [otherScreen, ownScreen] = ["\u001b[?1049h", "\u001b[?1049l"];

/** On a screen of its own, which is left as it was. */
async function drawLive(store: StreamStore, place: Place, options: PlotOptions): Promise<never> {
  flush();
  write(otherScreen + hideCursor);
  onInterrupt(() => write(showCursor + ownScreen));
  try {
    for (let drawn = -1, width = 0;; await pause(liveMilliseconds)) {
      store.refresh();
      if (store.length === drawn && width === plotWidth()) continue;
      [drawn, width] = [store.length, plotWidth()];
      const range = rowRange(store, options.rows);
      const buckets = bucketsOf(store, place.name, place.element, range, dotColumns * (width - labelWidth));
      const text = plotLines(place, range, buckets).map((line) => `${line}${clearLine}\n`).join("");
      write(`${home}${text}${clearRest}`);
    }
  } finally {
    write(showCursor + ownScreen);
  }
}
