/** The windows of the environments of a store, by positions among the rows of each. */
import type { Connection } from "../store/connection.ts";
import type { Environment } from "./environment_lists.ts";
import type { Environments } from "./environments.ts";
import { countBelow, grown, visitRuns } from "./episode_starts.ts";
import { EpochOfMany, MixedWindows } from "./mixed_windows.ts";
import { drawnNothing } from "./no_window.ts";
import type { Part } from "./part.ts";
import type {
  EpochSpan,
  EpochWindows,
  Extent,
  Places,
  Population,
  StoreWindows,
  WindowRule,
} from "./space.ts";

/** What all environments of a store share that a sampler draws from. */
interface EnvironmentStore {
  readonly environments: Environments;
  readonly rule: WindowRule;
  /** Its place in a mixture. */
  readonly source: number;
  /** The rows that are drawn from: the first, and the one after the last. */
  firstRow(): number;
  endRow(): number;
}

const wholeOrigins = new BigUint64Array(1);

/** The windows of one environment. Episodes are runs of positions, and never change once they have ended. */
export class EnvironmentRows implements StoreWindows {
  #cumulative: BigUint64Array<ArrayBuffer> = new BigUint64Array(4);
  /** Episodes whose windows are counted. */
  #counted = 1;
  #first = { row: -1, position: 0 };
  /** Its store in a mixture, and its number in the store. */
  readonly code: number;

  constructor(
    private readonly store: EnvironmentStore,
    private readonly number: number,
    private readonly environment: Environment,
  ) {
    this.code = codeOf(store.source, number);
  }

  get connection(): Connection {
    return this.store.environments.connection;
  }

  get rule(): WindowRule {
    return this.store.rule;
  }

  get holder(): string {
    return this.store.environments.nameOf(this.number);
  }

  get extent(): Extent {
    return {
      rowCount: this.store.environments.lists.countOf(this.number),
      tokenCount: this.#positionOf(this.store.endRow()),
      firstRow: this.#firstHeld(),
    };
  }

  get heldFrom(): number {
    return this.#positionOf(this.connection.firstRow);
  }

