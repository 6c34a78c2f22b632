/** Reads what a sampler is asked for, checks it, and lays it out as the sampler's parts want it. */
import type { ExtraInfo } from "../extras.ts";
import { describe, type Field } from "../fields.ts";
import { optionNames } from "../options.ts";
import { isList, readElements } from "../typed_array.ts";
import { Checks } from "./checks.ts";
import type {
  Boundary,
  MixtureOptions,
  Moments,
  Normalization,
  Order,
  Output,
  PrefetchOptions,
  SamplerOptions,
  Shard,
  ValueDtype,
  WindowOptions,
} from "./options.ts";
import { parseBetween } from "./part.ts";
import { parseDense, reachOf, valueDtypes } from "./parse_fields.ts";
import { checkEnvironments, parseEpisodes } from "./parse_episodes.ts";
import {
  type DenseField,
  isIntegerOutput,
  type OrderPlan,
  type Reach,
  type SamplerPlan,
  type Scale,
  scalesOf,
  type WindowPlan,
} from "./plan.ts";

/** Checks the options of a sampler over a store. `check` begins the messages: `Cannot make a sampler`. */
export function parseSamplerOptions(
  given: PrefetchOptions,
  { fields, extras }: { readonly fields: readonly Field[]; readonly extras: readonly ExtraInfo[] },
  check: Checks,
): SamplerPlan {
  check.object("options", given);
  check.names(given, samplerKeys);
  const options = readOptions(given);
  const window = parseWindow(options, fields, check);
  checkEnvironments(window, check);
  const order = parseOrder(options.order ?? "uniform", check);
  const hasEpochs = order.kind === "shuffle" || order.kind === "sequential";
  if (options.epochs !== undefined && !hasEpochs) {
    throw check.refuse("epochs", `left out where the order is ${order.kind}`, options.epochs);
  }
  return {
    window,
    batchSize: check.count("batchSize", options.batchSize ?? 256),
    boundary: parseBoundary(options.boundary, window, check),
    stride: check.count("stride", options.stride ?? 1),
    between: options.between === undefined ? null : parseBetween(options.between, check),
    order,
    seed: parseSeed(options.seed, check),
    shard: parseShard(options.shard ?? { index: 0, count: 1 }, order, options.seed, check),
    epochs: options.epochs === undefined
      ? (order.kind === "sequential" ? 1 : Infinity)
      : options.epochs === Infinity
      ? Infinity
      : check.count("epochs", options.epochs),
    prefetch: options.prefetch === undefined ? null : parsePrefetch(options.prefetch, check),
    extra: parseExtra(options.extra, window, extras, check),
  };
}

/** The options of a mixture as those of a sampler, with the names of a mixture's own. */
export function readMixtureOptions(given: MixtureOptions, check: Checks): SamplerOptions {
  check.object("options", given);
  const options = readOptions(given);
  for (const [name, value] of Object.entries(options)) {
    if (notOfMixtures.includes(name)) throw check.refuse(name, "left out of a mixture", value);
  }
  check.names(options, samplerKeys.filter((name) => !notOfMixtures.includes(name)));
  return options;
}

const notOfMixtures = ["prefetch"];

/** Batches that are made ahead at most: each is memory of its own. */
const prefetchMax = 64;

/** The names of what windows are asked for by, whoever draws them. */
export const windowNames = {
  tokens: true,
  steps: true,
  fields: true,
  truncate: true,
  episodes: true,
  output: true,
  normalize: true,
} as const;
const samplerKeys = optionNames<PrefetchOptions>({
  ...windowNames,
  batchSize: true,
  boundary: true,
  stride: true,
  between: true,
  order: true,
  seed: true,
  shard: true,
  epochs: true,
  prefetch: true,
  extra: true,
});
const outputKeys = optionNames<Output>({ values: true, types: true, steps: true });
const shardKeys = optionNames<Shard>({ index: true, count: true });
const momentKeys = optionNames<Moments>({ mean: true, standardDeviation: true });

/**
 * Options as they are when they are read, each once: a getter or a proxy could say something else the next time. Lists
 * in them are read where they are checked.
 */
export function readOptions<Options extends SamplerOptions>(options: Options): Options {
  const known = Object.entries(copyOf(options)).map(([name, value]) => [name, copyOf(value)]);
  return Object.fromEntries(known) as Options;
}

