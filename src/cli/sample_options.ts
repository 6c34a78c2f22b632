/** The options of a sampler, by those of a call. */
import type { Order, PrefetchOptions, ValueDtype } from "../sample/options.ts";
import type { StreamStore } from "../store.ts";
import { parseEpisodes } from "./episode_option.ts";
import { checkName, UsageError } from "./exit.ts";
import { fieldFacts } from "./facts.ts";
import { numbersOf } from "./store.ts";

export interface SampleOptions {
  readonly steps?: number;
  readonly tokens?: number;
  readonly fields?: readonly string[];
  readonly offsets?: readonly string[];
  readonly episodes?: string;
  readonly boundary?: string;
  readonly stride?: number;
  readonly order: string;
  readonly seed?: string;
  readonly epochs?: number;
  readonly shard?: string;
  readonly extra?: readonly string[];
  readonly normalize?: true;
  readonly truncate?: true;
  readonly batchSize?: number;
  readonly n: number;
  readonly format: "text" | "jsonl" | "arrow";
  readonly json?: true;
}

const stepsByDefault = 32;
/** As text a batch is read by people. */
const batchSizeByDefault = { text: 2, jsonl: 2, arrow: 256 };

/** What `sampler` takes of a store, or `mixture` of several; what they refuse, they say themselves. */
export function samplerOptions(
  stores: readonly StreamStore[],
  options: SampleOptions,
): Partial<PrefetchOptions> {
  const { steps, tokens, stride, epochs, boundary, seed, extra, normalize, truncate, episodes } = options;
  const hasOffsets = options.offsets !== undefined;
  const fields = options.fields === undefined && !hasOffsets ? undefined : denseFields(stores, options);
  const given = {
    steps: steps ?? (tokens === undefined && !hasOffsets ? stepsByDefault : undefined),
    tokens,
    fields,
    episodes: episodes === undefined ? undefined : parseEpisodes(stores[0], episodes),
    boundary,
    stride,
    order: parseOrder(options.order),
    seed: seed === undefined ? undefined : parseSeed(seed),
    epochs,
    shard: options.shard === undefined ? undefined : parseShard(options.shard),
    extra,
    normalize,
    truncate,
    batchSize: options.batchSize ?? batchSizeByDefault[options.json ? "jsonl" : options.format],
  };
  // What is not said is left out: an option that is there must have a value.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

interface DenseField {
  readonly width: number;
  readonly dtype?: ValueDtype;
  readonly offsets?: readonly number[];
}

/** `observation:8`, `observation:8:float64`, or `observation`, as wide as the widest of its newest rows in any store. */
function denseFields(
  stores: readonly StreamStore[],
  { fields = [], offsets = [] }: SampleOptions,
): Record<string, DenseField> {
  const known = stores[0].fields.map(({ name }) => name);
  const around = new Map(offsets.map((text) => parseOffsets(text, known)));
  const asked = new Map(fields.map((text) => parseField(text, known)));
  for (const name of around.keys()) if (!asked.has(name)) asked.set(name, {});
  const needsWidth = [...asked.values()].some(({ width }) => width === undefined);
  const facts = needsWidth ? stores.flatMap(fieldFacts) : [];
  return Object.fromEntries(Array.from(asked, ([name, { width, dtype }]) => {
    const widths = facts.filter((field) => field.name === name).map(({ width }) => width?.[1] ?? 1);
    return [name, {
      width: width ?? Math.max(...widths),
      ...(dtype && { dtype }),
      ...(around.has(name) && { offsets: around.get(name) }),
    }];
  }));
}

function parseField(
  text: string,
  known: readonly string[],
): [string, { readonly width?: number; readonly dtype?: ValueDtype }] {
  // A name may have a colon in it.
  if (known.includes(text)) return [text, {}];
  const [, name, width, dtype] = /^(.+?):(\d+)(?::(\w+))?$/.exec(text) ?? [];
  checkName("field", name ?? text, known);
  return [name, { width: Number(width), ...(dtype && { dtype: dtype as ValueDtype }) }];
}

function parseOffsets(text: string, known: readonly string[]): [string, number[]] {
  const at = text.lastIndexOf("=");
  if (at < 1) throw new UsageError(`Offsets must be given as field=rows, got "${text}"`);
  const name = text.slice(0, at);
  checkName("field", name, known);
  return [name, numbersOf(text.slice(at + 1))];
}

function parseOrder(text: string): Order {
  const recent = /^recent:([\d.]+)$/.exec(text)?.[1];
  if (recent !== undefined) {
    return recent.includes(".")
      ? { kind: "recent", decay: Number(recent) }
      : { kind: "recent", steps: Number(recent) };
  }
  if (text === "prioritized") return { kind: "prioritized" };
  const known = ["uniform", "shuffle", "sequential"];
  if (!known.includes(text)) {
    checkName("order", text, [...known, "recent:ROWS", "recent:DECAY", "prioritized"]);
  }
  return text as Order;
}

function parseSeed(text: string): bigint {
  if (/^\d+$/.test(text)) return BigInt(text);
  throw new UsageError(`A seed must be a whole number, got "${text}"`);
}

function parseShard(text: string): { readonly index: number; readonly count: number } {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (index === undefined) throw new UsageError(`A shard must be given as index/count, got "${text}"`);
  return { index: Number(index), count: Number(count) };
}
