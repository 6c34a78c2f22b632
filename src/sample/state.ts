/** Where a sampler stands, as JSON of under 300 bytes. */
import { builtin } from "../native/builtin.ts";
import { describe } from "../fields.ts";
import type { Connection } from "../store/connection.ts";
import { type EpochState, lastPosition } from "./orders.ts";
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

export function stateOf(plan: SamplerPlan, seed: bigint, position: number, epoch?: EpochState): SamplerState {
  const state = {
    version: 1,
    seed: `${seed}`,
    position,
    order: orderOf(plan),
    episodes: episodesOf(plan),
  } as const;
  return epoch === undefined ? state : { ...state, epoch };
}

/**
 * A state that somebody hands over, each thing read once. Throws for what is none, or that of a sampler that draws
 * otherwise. `sources` is that of a mixture's own state.
 */
export function readState(given: SamplerState, plan: SamplerPlan, sources?: string): SamplerState {
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
  const order = orderOf(plan);
  if (state.order !== order) throw refuse("state.order", `that of this sampler, "${order}"`, state.order);
  if (state.episodes !== episodesOf(plan)) {
    throw refuse("state.episodes", "that of the same episodes option, " + episodesOf(plan), state.episodes);
  }
  if (state.sources !== sources) {
    throw refuse(
      "state.sources",
      sources === undefined ? "left out, for this is no mixture" : `that of the same weights, "${sources}"`,
      state.sources,
    );
  }
  const hasEpochs = plan.order.kind === "shuffle" || plan.order.kind === "sequential";
  return hasEpochs ? { ...state, epoch: readEpoch(state, refuse) } : state;
}

/** Throws where a state's epoch goes on beyond what the store holds: it is that of a longer stream. */
export function checkHeld(
  state: SamplerState,
  { window: { unit } }: SamplerPlan,
  connection: Connection,
): void {
  const end = state.epoch?.end ?? 0;
  const held = unit === "steps" ? connection.rowCount : connection.tokenCount;
  if (end <= held) return;
  throw new RangeError(
    `Cannot restore a sampler: the store must have the ${end} ${unit} of the state's epoch, got ${held}`,
  );
}

function readEpoch(
  state: SamplerState,
  refuse: (what: string, allowed: string, got: unknown) => RangeError,
): EpochState {
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
  return epoch;
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
  if (boundary === "cross" || episodes.kind === "none") return "none";
  if (episodes.kind === "rows") return episodes.kind;
  const hash = builtin.crypto.createHash("sha256");
  if ("starts" in episodes) hash.update(episodes.starts);
  else hash.update(episodes.fields.map(({ type }) => type).join());
  const sessions = episodes.kind === "end" && episodes.joinsSessions ? " join" : "";
  return `${episodes.kind}${sessions} ${hash.digest("hex").slice(0, 8)}`;
}