/** What is no object of options stays what it is, to be refused. */
function copyOf<Value>(value: Value): Value {
  return typeof value === "object" && value !== null && !isList(value) && !ArrayBuffer.isView(value)
    ? { ...value }
    : value;
}

/** Checks what windows are to be. The options are a copy that `readOptions` has made. */
export function parseWindow(options: WindowOptions, fields: readonly Field[], check: Checks): WindowPlan {
  const tokens = options.tokens === undefined ? null : check.count("tokens", options.tokens);
  const steps = options.steps === undefined ? null : check.count("steps", options.steps);
  const output = options.output ?? {};
  check.names(output, outputKeys, "output.");
  const values = output.values === undefined ? "float32" : output.values;
  const dense = options.fields === undefined ? null : parseDense(options.fields, values, fields, check);
  const reach = dense === null ? null : reachOf(dense);
  checkLength(tokens, steps, dense, reach, check);
  if (dense !== null && (values === null || output.types != null)) {
    throw new TypeError(
      `${check.action}: batches of fields have values and no types, got output ${JSON.stringify(output)}`,
    );
  }
  return {
    unit: tokens !== null && steps === null ? "tokens" : "steps",
    length: steps ?? tokens ?? 1,
    width: dense !== null ? steps ?? 1 : tokens,
    fields: dense,
    reach,
    truncate: check.boolean("truncate", options.truncate ?? false),
    episodes: parseEpisodes(options.episodes, fields, check),
    values: values === null ? null : check.choice("output.values", values, valueDtypes),
    hasTypes: dense === null && output.types !== null &&
      check.choice("output.types", output.types ?? "int32", ["int32"]) === "int32",
    steps: output.steps === null
      ? null
      : check.choice("output.steps", output.steps ?? "int64", ["int64", "float64"]),
    scales: parseNormalize(options.normalize ?? false, values, dense, fields, check),
  };
}

/** Something must say how long a window is, and nothing more than one thing. */
function checkLength(
  tokens: number | null,
  steps: number | null,
  dense: readonly DenseField[] | null,
  reach: Reach | null,
  { action }: Checks,
): void {
  if (reach !== null) {
    if (tokens === null && steps === null) return;
    const got = tokens === null ? `steps ${steps}` : `tokens ${tokens}`;
    throw new TypeError(`${action}: fields with offsets must have neither steps nor tokens, got ${got}`);
  }
  if (tokens === null && steps === null) {
    throw new TypeError(
      dense === null
        ? `${action}: tokens or steps must say how long a window is, got neither`
        : `${action}: fields need steps, the rows of a window, or offsets, got neither`,
    );
  }
  if (dense === null || tokens === null) return;
  throw new TypeError(
    steps === null
      ? `${action}: fields need steps, the rows of a window, got tokens ${tokens}`
      : `${action}: fields must have steps without tokens, got tokens ${tokens}`,
  );
}

/** Rows around an anchor may lie outside of its episode, and windows go on in one direction. */
export function parseBoundary(given: Boundary | undefined, { reach }: WindowPlan, check: Checks): Boundary {
  if (reach === null) {
    return check.choice("boundary", given ?? "within", ["within", "pad-left", "pad-right", "cross"]);
  }
  return check.choice("boundary", given ?? "edge", ["edge", "zero"]);
}

function parseOrder(order: Order, check: Checks): OrderPlan {
  if (order === "uniform" || order === "shuffle" || order === "sequential") return { kind: order };
  if (typeof order !== "object" || order === null) {
    throw check.refuse(
      "order",
      "uniform, shuffle, sequential, or an object with kind recent or prioritized",
      order,
    );
  }
  if (order.kind === "prioritized") {
    check.names(order, ["kind", "alpha", "beta"], "order.");
    const alpha = check.number("order.alpha", order.alpha ?? 0.6, 0, Infinity);
    return { kind: order.kind, alpha, beta: check.number("order.beta", order.beta ?? 0.4, 0, Infinity) };
  }
  if (order.kind !== "recent") {
    throw check.refuse("order.kind", "recent or prioritized", (order as Order & object).kind);
  }
  check.names(order, ["kind", "steps", "decay"], "order.");
  if ("steps" in order && "decay" in order) {
    throw new TypeError(`${check.action}: order must have steps or decay, got both`);
  }
  if ("decay" in order) {
    const { decay } = order;
    if (!(typeof decay === "number" && decay > 0 && decay < 1)) {
      throw check.refuse("order.decay", "a number between 0 and 1", decay);
    }
    return { kind: "recent", decay };
  }
  return { kind: "recent", steps: check.count("order.steps", (order as { steps: number }).steps) };
}

