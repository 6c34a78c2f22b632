/** `streamstore sample`: batches as a model gets them. */
import { type Command, Option } from "commander";
import type { AnyBatch } from "../sample/batch.ts";
import { StreamStore } from "../store.ts";
import type { BatchWriter } from "./batch_parts.ts";
import { episodesFlag, episodesHelp } from "./episode_option.ts";
import { UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { flush } from "./output.ts";
import { type SampleOptions, samplerOptions } from "./sample_options.ts";
import { namesOf, wholeNumber, withStores } from "./store.ts";

const repeated = (text: string, before: readonly string[] = []) => [...before, text];

export function define(command: Command): void {
  command.argument("<paths...>", "directories of stores; of several with the same fields, a mixture")
    .option("--steps <rows>", "rows a window; 32 where neither tokens nor offsets are given", wholeNumber)
    .option("--tokens <tokens>", "tokens a window, or to so many windows of rows are padded", wholeNumber)
    .option(
      "--fields <name:width,…>",
      "dense fields, with how many values a row and maybe a dtype: observation:8:float64",
      namesOf,
    )
    .option(
      "--offsets <name=rows>",
      "rows of a field around an anchor: action=0..15, state=-1,0; may be repeated",
      repeated,
    )
    .option(episodesFlag, episodesHelp)
    .addOption(
      new Option("--boundary <rule>", "what becomes of windows at the ends of episodes")
        .choices(["within", "pad-left", "pad-right", "cross", "edge", "zero"]),
    )
    .option("--stride <rows>", "between the anchors of windows", wholeNumber)
    .option(
      "--order <order>",
      "uniform, shuffle, sequential, recent:ROWS, recent:DECAY or prioritized",
      "sequential",
    )
    .option("--seed <number>", "a whole number: the same windows every time")
    .option("--epochs <count>", "ends after so many", wholeNumber)
    .option("--shard <index/count>", "every count-th window of all")
    .option("--extra <names>", "text and bytes beside the rows", namesOf)
    .option("--normalize", "values by the mean and deviation of their field")
    .option("--truncate", "cuts rows that are wider than their field")
    .option("--batch-size <windows>", "windows a batch; 2, as Arrow 256", wholeNumber)
    .option("-n <batches>", "how many batches; 0 is without end", wholeNumber, 3)
    .addOption(
      new Option("--format <format>", "how batches are written").choices(["text", "jsonl", "arrow"]).default(
        "text",
      ),
    )
    .option("--json", "the same as --format jsonl")
    .addHelpText("after", help)
    .action((paths: string[], options: SampleOptions) =>
      withStores(paths, (stores) => sample(stores, paths, options))
    );
}

const help = `
Example: streamstore sample run.stream --steps 4 --fields observation:8,action:1 --episodes end=done --boundary pad-left

Of several stores each window is as likely: sources, counted from 0, say which it is from, as text its path. Padding is shown as "·", a row without the field as "-". As Arrow, an IPC stream goes to standard output, a record batch
each, with a row for each window and fields as tensors of fixed shape; Python reads it by
pyarrow.ipc.open_stream(sys.stdin.buffer).`;

async function sample(
  stores: readonly StreamStore[],
  paths: readonly string[],
  options: SampleOptions,
): Promise<void> {
  const sampler = newSampler(stores, options);
  const writer = await writerFor(stores[0], paths, options);
  // A batch is made without a pause in which Ctrl-C could be heard.
  if (options.n === 0) onInterrupt();
  for (let index = 0; options.n === 0 || index < options.n; index++) {
    const batch = drawNext(sampler);
    if (batch === null) break;
    writer.write(batch, index);
    flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  writer.end();
}

interface Drawn {
  next(): AnyBatch | null;
}

/** What the library says of options is about how it was called. */
function newSampler(stores: readonly StreamStore[], options: SampleOptions): Drawn {
  return asUsage(() => {
    const given = samplerOptions(stores, options) as never;
    return (stores.length === 1 ? stores[0].sampler(given) : StreamStore.mixture(stores, given)) as Drawn;
  });
}

function drawNext(sampler: Drawn): AnyBatch | null {
  return asUsage(() => sampler.next());
}

function asUsage<Result>(task: () => Result): Result {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

async function writerFor(
  store: StreamStore,
  paths: readonly string[],
  { format, json }: SampleOptions,
): Promise<BatchWriter> {
  if (json || format === "jsonl") return (await import("./batch_json.ts")).jsonWriter();
  if (format === "arrow") return (await import("./batch_arrow.ts")).arrowWriter(store);
  return (await import("./batch_text.ts")).textWriter(store, paths);
}
