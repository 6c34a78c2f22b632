/** `streamstore head`: the first rows. */
import type { Command } from "commander";
import { addRowOptions, type RowOptions, rowWriter } from "./rows.ts";
import { withStore } from "./store.ts";

export function define(command: Command): void {
  addRowOptions(command, "first")
    .addHelpText("after", "\nExample: streamstore head run.stream -n 3 --fields action,reward")
    .action(async (path: string, options: RowOptions) => {
      await withStore(path, (store) => {
        const end = Math.min(store.rowCount, store.firstRow + options.n);
        rowWriter(store, options).write(store, store.firstRow, end);
      });
    });
}
