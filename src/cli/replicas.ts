/** `streamstore follow`: replicas of the stores whose rows a log of messages has. */
import type { Command } from "commander";
import { follow } from "../replicate/follow.ts";
import type { FollowReport } from "../replicate/watch.ts";
import { Bar } from "./bar.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf } from "./json.ts";
import { addLogOptions, type LogOptions, openLog } from "./log_options.ts";
import { flush, line, note } from "./output.ts";
import { wholeNumber } from "./store.ts";
import { grouped } from "./table.ts";
import { WaitBar, waitingText } from "./waiting.ts";

interface FollowOptions extends LogOptions {
  readonly subjects: string;
  readonly syncEvery: number;
  readonly name?: string;
  readonly json?: true;
}

const watchMilliseconds = 1000;

export function define(command: Command): void {
  addLogOptions(
    command.argument("<directory>", "where the replicas are, a store for each subject")
      .option("--subjects <pattern>", "which stores, as NATS has patterns", "steps.>")
      .option("--sync-every <milliseconds>", "how often replicas are made durable", wholeNumber, 1000),
  )
    .option("--name <name>", "the follower's, for senders that keep what it has not got yet")
    .option("--json", "a line of JSON for each message that brought rows, and each second for each store")
    .addHelpText(
      "after",
      "\nExample: streamstore follow replicas --servers 10.0.0.1:4222 --subjects steps.*" +
        "\n\nUntil Ctrl-C. A replica is a store like any other, and may be read and sampled meanwhile.",
    )
    .action((directory: string, options: FollowOptions) => followStores(directory, options));
}

async function followStores(
  directory: string,
  { subjects, syncEvery, name, json, ...where }: FollowOptions,
): Promise<void> {
  onInterrupt();
  const log = await openLog(where);
  const bar = new Bar("Following:");
  const wait = new WaitBar(bar);
  const follower = follow(log, {
    directory,
    subjects,
    syncEvery,
    name,
    onProgress: ({ subject, endRow }) => {
      wait.end();
      if (json) line(jsonOf({ subject, rows: endRow }));
      if (json) flush();
    },
    onGap: ({ subject, row, endRow, directory }) => {
      if (json) line(jsonOf({ subject, gap: [row, endRow], directory }));
      if (json) flush();
      note(
        `${subject}: rows ${grouped(row)} to ${grouped(endRow)} are lost, ${directory} goes on behind them`,
      );
    },
    onRefuse: ({ error }) => note(error.message),
    onWait: (waiting) => {
      wait.show(waiting.milliseconds, waitingText(waiting.waitingRows), waiting.error);
    },
  });
  try {
    for await (const reports of follower.watch({ every: watchMilliseconds })) {
      if (json) { for (const report of reports) line(jsonOf(reportOf(report))); }
      if (json) flush();
      if (reports.some(({ behindRows }) => behindRows !== null)) wait.end();
      if (!wait.isShown) bar.at(sumOf(reports, ({ endRow }) => endRow), 0, textOf(reports));
    }
  } finally {
    wait.end();
    bar.end();
  }
}

const sumOf = (reports: readonly FollowReport[], valueOf: (report: FollowReport) => number | null) =>
  reports.reduce((sum, report) => sum + (valueOf(report) ?? 0), 0);

/** Of all together. */
function textOf(reports: readonly FollowReport[]): string {
  const isKnown = reports.some(({ behindRows }) => behindRows !== null);
  return [
    `rows of ${reports.length} stores`,
    `${isKnown ? grouped(sumOf(reports, ({ behindRows }) => behindRows)) : "unknown"} behind`,
    `${grouped(Math.round(sumOf(reports, ({ rowsPerSecond }) => rowsPerSecond)))} rows/s`,
    `${(sumOf(reports, ({ bytesPerSecond }) => bytesPerSecond) / 1e6).toFixed(1)} MB/s`,
  ].join(", ");
}

function reportOf({ subject, endRow, behindRows, appliedAt, refused, ...rates }: FollowReport) {
  return {
    subject,
    watch: {
      rows: endRow,
      behind: behindRows,
      rowsPerSecond: Math.round(rates.rowsPerSecond),
      bytesPerSecond: Math.round(rates.bytesPerSecond),
      appliedAt: appliedAt === null ? null : new Date(appliedAt).toISOString(),
      refused: refused?.message ?? null,
    },
  };
}