/** Of a field that comes as integers nothing is normalized: with "true" it stays as it is, and nobody may ask for more. */
function parseNormalize(
  normalize: boolean | Normalization,
  values: ValueDtype | null,
  dense: readonly DenseField[] | null,
  fields: readonly Field[],
  check: Checks,
): ReadonlyMap<string, Scale> | null {
  if (dense === null && normalize !== false && isIntegerOutput(values)) {
    throw check.refuse("normalize", `left out where output.values is ${values}`, normalize);
  }
  if (typeof normalize === "boolean") return normalize ? null : new Map();
  check.object("normalize", normalize);
  const parsed = Object.entries(normalize).map(([name, moments]) => {
    check.field("normalize", name, fields);
    const dtype = dense?.find(({ field }) => field.name === name)?.dtype ?? null;
    if (isIntegerOutput(dtype)) {
      throw check.refuse(`normalize.${name}`, `left out where the field comes as ${dtype}`, moments);
    }
    check.names(moments!, momentKeys, `normalize.${name}.`);
    const { mean, standardDeviation } = moments!;
    check.number(`normalize.${name}.mean`, mean, -Infinity, Infinity);
    check.number(`normalize.${name}.standardDeviation`, standardDeviation, 0, Infinity);
    return [name, { mean, standardDeviation }];
  });
  return scalesOf(Object.fromEntries(parsed));
}

function parsePrefetch(prefetch: number, check: Checks): number {
  if (Number.isInteger(prefetch) && prefetch >= 1 && prefetch <= prefetchMax) return prefetch;
  throw check.refuse("prefetch", `a whole number from 1 to ${prefetchMax}`, prefetch);
}

/** Text and bytes stand beside rows: so windows must be of rows. null where nothing is asked for. */
export function parseExtra(
  names: readonly string[] | undefined,
  window: WindowPlan,
  extras: readonly ExtraInfo[],
  check: Checks,
): readonly ExtraInfo[] | null {
  if (names === undefined) return null;
  if (!Array.isArray(names)) {
    throw new TypeError(`${check.action}: extra must be a list of names, got ${describe(names)}`);
  }
  if (window.unit !== "steps") {
    throw new TypeError(
      `${check.action}: extra needs steps, the rows of a window, got windows of ${window.length} tokens`,
    );
  }
  const wanted: ExtraInfo[] = [];
  readElements(`${check.action}: extra`, names, (name, i) => {
    const found = extras.find((extra) => extra.name === name);
    if (found === undefined) {
      const known = extras.map((extra) => extra.name).join(", ");
      const allowed = known === "" ? "left out, for the store has none" : `among ${known}`;
      throw new TypeError(`${check.action}: extra[${i}] must be ${allowed}, got ${describe(name)}`);
    }
    if (wanted.includes(found)) throw check.refuse(`extra[${i}]`, "another than those before it", name);
    wanted.push(found);
  });
  return wanted;
}

function parseSeed(seed: number | bigint | undefined, check: Checks): bigint {
  if (seed === undefined) return crypto.getRandomValues(new BigUint64Array(1))[0] >> 11n;
  const isSeed = typeof seed === "bigint"
    ? seed >= 0n && seed < 2n ** 64n
    : Number.isSafeInteger(seed) && seed >= 0;
  if (!isSeed) throw check.refuse("seed", "a whole number, below 2 ** 53 or a bigint below 2 ** 64", seed);
  return BigInt(seed);
}

/** Without one seed for all, each shard would draw from an order of its own, and they would overlap. */
function parseShard(
  given: Shard,
  order: OrderPlan,
  seed: number | bigint | undefined,
  check: Checks,
): Shard {
  check.names(given, shardKeys, "shard.");
  const { index, count: shards } = given;
  const count = check.count("shard.count", shards);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw check.refuse("shard.index", `a whole number below shard.count, ${count}`, index);
  }
  if (count > 1 && seed === undefined && order.kind !== "sequential") {
    throw new TypeError(
      `${check.action}: shard needs a seed, the same in all ${count} shards, or they draw the same windows; got none`,
    );
  }
  return { index, count };
}
