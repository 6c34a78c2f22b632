/** `streamstore completion`: a script that a shell completes verbs and options by. */
import { Argument, Command, type Option } from "commander";
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
  command.addArgument(new Argument("<shell>", "which one").choices(shells))
    .addHelpText(
      "after",
      "\nExample: streamstore completion bash > ~/.local/share/bash-completion/completions/streamstore" +
        "\n\nFor zsh: a file _streamstore in a folder of $fpath; for fish: ~/.config/fish/completions/streamstore.fish.",
    )
    .action(async (shell: typeof shells[number]) => {
      const completed = await Promise.all(
        verbs.map(async ({ name, summary, load }): Promise<CompletedVerb> => {
          const verb = new Command(name);
          (await load()).define(verb, verbs);
          return { name, summary, options: verb.options };
        }),
      );
      for (const text of scripts[shell](completed)) line(text);
    });
}

/** All that can be written for an option. */
const flagsOf = ({ short, long }: Option) => [short, long].filter((flag) => flag !== undefined);
const helpFlags = ["-h", "--help"];

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
    "    'help:how a verb is called'",
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
      const rest = name === "completion" ? quoted("*:shell:(bash zsh fish)") : quoted("*:path:_files");
      return `    ${name}) _arguments ${specs.join(" ")} ${rest} ;;`;
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
    `${complete} -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'`,
  ];
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
