/** `streamstore verify`: compares a store with its checksums, and copies what is whole of a damaged one. */
import process from "node:process";
import type { Command } from "commander";
import { StreamStoreError } from "../error.ts";
import { StreamStore } from "../store.ts";
import type { DamagedChunk, Verification } from "../store/verify.ts";
import { withBar } from "./bar.ts";
import { copyRows, makeLike } from "./copy.ts";
import { exitCode, UsageError } from "./exit.ts";
import { jsonOf } from "./json.ts";
import { line, printable } from "./output.ts";
import { checkFree, makeBeside } from "./new_store.ts";
import { withStore } from "./store.ts";
import { grouped } from "./table.ts";

interface VerifyOptions {
  readonly salvageTo?: string;
  readonly json?: true;
}

export function define(command: Command): void {
  command.argument("<paths...>", "directories of stores")
    .option("--salvage-to <directory>", "copies the rows before the first damage into a new store")
    .option("--json", "a line of JSON for each store")
    .addHelpText(
      "after",
      "\nExample: streamstore verify run.stream --salvage-to whole.stream" +
        "\n\nEnds with 1 if anything is damaged, also where what is whole was salvaged.",
    )
    .action(async (paths: string[], options: VerifyOptions) => {
      if (options.salvageTo !== undefined) {
        if (paths.length > 1) throw new UsageError("One store at a time can be salvaged");
        checkFree(options.salvageTo);
      }
      for (const path of paths) await verifyOne(path, options);
    });
}

async function verifyOne(path: string, { salvageTo, json }: VerifyOptions): Promise<void> {
  const found = await look(path);
  const isWhole = found.error === undefined && found.damaged.length === 0;
  if (!isWhole) process.exitCode = exitCode.failure;
  const salvaged = !isWhole && salvageTo !== undefined ? await salvage(path, salvageTo) : undefined;
  if (json) {
    const damaged = found.damaged.map((chunk) => ({ ...chunk }));
    const { chunkCount, error } = found;
    return line(
      jsonOf({ path, chunkCount, damaged, error, ...(salvaged === undefined ? {} : { salvaged }) }),
    );
  }
  const name = printable(path);
  if (isWhole) line(`${name}: whole, ${grouped(found.chunkCount)} chunks have their checksums`);
  else if (found.error !== undefined) line(`${name}: damaged: ${printable(found.error)}`);
  else line(`${name}: damaged, ${found.damaged.length} of ${grouped(found.chunkCount)} chunks:`);
  for (const chunk of found.damaged) line(`  ${damageText(chunk)}`);
  if (salvaged !== undefined) line(`${printable(salvageTo!)}: ${grouped(salvaged)} rows of it`);
}

interface Found extends Verification {
  /** Why it cannot even be opened. */
  readonly error?: string;
}

async function look(path: string): Promise<Found> {
  try {
    return await withStore(
      path,
      (store) =>
        withBar(
          `Verifying ${path}`,
          (bar) => store.verify({ onProgress: (done, total) => bar.at(done, total, "chunks") }),
        ),
    );
  } catch (error) {
    if (!(error instanceof StreamStoreError) || error.code !== "damaged") throw error;
    return { chunkCount: 0, damaged: [], error: error.message };
  }
}

function damageText({ file, chunk, rows: [from, to] }: DamagedChunk): string {
  return `chunk ${chunk} of ${file}: rows ${grouped(from)} to ${grouped(Math.max(from, to - 1))}`;
}

/** Copies the rows before the first damage; returns how many there are. */
async function salvage(path: string, target: string): Promise<number> {
  using source = StreamStore.open(path, { salvage: true });
  const { firstRow, rowCount } = source;
  await makeBeside(target, async (temporary) => {
    using made = makeLike(temporary, source);
    await withBar(
      `Salvaging ${path}`,
      (bar) =>
        copyRows(source, made, [firstRow, rowCount], (rows) => bar.at(rows, rowCount - firstRow, "rows")),
    );
  });
  return rowCount - firstRow;
}
