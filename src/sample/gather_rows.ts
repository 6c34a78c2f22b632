/** Windows at rows that the caller chooses. */
import { optionNames } from "../options.ts";
import { type Indices, readStarts } from "../read/gather.ts";
import type { AnyBatch } from "./batch.ts";
import { BatchLayout } from "./batch_layout.ts";
import { type BatchPlan, planBatch, type SampleSource } from "./batch_plan.ts";
import { Checks } from "./checks.ts";
import { ExtraFiller } from "./extra_fill.ts";
import { Filler, type Filling, fillingOf } from "./fill.ts";
import type { Boundary, WindowOptions } from "./options.ts";
import { parseBoundary, parseExtra, parseWindow, readOptions, windowNames } from "./parse_options.ts";
import { type SamplerPlan, scalesOf } from "./plan.ts";
import { allocatePlaces, type Places } from "./space.ts";
import { EnvironmentPool } from "./environment_pool.ts";
import { environmentsOf } from "./parse_episodes.ts";
import { type Windows, windowsOf } from "./windows.ts";

/**
 * Which windows there are at rows: those that a sampler with these options would draw. Pass the same object every time,
 * and do not change it: it is worked out once. Taken by {@linkcode StreamStore.gatherRows}.
 */
export interface GatherRowsOptions<Name extends string = string, ExtraName extends string = string>
  extends Omit<WindowOptions<Name>, "tokens"> {
  /** Where nothing is said `within`, and of fields with offsets `edge`. */
  readonly boundary?: Boundary;
  /** Names of text and bytes beside the rows that a batch has too, as `extra`, by name: B lists of S values. */
  readonly extra?: readonly ExtraName[];
}

const { tokens: _, ...rowNames } = windowNames;
const optionKeys = optionNames<GatherRowsOptions>({ ...rowNames, boundary: true, extra: true });
const words = { action: "gather rows", list: "rows" };
const action = `Cannot ${words.action}`;

/** Copies windows at rows: its options worked out once. */
class RowGatherer {
  readonly #source: SampleSource;
  readonly #plan: Omit<SamplerPlan, "batchSize">;
  /** Where rows are those of one store's stream. */
  readonly #windows: Windows | null;
  readonly #filler: Filler;
  /** Where they are of several environments in turn: for as many rows as were asked for last. */
  #pool: EnvironmentPool | null = null;
  /** For as many rows as were asked for last. */
  #batch: BatchPlan;
  #extraFiller: ExtraFiller;
  #layout: BatchLayout;
  #places: Places;
  #slots: Int32Array;

  constructor(source: SampleSource, given: GatherRowsOptions) {
    const checks = new Checks(action);
    checks.object("options", given);
    checks.names(given, optionKeys);
    const options = readOptions(given);
    if (options.fields === undefined) {
      throw checks.refuse("fields", "an object of names and widths", undefined);
    }
    const window = parseWindow(options, source.fields, checks);
    const boundary = parseBoundary(options.boundary, window, checks);
    const extra = parseExtra(options.extra, window, source.extras, checks);
    source.prepare(words.action);
    this.#source = source;
    this.#plan = {
      window: { ...window, scales: window.scales ?? scalesOf(source.moments()) },
      boundary,
      stride: 1,
      between: null,
      order: { kind: "uniform" },
      seed: 0n,
      shard: { index: 0, count: 1 },
      epochs: Infinity,
      prefetch: null,
      extra,
    };
    this.#windows = environmentsOf(this.#plan) === null ? windowsOf(source, this.#plan) : null;
    this.#batch = this.#planFor(0);
    this.#extraFiller = new ExtraFiller(this.#batch, words.action);
    this.#layout = new BatchLayout(this.#batch, action);
    this.#places = allocatePlaces(0);
    this.#slots = new Int32Array(0);
    this.#pool = this.#newPool();
    this.#filler = new Filler(source, this.#batch, { action });
  }

  gather(rows: Float64Array, out: AnyBatch | undefined): AnyBatch {
    const { connection } = this.#source;
    if (this.#batch.batchSize !== rows.length) this.#makeRoom(rows.length);
    const layout = this.#layout;
    const filled = out === undefined
      ? layout.allocate()
      : connection.write(words.action, () => layout.take(out));
    this.#source.prepare(words.action);
    const filling = this.#fill(filled, rows);
    const given = out ?? filled;
    this.#extraFiller.give(given, rows.length, [[this.#source, filling]], (action, read) => {
      connection.write(action, read);
    });
    return given;
  }

  #fill(filled: AnyBatch, rows: Float64Array): Filling {
    const [places, pool, count] = [this.#places, this.#pool, rows.length];
    if (count === 0) return fillingOf(this.#plan.window, places, this.#slots, count);
    places.anchors.set(rows);
    const wrong = pool !== null
      ? pool.findAt(rows, places)
      : this.#windows!.findBad(this.#windows!.population(), places);
    if (wrong !== null) throw this.#refuse(wrong, rows[wrong]);
    if (pool !== null) {
      pool.fill(filled, count, places);
      filled.starts.set(this.#plan.window.reach === null ? places.starts : places.anchors);
      return pool.filling(count, places);
    }
    const filling = fillingOf(this.#plan.window, places, this.#slots, count);
    this.#filler.fill(filled, count, filling);
    filled.starts.set(filling.starts);
    return filling;
  }

  #newPool(): EnvironmentPool | null {
    const environments = environmentsOf(this.#plan);
    if (environments === null) return null;
    return new EnvironmentPool(this.#source, this.#plan, environments, this.#batch, action);
  }

  #makeRoom(batchSize: number): void {
    this.#batch = this.#planFor(batchSize);
    this.#extraFiller = new ExtraFiller(this.#batch, words.action);
    this.#layout = new BatchLayout(this.#batch, action);
    this.#places = allocatePlaces(batchSize);
    this.#slots = Int32Array.from({ length: batchSize }, (_, slot) => slot);
    this.#pool = this.#newPool();
  }

  #planFor(batchSize: number): BatchPlan {
    return planBatch({ ...this.#plan, batchSize }, [this.#source], action);
  }

  #refuse(place: number, row: number): RangeError {
    const { firstRow, rowCount } = this.#source.connection;
    const { boundary, window: { length, episodes } } = this.#plan;
    const isRow = Number.isInteger(row) && row >= firstRow && row < rowCount;
    const fits = boundary === "cross" && environmentsOf(this.#plan) !== null
      ? `a row with ${length - 1} more of its environment after it`
      : boundary === "within" && episodes.kind !== "none"
      ? `a row with ${length - 1} more of its episode after it`
      : `a row with ${length - 1} more after it`;
    const allowed = isRow ? fits : `a whole number from ${firstRow} to ${rowCount - 1}`;
    return new RangeError(`${action}: rows[${place}] must be ${allowed}, got ${row}`);
  }
}

/** Those that were made, by their options, which a program passes again. */
export class RowGatherers {
  readonly #known = new WeakMap<object, RowGatherer>();

  constructor(private readonly source: SampleSource) {}

  gather(rows: Indices, options: GatherRowsOptions, out: AnyBatch | undefined): AnyBatch {
    const starts = readStarts(rows, words);
    let gatherer = this.#known.get(options);
    if (gatherer === undefined) {
      gatherer = new RowGatherer(this.source, options);
      this.#known.set(options, gatherer);
    }
    return gatherer.gather(starts, out);
  }
}
