/** What the viewer's charts are made of: columns of pixels over long streams, and what being watched costs a writer. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { openDirectory } from "../../src/store/open.ts";
import { Part, partBuckets } from "../../src/view/series/part.ts";
import { parseSeries } from "../../src/view/series/element.ts";
import { PyramidFiles } from "../../src/view/series/pyramid_files.ts";
import { Child, runScript } from "../harness/children.ts";
import { compare, elapsed, median, prove } from "../harness/harness.ts";
import { lengthen } from "../harness/limits.ts";
import {
  type Measurement,
  measurementOf,
  megabytes,
  milliseconds,
  nanosecondsPer,
  times,
} from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { appendSteps, observationWidth, referenceColumns, referenceFields } from "../harness/stream.ts";

const columns = 1500;
const nanoseconds = (ms: number) => ({ time: ms * 1e6, best: ms * 1e6 });

const names = [
  "action",
  ...Array.from({ length: observationWidth }, (_, i) => `observation[${i}]`),
  "reward",
  "done",
];

interface Read {
  readonly firstMs: number;
  readonly wholeMs: number;
  readonly queryMs: readonly number[];
  readonly bytes: number | null;
  readonly checks: readonly number[];
}

export async function view(sizes: Sizes): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), "streamstore-bench-"));
  try {
    return [
      ...overview(join(directory, "run.stream"), sizes),
      ...billion(join(directory, "sparse.stream"), sizes),
      ...await watched(join(directory, "watched.stream"), sizes),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Reads series in a process of its own. */
function read(path: string, series: readonly string[], rows: number, rounds: number): Read {
  return JSON.parse(
    runScript("series", path, series.join(" "), String(rows), String(columns), String(rounds)),
  );
}

/** All series of a stream of reference steps, with and without what is kept of them. */
function overview(path: string, { viewedRows: rows, mediumRounds, longRounds }: Sizes): Measurement[] {
  {
    using store = StreamStore.open(path, { fields: referenceFields });
    for (let from = 0; from < rows; from += 100_000) {
      store.appendColumns(referenceColumns(from, Math.min(rows, from + 100_000)));
    }
    store.sync();
  }
  const kept = () => readdirSync(path).filter((name) => name.startsWith("series-"));
  const all: { without: Read; with: Read }[] = [];
  for (let round = 0; round < Math.min(5, longRounds); round++) {
    for (const name of kept()) rmSync(join(path, name));
    const without = read(path, names, rows, 1);
    const found = { without, with: read(path, names, rows, mediumRounds) };
    found.with.checks.forEach((check, i) => prove("a chart from what was kept", check, without.checks[i]));
    all.push(found);
  }
  const tokens = `${Math.round(rows * 11 / 1e6)} M tokens`;
  const line = (name: string, of: (found: typeof all[number]) => number, valueMax: number) => {
    const values = all.map(of);
    const sample = { time: median(values) * 1e6, best: Math.min(...values) * 1e6 };
    return measurementOf(name, milliseconds, sample, { goal: { valueMax } });
  };
  const bytes = (list: readonly string[]) =>
    list.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  const share = bytes(kept()) / bytes(readdirSync(path));
  return [
    line(`11 series of ${tokens}, nothing kept`, ({ without }) => without.wholeMs, 1000),
    line("the same, what is seen first", ({ without }) => without.firstMs, 1000),
    line(`11 series of ${tokens}, from what is kept`, (found) => found.with.wholeMs, 100),
    line(
      `a query of ${columns.toLocaleString("en")} columns, a series`,
      (found) => median(found.with.queryMs),
      2,
    ),
    measurementOf("what is kept, of 100 bytes", times, { time: 100 * share, best: 100 * share }, {
      goal: { valueMax: 1, text: "≤ 1 %" },
    }),
  ];
}

/** A store whose files are holes, and what is kept of it, made by hand: to go through all of it takes a while. */
function billion(path: string, { sparseRows: rows, longRounds }: Sizes): Measurement[] {
  StreamStore.open(path, { fields: { loss: "float64" } }).close();
  lengthen(path, rows, rows);
  StreamStore.open(path, { mode: "append" }).close();
  const { connection, fields } = openDirectory(path, { mode: "read", salvage: false });
  try {
    const files = new PyramidFiles(connection, path);
    const series = parseSeries("loss", fields);
    const buckets = Math.floor((rows - 1) / 256);
    for (let index = 0; index * partBuckets < buckets; index++) {
      const part = new Part(false);
      const count = Math.min(partBuckets, buckets - index * partBuckets);
      for (let i = 0; i < count; i++) part.set(i, -i, index, 256);
      if (!files.save(series, index, part)) {
        throw new Error("Cannot measure: what is kept could not be written");
      }
    }
  } finally {
    connection.close();
  }
  const { wholeMs, queryMs, bytes } = read(path, ["loss"], rows, longRounds);
  const of = `${rows.toLocaleString("en")} rows`;
  const measured = [
    measurementOf(`a series of ${of}, from what is kept`, milliseconds, nanoseconds(wholeMs)),
    measurementOf(
      `a query of it, ${columns.toLocaleString("en")} columns`,
      milliseconds,
      nanoseconds(median(queryMs)),
    ),
  ];
  if (bytes === null) return measured;
  return [
    ...measured,
    measurementOf("the process's memory then", megabytes, { time: bytes, best: bytes }, {
      goal: { valueMax: 300 },
    }),
  ];
}

/** Appends while another process asks for charts of all rows again and again, in turns with nobody who does. */
async function watched(path: string, sizes: Sizes): Promise<Measurement[]> {
  using store = StreamStore.open(path, { fields: referenceFields });
  appendSteps(store, 0, 1);
  store.flush();
  const watcher = Child.ofScript("watcher", path, "action", "observation[0]", "reward");
  try {
    await watcher.answer();
    let step = 1;
    const round = (line: "on" | "off") => async () => {
      await watcher.ask(line);
      const time = elapsed(() => {
        for (let i = 0; i < 5; i++, step += sizes.appendSteps / 50) {
          appendSteps(store, step, step + sizes.appendSteps / 50);
        }
        store.flush();
      });
      prove("the steps that were appended", store.rowCount, step);
      return time / (sizes.appendSteps / 10);
    };
    const sample = await compare(4 * sizes.longRounds, round("on"), round("off"));
    const limit = "the same with nobody who watches";
    const goal = { ratioMax: 1.05 };
    return [measurementOf("append, watched", nanosecondsPer("step"), sample, { limit, goal })];
  } finally {
    await watcher.end();
  }
}
