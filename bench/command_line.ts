/** Options of programs whose first comment describes them: `--help` prints it, and a wrong option is no stack trace. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/**
 * Reads this process's options. Ends it where help was asked for (0) or an option is wrong (2).
 *
 * @param module The program's `import.meta.url`.
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(module: string, options: Options) {
  const path = fileURLToPath(module);
  if (process.argv.includes("--help")) {
    console.log(helpOf(path));
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${helpOf(path)}`);
    process.exit(2);
  }
}

/** The comment with which a module begins. */
function helpOf(path: string): string {
  const [, comment] = /^\/\*\*\n([^]*?)\n \*\//.exec(readFileSync(path, "utf8"))!;
  return comment.replace(/^ \* ?/gm, "");
}
