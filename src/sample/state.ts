/** Where a sampler stands, as JSON of under 300 bytes. */
import { builtin } from "../native/builtin.ts";
import { describe } from "../fields.ts";
import type { Connection } from "../store/connection.ts";
import { lastPosition } from "./orders.ts";
import type { EpochState } from "./space.ts";
import { readElements } from "../typed_array.ts";
import type { SamplerPlan } from "./plan.ts";

/**
 * Where a sampler stands: plain JSON. It depends neither on the batch size nor on the shard. Returned by
 * {@linkcode Sampler.state}.
 */
export interface SamplerState {
  /** The version of this form. */
  readonly version: 1;
  /** The seed, in decimal. */
  readonly seed: string;
  /** Draws made, by all shards together. */
  readonly position: number;
  /** The epoch, for orders that have them. */
  readonly epoch?: EpochState;
  /** The order, the unit and length of windows, the boundary and the stride. */
  readonly order: string;
  /** A checksum of how episodes are told apart. */
  readonly episodes: string;
  /** Of a mixture: the number of its sources and a checksum of their weights. */
  readonly sources?: string;
}

/** What a plan is known by: worked out once, for a sampler notes its state at every batch. */
function namesOf(plan: SamplerPlan): Pick<SamplerState, "order" | "episodes"> {
  let names = known.get(plan);
  if (names === undefined) known.set(plan, names = { order: orderOf(plan), episodes: episodesOf(plan) });
  return names;
}

const known = new WeakMap<SamplerPlan, Pick<SamplerState, "order" | "episodes">>();

export function stateOf(plan: SamplerPlan, seed: bigint, position: number, epoch?: EpochState): SamplerState {
  const state = {
    version: 1,
    seed: `${seed}`,
    position,
    ...namesOf(plan),
  } as const;
  if (epoch === undefined) return state;
  // A list of the sampler's own would change with it, or be changed.
  return epoch.sources === undefined
    ? { ...state, epoch }
    : { ...state, epoch: { ...epoch, sources: epoch.sources.slice() } };
}

/** What a mixture says of its sources: more may have been added since a state was taken. */
interface StateSources {
  readonly sourceCount?: number;
  sourcesText?(count: number): string;
}

/**
 * A state that somebody hands over, each thing read once. Throws for what is none, or that of a sampler that draws
 * otherwise.
 */
export function readState(given: SamplerState, plan: SamplerPlan, pool: StateSources): SamplerState {
  const refuse = (what: string, allowed: string, got: unknown) =>
    new RangeError(`Cannot restore a sampler: ${what} must be ${allowed}, got ${describe(got)}`);
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Cannot restore a sampler: a state must be an object, got ${describe(given)}`);
  }
  const state: SamplerState = { ...given };
  if (state.version !== 1) throw refuse("state.version", "1", state.version);
  if (typeof state.seed !== "string" || !/^\d{1,20}$/.test(state.seed) || BigInt(state.seed) >= 2n ** 64n) {
    throw refuse("state.seed", "a whole number below 2 ** 64 in decimal", state.seed);
  }
  const positionMax = lastPosition(plan.batchSize * plan.shard.count);
  if (!isCount(state.position) || state.position > positionMax) {
    throw refuse("state.position", `a whole number <= ${positionMax}`, state.position);
  }
  const { order, episodes } = namesOf(plan);
  if (state.order !== order) throw refuse("state.order", `that of this sampler, "${order}"`, state.order);
  if (state.episodes !== episodes) {
    throw refuse("state.episodes", "that of the same episodes option, " + episodes, state.episodes);
  }
  const sourceCount = checkSources(state, pool, refuse);
  const hasEpochs = plan.order.kind === "shuffle" || plan.order.kind === "sequential";
  return hasEpochs ? { ...state, epoch: readEpoch(state, sourceCount, refuse) } : state;
}

/** How many sources the state is of; null where it is no mixture's. */
function checkSources({ sources }: SamplerState, pool: StateSources, refuse: Refuse): number | null {
  if (pool.sourcesText === undefined) {
    if (sources === undefined) return null;
    throw refuse("state.sources", "left out, for this is no mixture", sources);
  }
  const held = pool.sourceCount!;
  const count = typeof sources === "string" ? parseInt(sources) : NaN;
  if (count >= 1 && count <= held && sources === pool.sourcesText(count)) return count;
  const own = pool.sourcesText(held);
  throw refuse(
    "state.sources",
    `that of the same weights, or of the first of the ${held} sources, "${own}"`,
    sources,
  );
}

/** Throws where a state's epoch goes on beyond what the store holds, up to `end`: it is that of a longer stream. */
export function checkHeld(
  end: number,
  { window: { unit } }: Pick<SamplerPlan, "window">,
  connection: Connection,
  store = "the store",
): void {
  const held = unit === "steps" ? connection.rowCount : connection.tokenCount;
  if (end <= held) return;
  throw new RangeError(
    `Cannot restore a sampler: ${store} must have the ${end} ${unit} of the state's epoch, got ${held}`,
  );
}

