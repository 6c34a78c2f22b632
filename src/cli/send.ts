/** `streamstore send`: the rows of a store to a log of messages, as they are committed. */
import type { Command } from "commander";
import { send } from "../replicate/send.ts";
import { Bar } from "./bar.ts";
import { onInterrupt } from "./interrupt.ts";
import { jsonOf } from "./json.ts";
import { addLogOptions, type LogOptions, openLog } from "./log_options.ts";
import { flush, line, note, printable } from "./output.ts";
import { wholeNumber, withStore } from "./store.ts";
import { grouped } from "./table.ts";
import { WaitBar, waitingText } from "./waiting.ts";

interface SendOptions extends LogOptions {
  readonly subject: string;
  readonly rows: number;
  readonly milliseconds: number;
  readonly once?: true;
  readonly json?: true;
}

export function define(command: Command): void {
  addLogOptions(
    command.argument("<path>", "the store's directory")
      .requiredOption("--subject <name>", "the store's own, such as steps.robot-1"),
  )
    .option("--rows <count>", "rows of a message at most", wholeNumber, 4096)
    .option("--milliseconds <count>", "how long rows wait for others of their message", wholeNumber, 20)
    .option("--once", "ends when what is committed is sent")
    .option("--json", "a line of JSON for each message")
    .addHelpText(
      "after",
      "\nExample: streamstore send run.stream --servers 10.0.0.1:4222 --subject steps.robot-1" +
        "\n\nGoes on from what the subject has, also after a kill. Rows wait in the store while no server answers.",
    )
    .action((path: string, options: SendOptions) => sendStore(path, options));
}

async function sendStore(path: string, options: SendOptions): Promise<void> {
  const { subject, rows, milliseconds, once, json, ...where } = options;
  onInterrupt();
  await withStore(path, async (store) => {
    const pattern = subject.includes(".") ? `${subject.slice(0, subject.indexOf("."))}.>` : subject;
    // What was sent of them the log would say.
    const countRows = () => (store.refresh(), store.rowCount - store.firstRow);
    const log = await openLog(where, [pattern], () => `up to ${waitingText(countRows())}`);
    const bar = new Bar(`Sending ${path}:`);
    const wait = new WaitBar(bar);
    let sent = 0;
    await send(store, log, subject, {
      rows,
      milliseconds,
      signal: once ? AbortSignal.abort() : undefined,
      onProgress: ({ sentRow, waitingRows, byteLength }) => {
        sent = sentRow;
        wait.end();
        if (json) line(jsonOf({ row: sentRow, waiting: waitingRows, bytes: byteLength }));
        if (json) flush();
        bar.at(sentRow, sentRow + waitingRows, "rows");
      },
      onGap: ({ row, endRow }) => {
        if (json) line(jsonOf({ gap: [row, endRow] }));
        if (json) flush();
        note(`${path}: rows ${grouped(row)} to ${grouped(endRow)} were dropped before they were sent`);
      },
      onWait: (waiting) => {
        wait.show(waiting.milliseconds, waitingText(waiting.waitingRows), waiting.error);
      },
    }).finally(() => {
      wait.end();
      bar.end();
    });
    if (!json) line(`${printable(path)}: ${sent === 0 ? "nothing new" : `sent to row ${grouped(sent)}`}`);
    await log.close();
  });
}
