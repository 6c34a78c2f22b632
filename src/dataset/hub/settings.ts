import process from "node:process";
import { builtin } from "../../native/builtin.ts";
import { describe } from "../../fields.ts";
import { checkOptions, optionNames } from "../../options.ts";
import type { HubOptions, HubProgress, RetryOptions } from "./types.ts";

/** Where the Hub is, and as whom it is asked. */
export interface Settings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | null;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: HubProgress) => void;
  readonly retry: Required<RetryOptions>;
}

/** What `resolveSettings` reads of the environment: `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

const retryKeys = optionNames<RetryOptions>({ attempts: true, pauseSeconds: true, timeoutSeconds: true });
const defaultEndpoint = "https://huggingface.co";

/** A timer's milliseconds are an int32: one that is set for longer rings at once. */
const timerSecondsMax = Math.floor((2 ** 31 - 1) / 1000);

/** The options, and for what they leave out what the environment says. */
export function resolveSettings(options: HubOptions, environment: Environment = process.env): Settings {
  checkOptions(options.retry ?? {}, retryKeys, "use the Hub", "retry.");
  const { attempts = 5, pauseSeconds = 1, timeoutSeconds = 60 } = options.retry ?? {};
  checkNumber("attempts", attempts, "a number >= 1", (value) => value >= 1);
  checkNumber("pauseSeconds", pauseSeconds, "a number >= 0", (value) => value >= 0);
  checkNumber(
    "timeoutSeconds",
    timeoutSeconds,
    `a number above 0 and <= ${timerSecondsMax}`,
    (value) => value > 0 && value <= timerSecondsMax,
  );
  return {
    endpoint: checkEndpoint(options.endpoint ?? (environment.HF_ENDPOINT || defaultEndpoint)),
    token: findToken(options.token, environment),
    signal: options.signal,
    onProgress: options.onProgress ?? (() => {}),
    retry: { attempts, pauseSeconds, timeoutSeconds },
  };
}

function checkNumber(
  name: keyof RetryOptions,
  value: unknown,
  allowed: string,
  isAllowed: (value: number) => boolean,
): void {
  if (typeof value === "number" && isAllowed(value)) return;
  throw new RangeError(`Cannot use the Hub: retry.${name} must be ${allowed}, got ${describe(value)}`);
}

function checkEndpoint(endpoint: unknown): string {
  const url = typeof endpoint === "string" ? URL.parse(endpoint) : null;
  // Not shown where it has a name and a password in it.
  const shown = url?.username || url?.password ? "one with a password" : describe(endpoint);
  if (
    url === null || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash
  ) {
    throw new TypeError(
      `Cannot use the Hub: endpoint must be like ${defaultEndpoint}, without a password, got ${shown}`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** The given token, HF_TOKEN, or the one in the file of the HuggingFace command line. */
function findToken(given: string | null | undefined, environment: Environment): string | null {
  if (given === null || given === "") return null;
  if (given !== undefined) return checkToken(given, "the option token");
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = environment;
  const named = HF_TOKEN || HUGGING_FACE_HUB_TOKEN;
  if (named?.trim()) return checkToken(named, HF_TOKEN ? "HF_TOKEN" : "HUGGING_FACE_HUB_TOKEN");
  const path = tokenPath(environment);
  let text: string;
  try {
    text = builtin.fs.readFileSync(path, "utf8");
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    // NotCapable: Deno was not allowed to look, and much can be loaded without a token.
    if (code === "ENOENT" || code === "ENOTDIR" || name === "NotCapable") return null;
    throw error;
  }
  return text.trim() === "" ? null : checkToken(text, path);
}

/**
 * A character that no header may have would have `fetch` fail with an error that quotes the header, token and all: so it
 * is found here.
 */
function checkToken(token: unknown, source: string): string {
  const trimmed = typeof token === "string" ? token.trim() : "";
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new TypeError(
    `Cannot use the Hub: the token from ${source} must be letters, digits and underscores, got something else`,
  );
}

/** Where `hf auth login` saves the token. */
export function tokenPath(environment: Environment): string {
  const { join } = builtin.path;
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = environment;
  if (HF_TOKEN_PATH) return expand(HF_TOKEN_PATH, environment);
  if (HF_HOME) return join(expand(HF_HOME, environment), "token");
  const cache = XDG_CACHE_HOME || join(homeOf(environment), ".cache");
  return join(expand(cache, environment), "huggingface", "token");
}

/** As Python's `expanduser` and `expandvars` do it. */
function expand(path: string, environment: Environment): string {
  return path.replace(/^~(?=\/|$)/, () => homeOf(environment))
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, plain) => environment[braced ?? plain] ?? all);
}

function homeOf(environment: Environment): string {
  return environment.HOME || builtin.os.homedir();
}
