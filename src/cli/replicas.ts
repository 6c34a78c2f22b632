/** `streamstore follow`: replicas of the stores whose rows a log of messages has. */
import type { Command } from "commander";
import { follow } from "../replicate/follow.ts";
import { Bar } from "./bar.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf } from "./json.ts";
import { addLogOptions, type LogOptions, openLog } from "./log_options.ts";
import { flush, line, note } from "./output.ts";
import { wholeNumber } from "./store.ts";
import { grouped } from "./table.ts";

interface FollowOptions extends LogOptions {
  readonly subjects: string;
  readonly syncEvery: number;
  readonly name?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  addLogOptions(
    command.argument("<directory>", "where the replicas are, a store for each subject")
      .option("--subjects <pattern>", "which stores, as NATS has patterns", "steps.>")
      .option("--sync-every <milliseconds>", "how often replicas are made durable", wholeNumber, 1000),
  )
    .option("--name <name>", "the follower's, for senders that keep what it has not got yet")
    .option("--json", "a line of JSON for each message that brought rows")
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
  const rows = new Map<string, number>();
  await follow(log, {
    directory,
    subjects,
    syncEvery,
    name,
    onProgress: ({ subject, endRow }) => {
      rows.set(subject, endRow);
      if (json) line(jsonOf({ subject, rows: endRow }));
      if (json) flush();
      bar.at([...rows.values()].reduce((sum, count) => sum + count, 0), 0, `rows of ${rows.size} stores`);
    },
    onGap: ({ subject, row, endRow, directory }) => {
      if (json) line(jsonOf({ subject, gap: [row, endRow], directory }));
      if (json) flush();
      note(
        `${subject}: rows ${grouped(row)} to ${grouped(endRow)} are lost, ${directory} goes on behind them`,
      );
    },
  });
}
