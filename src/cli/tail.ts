/** `streamstore tail`: the last rows, and those that come. */
import type { Command } from "commander";
import { follow } from "./follow.ts";
import { addRowOptions, type RowOptions, rowWriter } from "./rows.ts";
import { withStore } from "./store.ts";

interface TailOptions extends RowOptions {
  readonly follow?: true;
}

export function define(command: Command): void {
  addRowOptions(command, "last")
    .option("-f, --follow", "go on with what is appended, also by the next writer, until Ctrl-C")
    .addHelpText(
      "after",
      "\nExample: streamstore tail run.stream -f --fields reward --format jsonl" +
        "\n\nWith -f the newest row is shown once a later one is there or nothing was added to it for 0.2 seconds.",
    )
    .action(async (path: string, options: TailOptions) => {
      if (options.follow) return await follow(path, options);
      await withStore(path, (store) => {
        const from = Math.max(store.firstRow, store.rowCount - options.n);
        rowWriter(store, options).write(store, from, store.rowCount);
      });
    });
}
