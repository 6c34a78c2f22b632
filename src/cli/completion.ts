/** `streamstore completion`: a script that a shell completes verbs and options by. */
import { Argument, Command, type Option } from "commander";
import { UsageError } from "./exit.ts";
import { jsonOf, type Shown } from "./json.ts";
import { line } from "./output.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** A verb with its options, as completion knows it. */
interface CompletedVerb {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
}

/** A verb, as far as completion has to know it. */
interface LoadedVerb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: (command: Command, verbs: readonly LoadedVerb[]) => void }>;
}

export function define(command: Command, verbs: readonly LoadedVerb[]): void {
  command.addArgument(new Argument("[shell]", "which one; none with --json").choices(shells))
    .option("--json", "a line of JSON for each verb, with its options and their values")
    .addHelpText(
      "after",
      "\nExample: streamstore completion bash > ~/.local/share/bash-completion/completions/streamstore" +
        "\n\nFor zsh: a file _streamstore in a folder of $fpath; for fish: ~/.config/fish/completions/streamstore.fish.",
    )
    .action(async (shell: typeof shells[number] | undefined, { json }: { readonly json?: true }) => {
      if (json === undefined && shell === undefined) {
        throw new UsageError(`A shell must be named: ${shells.join(", ")}`);
      }
      if (json && shell !== undefined) throw new UsageError("--json lists verbs: it goes with no shell");
      const completed = await Promise.all(
        verbs.map(async ({ name, summary, load }): Promise<CompletedVerb> => {
          const verb = new Command(name);
          (await load()).define(verb, verbs);
          return { name, summary, options: verb.options };
        }),
      );
      if (shell === undefined) { for (const verb of completed) line(jsonOf(shown(verb))); }
      else for (const text of scripts[shell](completed)) line(text);
    });
}

/** A verb as JSON: options with a value say what it is called, and those with a choice which there are. */
function shown({ name, summary, options }: CompletedVerb): Shown {
  return {
    name,
    summary,
    options: options.map((option) => ({
      flags: flagsOf(option),
      value: /[<[](.+)[>\]]/.exec(option.flags)?.[1],
      choices: option.argChoices,
      description: option.description,
    })),
  };
}

/** All that can be written for an option. */
const flagsOf = ({ short, long }: Option) => [short, long].filter((flag) => flag !== undefined);
const helpFlags = ["-h", "--help"];
const helpText = "how a verb is called";

/** In single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bashScript(verbs: readonly CompletedVerb[]): string[] {
  const names = verbs.map(({ name }) => name).join(" ");
  return [
    "_streamstore() {",
    '  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]-} words=""',
    "  if ((COMP_CWORD == 1)); then",
    `    COMPREPLY=($(compgen -W "${names} help --help" -- "$word"))`,
    "    return",
    "  fi",
    '  case "$verb $previous" in',
    ...verbs.flatMap(({ name, options }) =>
      options.filter(({ argChoices }) => argChoices).flatMap((option) =>
        flagsOf(option).map((flag) => `    "${name} ${flag}") words="${option.argChoices!.join(" ")}" ;;`)
      )
    ),
    `    "help "*) words="${names}" ;;`,
    '    "completion "*) words="bash zsh fish" ;;',
    "  esac",
    "  if [[ -z $words && $word == -* ]]; then",
    "    case $verb in",
    ...verbs.map(({ name, options }) =>
      `      ${name}) words="${[...options.flatMap(flagsOf), ...helpFlags].join(" ")}" ;;`
    ),
    "    esac",
    "  fi",
    '  if [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi',
    "}",
    // Stores are directories, datasets files: whatever else is typed is a path.
    "complete -o default -F _streamstore streamstore",
  ];
}

/** zsh takes a colon in a description for its end, and brackets for those of its own. */
const zshText = (text: string) => text.replace(/[\[\]:]/g, (character) => `\\${character}`);

function zshScript(verbs: readonly CompletedVerb[]): string[] {
  return [
    "#compdef streamstore",
    "_streamstore() {",
    "  local -a verbs",
    "  verbs=(",
    ...verbs.map(({ name, summary }) => `    ${quoted(`${name}:${zshText(summary)}`)}`),
    `    ${quoted(`help:${helpText}`)}`,
    "  )",
    "  if ((CURRENT == 2)); then _describe verb verbs; return; fi",
    "  local verb=${words[2]}",
    "  shift words; ((CURRENT--))",
    "  case $verb in",
    ...verbs.map(({ name, options }) => {
      const specs = options.flatMap((option) =>
        flagsOf(option).map((flag) => {
          const values = option.argChoices
            ? `:value:(${option.argChoices.join(" ")})`
            : option.required
            ? ":value:_files"
            : "";
          return quoted(`${flag}[${zshText(option.description)}]${values}`);
        })
      );
      const help = helpFlags.map((flag) => quoted(`${flag}[${helpText}]`));
      const rest = name === "completion" ? quoted("*:shell:(bash zsh fish)") : quoted("*:path:_files");
      return `    ${name}) _arguments ${[...specs, ...help, rest].join(" ")} ;;`;
    }),
    "    help) _describe verb verbs ;;",
    "  esac",
    "}",
    '_streamstore "$@"',
  ];
}

function fishScript(verbs: readonly CompletedVerb[]): string[] {
  const complete = "complete -c streamstore";
  return [
    ...verbs.map(({ name, summary }) =>
      `${complete} -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`
    ),
    ...verbs.flatMap(({ name, options }) =>
      options.map(({ short, long, description, argChoices, required }) => {
        const flags = [...(short ? [`-s ${short.slice(1)}`] : []), ...(long ? [`-l ${long.slice(2)}`] : [])];
        const values = argChoices ? ` -xa ${quoted(argChoices.join(" "))}` : required ? " -r" : "";
        return `${complete} -n '__fish_seen_subcommand_from ${name}' ${flags.join(" ")}${values} -d ${
          quoted(description)
        }`;
      })
    ),
    `${complete} -f -n __fish_use_subcommand -a help -d ${quoted(helpText)}`,
    `${complete} -f -n '__fish_seen_subcommand_from help' -a ${
      quoted(verbs.map(({ name }) => name).join(" "))
    }`,
    `${complete} -s h -l help -d ${quoted(helpText)}`,
    `${complete} -f -n '__fish_seen_subcommand_from completion' -a ${quoted(shells.join(" "))}`,
  ];
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
