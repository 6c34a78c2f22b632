/**
 * The command line: looks at stores, converts them to datasets and back, and verifies them.
 *
 * ```sh
 * deno run -A jsr:@streamstore/streamstore/cli info run.stream
 * ```
 *
 * `--help` lists the verbs, and shows what each takes; docs/command-line.md has an example of each.
 *
 * @module
 */
import process from "node:process";
import { run } from "./src/cli/main.ts";

/**
 * Runs one call of the command line, writes to the process's standard output and standard error, and returns how it
 * ended. Run as a program, this module does so with the arguments of the process.
 *
 * @param args What stands behind the program's name: `["info", "run.stream"]`.
 * @returns 0 if all went well, 1 if something failed or is damaged, 2 if the call is wrong, 130 after Ctrl-C.
 * @throws {Error} Never for what a call can meet: that is written to standard error, and is the exit code.
 *
 * @example
 * ```ts
 * import { main } from "@streamstore/streamstore/cli";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await main(["info", "./not-there.stream"]), 1);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  return await run(args);
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
