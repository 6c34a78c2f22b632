/** What the page asks for when it wants a batch: options of a sampler as JSON, and which batch. */
import { describe } from "../../fields.ts";
import type { PrefetchOptions } from "../../sample/options.ts";
import { BadQuestion } from "../route.ts";

/** A batch that a page can show. */
export const windowsMax = 64;
export const valuesMax: number = 2 ** 18;
const windowsByDefault = 8;
/** Batches before the one that is asked for are drawn too. */
const batchMax = 10_000;

export interface ParsedRequest {
  /** As `store.sampler` takes them, which is who checks them. */
  readonly options: Partial<PrefetchOptions>;
  /** Which batch, 0 the first. */
  readonly batch: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Options are those of the library but for what JSON lacks: bigints are text of digits, `null` is a step without end. */
export function parseRequest(text: string): ParsedRequest {
  const { batch = 0, prefetch, batchSize = windowsByDefault, seed = 0, ...others } = parseObject(text);
  if (!isWhole(batch, 0, batchMax - 1)) throw refuse("batch", `from 0 to ${batchMax - 1}`, batch);
  if (prefetch !== undefined) throw refuse("prefetch", "left out", prefetch);
  if (!isWhole(batchSize, 1, windowsMax)) throw refuse("batchSize", `from 1 to ${windowsMax}`, batchSize);
  const options = { ...others, batchSize, seed: integer(seed), ...parseBetween(others.between) };
  return { options: options as Partial<PrefetchOptions>, batch };
}

function parseObject(text: string): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse("options", "JSON", text);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Json;
  throw refuse("options", "an object", parsed);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && value as number >= least && value as number <= most;
}

function parseBetween(between: unknown): Json {
  if (typeof between !== "object" || between === null) return {};
  const { steps } = between as Json;
  if (!Array.isArray(steps)) return {};
  return { between: { ...between, steps: steps.map((step) => step === null ? Infinity : integer(step)) } };
}

/** Digits as a bigint; whatever else there is, the library has its say about. */
function integer(value: unknown): unknown {
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : value;
}

function refuse(name: string, allowed: string, value: unknown): BadQuestion {
  return new BadQuestion(`Cannot draw a batch: ${name} must be ${allowed}, got ${describe(value)}`);
}