  /** @param end A position. */
  population(end = this.#positionOf(this.store.endRow())): Population {
    const first = this.#firstHeld();
    this.#count();
    const episodes = countBelow(this.origins, this.#episodes, end);
    const population = { first, end, episodes, from: 0, total: 0 };
    if (episodes === 0) return population;
    const last = episodes - 1;
    population.total = Number(this.#cumulative[last]) + this.#windowsOf(end - Number(this.origins[last]));
    population.from = first > 0 ? this.rank(population, first) : 0;
    return population;
  }

  /** What there was when the store ended at a row. */
  populationAt(endRow: number): Population {
    return this.population(this.#positionOf(Math.min(endRow, this.store.endRow())));
  }

  firstOf(population: Population, newestRows = Infinity): number {
    if (newestRows === Infinity || population.episodes === 0) return population.from;
    const position = this.#positionOf(this.store.endRow() - newestRows);
    return Math.max(population.from, this.rank(population, Math.max(population.first, position)));
  }

  rank({ episodes, end }: Population, position: number): number {
    const after = countBelow(this.origins, episodes, position);
    if (after === 0) return 0;
    const origin = Number(this.origins[after - 1]);
    const next = after < episodes ? Number(this.origins[after]) : end;
    const before = Math.floor((position - origin - 1) / this.rule.stride) + 1;
    return Number(this.#cumulative[after - 1]) + Math.min(this.#windowsOf(next - origin), before);
  }

  forEachRun(
    population: Population,
    from: number,
    visit: (firstAnchor: number, count: number) => void,
  ): void {
    visitRuns(this.origins, this.#cumulative, population, this.rule.stride, from, visit);
  }

  get cumulative(): BigUint64Array {
    return this.#cumulative;
  }

  /** Windows of environments are located by all of them together. */
  locateIn(_population: Population, _ordinals: Float64Array, _count: number, _places: Places): void {
    throw new Error("Cannot locate windows of one environment");
  }

  findReturn(): null {
    return null;
  }

  /** Where episodes are not told apart, all rows are one. */
  get origins(): BigUint64Array {
    return this.rule.boundary === "cross" ? wholeOrigins : this.environment.origins;
  }

  get #episodes(): number {
    return this.rule.boundary === "cross" ? 1 : this.environment.episodes;
  }

  #count(): void {
    const episodes = this.#episodes;
    if (episodes > this.#cumulative.length) this.#cumulative = grown(this.#cumulative, episodes);
    const origins = this.origins;
    for (let episode = this.#counted; episode < episodes; episode++) {
      const windows = this.#windowsOf(Number(origins[episode] - origins[episode - 1]));
      this.#cumulative[episode] = this.#cumulative[episode - 1] + BigInt(windows);
    }
    this.#counted = Math.max(1, episodes);
  }

  #windowsOf(length: number): number {
    const { boundary, stride } = this.rule;
    if (boundary !== "within" && boundary !== "cross") return Math.ceil(length / stride);
    return length < this.rule.length ? 0 : Math.floor((length - this.rule.length) / stride) + 1;
  }

  #firstHeld(): number {
    const row = this.store.firstRow();
    if (row !== this.#first.row) this.#first = { row, position: this.#positionOf(row) };
    return this.#first.position;
  }

  #positionOf(row: number): number {
    return this.store.environments.lists.positionOf(this.number, row);
  }
}

/**
 * The windows of all environments of a store: those of the environment whose first row comes first are the first. Places
 * are positions among the rows of an environment.
 */
export class EnvironmentWindows extends MixedWindows {
  readonly #all: EnvironmentRows[];
  readonly #store: EnvironmentStore;

  constructor(
    readonly environments: Environments,
    private readonly rule: WindowRule,
    part: Part | null,
    source = 0,
  ) {
    const { connection } = environments;
    const all: EnvironmentRows[] = [];
    super(all, rule, connection.tables.sampler);
    this.#all = all;
    this.#store = {
      environments,
      rule,
      source,
      firstRow: () => part?.firstRow ?? connection.firstRow,
      endRow: () => Math.min(environments.endRow, part?.endRow ?? Infinity),
    };
  }

  override get sources(): readonly EnvironmentRows[] {
    const { environments } = this;
    environments.extend();
    for (let number = this.#all.length; number < environments.all.length; number++) {
      this.#all.push(new EnvironmentRows(this.#store, number, environments.all[number]));
    }
    return this.#all;
  }

  /** The row after the last that is drawn from. */
  get endRow(): number {
    return this.#store.endRow();
  }

  /** The store's end tells where each environment ended. */
  override beginEpoch(): EpochSpan {
    const windows = this.count();
    return { end: this.endRow, windows };
  }

  override epochWindows({ end, windows }: EpochSpan): EpochWindows {
    return new EpochOfMany(this, this.spansAt(end, windows));
  }

  /** Of each environment where it ended, and how many windows it had, when the store ended at a row. */
  spansAt(end: number, windows: number): number[] {
    const spans = this.sources.flatMap((rows) => {
      const { end: position, from, total } = rows.populationAt(end);
      return [position, total - from];
    });
    const held = spans.reduce((sum, number, i) => i % 2 === 1 ? sum + number : sum, 0);
    if (held !== windows) {
      throw new RangeError(
        `Cannot sample: the ${windows} windows of the state's epoch must still be held, got ${held}; rows of it were ` +
          "dropped since, and nothing tells whose they were",
      );
    }
    return spans;
  }

  protected override none(newestRows: number): RangeError {
    return drawnNothing(this.rule, this.#all, newestRows, "environments", "the store");
  }
}

/** A place's source where stores are several: which of them, and which environment of it. */
export const environmentBits = 18;
const environmentsPerStore = 2 ** environmentBits;
const storesMax = 2 ** 13;

export function codeOf(store: number, environment: number): number {
  if (environment < environmentsPerStore && store < storesMax) {
    return store * environmentsPerStore + environment;
  }
  throw new RangeError(
    `Cannot sample: a mixture must have <= ${storesMax} stores of <= ${environmentsPerStore} environments, got ${
      store + 1
    } and ${environment + 1}`,
  );
}

export function storeOf(code: number): number {
  return Math.floor(code / environmentsPerStore);
}

export function environmentOf(code: number): number {
  return code % environmentsPerStore;
}
