/** `streamstore repack`: a store anew, with narrower fields or a part of its rows. */
import type { Command } from "commander";
import { type Dtype, dtypeNames } from "../dtypes.ts";
import type { StreamStore } from "../store.ts";
import { withBar } from "./bar.ts";
import { copyRows, makeLike } from "./copy.ts";
import { checkName, UsageError } from "./exit.ts";
import { filesOf } from "./files.ts";
import { jsonOf } from "./json.ts";
import { makeBeside } from "./new_store.ts";
import { line, printable } from "./output.ts";
import { rowRange, withStore } from "./store.ts";
import { bytesText, grouped } from "./table.ts";

interface RepackOptions {
  readonly dtype?: readonly string[];
  readonly rows?: string;
  readonly seal?: true;
  readonly json?: true;
}

export function define(command: Command): void {
  command.argument("<source>", "the store's directory")
    .argument("<target>", "that of the new one, which must not be there yet")
    .option(
      "--dtype <field=dtype>",
      `what a field is stored as; may be repeated: ${dtypeNames.join(", ")}`,
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option(
      "--rows <from:to>",
      "rows, without the last; either may be left out, negative ones count from the end",
    )
    .option(
      "--seal",
      "closes the new store for good: it has a checksum of all its files, and nothing is appended any more",
    )
    .option("--json", "a line of JSON")
    .addHelpText(
      "after",
      "\nExample: streamstore repack run.stream small.stream --dtype observation=float32 --rows 1000:" +
        "\n\nNarrower floats round; a value that another dtype cannot hold is an error, and nothing is left.",
    )
    .action((source: string, target: string, options: RepackOptions) =>
      withStore(source, (store) => repack(store, source, target, options))
    );
}

async function repack(
  store: StreamStore,
  path: string,
  target: string,
  options: RepackOptions,
): Promise<void> {
  const dtypes = parseDtypes(store, options.dtype ?? []);
  const [from, to] = rowRange(store, options.rows);
  await makeBeside(target, async (temporary) => {
    using made = makeLike(temporary, store, dtypes);
    await withBar(
      `Repacking ${path}`,
      (bar) => copyRows(store, made, [from, to], (rows) => bar.at(rows, to - from, "rows")),
    );
    if (options.seal) made.seal();
  });
  const bytes = filesOf(target).reduce((sum, file) => sum + file.bytes, 0);
  if (options.json) line(jsonOf({ path: target, rows: to - from, bytes }));
  else line(`${printable(target)}: ${grouped(to - from)} rows, ${bytesText(bytes)}`);
}

function parseDtypes({ fields }: StreamStore, given: readonly string[]): Map<string, Dtype> {
  return new Map(given.map((text) => {
    const at = text.lastIndexOf("=");
    if (at < 1) throw new UsageError(`A dtype must be given as field=dtype, got "${text}"`);
    const [name, dtype] = [text.slice(0, at), text.slice(at + 1)];
    checkName("field", name, fields.map(({ name }) => name));
    checkName("dtype", dtype, dtypeNames);
    return [name, dtype as Dtype];
  }));
}
