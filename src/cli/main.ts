/** One call of the command line: which verb it is for, and how it ends. */
import process from "node:process";
import { Command, CommanderError } from "commander";
import { exitCode, OutputClosed, suggestion, UsageError } from "./exit.ts";
import { flush, note, printableLines, write, writeError } from "./output.ts";
import { type Verb, verbs } from "./verbs.ts";

/** Runs one call, by its arguments without those that name the program, and returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await programFor(args);
    await program.parseAsync(args, { from: "user" });
    flush();
    return Number(process.exitCode ?? exitCode.ok);
  } catch (error) {
    return codeOf(error);
  }
}

/** The program with all its verbs, of which only the one that is called is loaded. */
async function programFor(args: readonly string[]): Promise<Command> {
  const program = newCommand("streamstore")
    .description("Looks at stores, converts them to datasets and back, and verifies them.")
    .usage("VERB [ARGUMENTS] [OPTIONS]")
    .helpCommand("help [verb]", "how a verb is called");
  program.addHelpText(
    "after",
    "\nExample: streamstore info run.stream\nEach verb has its own: streamstore info --help",
  );
  const [first, second] = args;
  const called = first === "help" ? second : first;
  for (const verb of verbs) await addVerb(program, verb, verb.name === called);
  if (first !== undefined && !first.startsWith("-") && first !== "help") checkVerb(first);
  if (first === undefined) throw new UsageError(`A verb must be given: ${names().join(", ")}`);
  return program;
}

async function addVerb(program: Command, { name, summary, load }: Verb, isCalled: boolean): Promise<void> {
  const command = newCommand(name).summary(summary)
    .description(`${summary[0].toUpperCase()}${summary.slice(1)}.`);
  if (isCalled) (await load()).define(command, verbs);
  program.addCommand(command);
}

function newCommand(name: string): Command {
  return new Command(name).exitOverride().configureOutput({
    writeOut: (text) => write(printableLines(text)),
    writeErr: (text) => writeError(printableLines(text.replace(/^error: /, "streamstore: "))),
    getOutHelpWidth: () => helpWidth,
    getErrHelpWidth: () => helpWidth,
  });
}

/** The same everywhere: a help text is also read in a file. */
const helpWidth = 100;

const names = () => verbs.map(({ name }) => name);

function checkVerb(name: string): void {
  if (names().includes(name)) return;
  throw new UsageError(
    `There is no verb "${name}"${suggestion(name, names())}: there are ${names().join(", ")}`,
  );
}

/** Says what went wrong, where somebody has to be told, and tells the exit code. */
function codeOf(error: unknown): number {
  if (error instanceof OutputClosed) return exitCode.ok;
  // It has written its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  note((error as Error)?.message ?? String(error));
  return error instanceof UsageError ? exitCode.usage : exitCode.failure;
}