type Refuse = (what: string, allowed: string, got: unknown) => RangeError;

function readEpoch(state: SamplerState, sourceCount: number | null, refuse: Refuse): EpochState {
  if (typeof state.epoch !== "object" || state.epoch === null) {
    throw refuse("state.epoch", "an object", state.epoch);
  }
  const epoch = { ...state.epoch };
  for (const key of ["epoch", "base", "end", "windows"] as const) {
    if (!isCount(epoch[key])) throw refuse(`state.epoch.${key}`, "a whole number", epoch[key]);
  }
  if (epoch.windows > epoch.end) {
    throw refuse("state.epoch.windows", `<= state.epoch.end, ${epoch.end}`, epoch.windows);
  }
  if (epoch.base > state.position) {
    throw refuse("state.epoch.base", `<= state.position, ${state.position}`, epoch.base);
  }
  // Every epoch before this one had a draw at least.
  if (epoch.epoch > epoch.base) {
    throw refuse("state.epoch.epoch", `<= state.epoch.base, ${epoch.base}`, epoch.epoch);
  }
  // An epoch without windows has not begun.
  const isOfSources = sourceCount !== null && epoch.windows > 0;
  if (isOfSources) return { ...epoch, sources: readSpans(epoch, sourceCount, refuse) };
  if (epoch.sources === undefined) return epoch;
  throw refuse("state.epoch.sources", "left out, for this is no epoch of a mixture", epoch.sources);
}

/** The ends and the numbers of windows of a mixture's sources. */
function readSpans({ sources, end, windows }: EpochState, sourceCount: number, refuse: Refuse): number[] {
  const allowed = `a list of 2 whole numbers for each of ${sourceCount} sources or fewer`;
  if (!Array.isArray(sources)) throw refuse("state.epoch.sources", allowed, sources);
  const spans: number[] = [];
  readElements("Cannot restore a sampler: state.epoch.sources", sources, (number, i) => {
    if (!isCount(number)) throw refuse(`state.epoch.sources[${i}]`, "a whole number", number);
    spans.push(number as number);
  });
  if (spans.length % 2 === 1 || spans.length > 2 * sourceCount) {
    throw refuse("state.epoch.sources.length", `even, and <= ${2 * sourceCount}`, spans.length);
  }
  const sum = (first: number) => spans.reduce((sum, number, i) => i % 2 === first ? sum + number : sum, 0);
  if (sum(0) !== end) {
    throw refuse("state.epoch.sources", `ends whose sum is state.epoch.end, ${end}`, sum(0));
  }
  if (sum(1) === windows) return spans;
  throw refuse("state.epoch.sources", `windows whose sum is state.epoch.windows, ${windows}`, sum(1));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Everything but episodes that decides which window a draw is. */
function orderOf({ window, boundary, stride, order, between }: SamplerPlan): string {
  const rest = Object.entries(order).filter(([key]) => key !== "kind" && key !== "beta");
  const words = [order.kind, ...rest.map(([key, value]) => `${key}=${value}`)];
  const part = between === null ? [] : [`between=${between.from},${between.to ?? ""}`];
  return [...words, window.length, window.unit, boundary, `stride=${stride}`, ...part].join(" ");
}

function episodesOf({ window: { episodes }, boundary }: SamplerPlan): string {
  const isOfEnvironments = episodes.kind === "end" && episodes.environment !== null;
  if ((boundary === "cross" && !isOfEnvironments) || episodes.kind === "none") return "none";
  if (episodes.kind === "rows") return episodes.kind;
  const hash = builtin.crypto.createHash("sha256");
  if ("starts" in episodes) hash.update(episodes.starts);
  else hash.update(episodes.fields.map(({ type }) => type).join());
  const sessions = episodes.kind === "end" && episodes.joinsSessions ? " join" : "";
  const environment = episodes.kind === "end" && episodes.environment !== null
    ? ` of ${episodes.environment.type}`
    : "";
  return `${episodes.kind}${sessions}${environment} ${hash.digest("hex").slice(0, 8)}`;
}
