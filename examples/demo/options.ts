import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  readonly data: string | undefined;
  readonly episodes: number;
  readonly seed: number;
  readonly help: boolean;
}

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {
  override name = "UsageError";
}

export const USAGE = `Collects episodes into a StreamStore, trains a model on windows of them, and
converts the store to a HuggingFace dataset and back, comparing every bit.

Usage: ./run demo [--episodes <count>] [--seed <number>] [--data <folder>]

  --episodes <count>  CartPole episodes to collect, at least 2 (default 300)
  --seed <number>     start of the random numbers, 0 to 4294967295 (default 1)
  --data <folder>     use a LeRobot dataset folder instead of CartPole
  --help              show this text`;

/** Reads the command line, or throws a `UsageError`. */
export function parseOptions(args: string[]): Options {
  const values = readValues(args);
  if (values.data !== undefined && values.episodes !== undefined) {
    throw new UsageError("--episodes counts CartPole episodes and has no meaning with --data");
  }
  return {
    data: values.data,
    episodes: readInteger("--episodes", values.episodes ?? "300", 2, 1_000_000),
    seed: readInteger("--seed", values.seed ?? "1", 0, 2 ** 32 - 1),
    help: values.help ?? false,
  };
}

function readValues(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: "string" },
        episodes: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message); // its ERR_PARSE_ARGS_* messages name the option
    throw error;
  }
}

function readInteger(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${option} must be an integer from ${min} to ${max}, got ${text}`);
  }
  return value;
}
