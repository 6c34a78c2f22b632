import { type Field, packCells } from "../fields.ts";
import { episodeRule, newestOfEnvironment, newestRequest, newestRows } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { optionNames } from "../options.ts";
import { nothing, pack } from "../native/arguments.ts";
import type { AnyBatch } from "./batch.ts";
import { BatchLayout } from "./batch_layout.ts";
import { countBelow } from "./episode_starts.ts";
import type { BatchPlan, SampleSource } from "./batch_plan.ts";
import { Filler, type Filling, fillingOf } from "./fill.ts";
import { Checks } from "./checks.ts";
import type { WindowOptions } from "./options.ts";
import { checkEnvironments, environmentsOf } from "./parse_episodes.ts";
import { parseWindow, readOptions, windowNames } from "./parse_options.ts";
import { type EnvironmentPlan, scalesOf, type WindowPlan } from "./plan.ts";
import { allocatePlaces } from "./space.ts";

/**
 * Which window a policy looks at while it acts. Pass the same object every time, and do not change it: it is worked out
 * once. Taken by {@linkcode StreamStore.context}.
 */
export interface ContextOptions<Name extends string = string> extends WindowOptions<Name> {
  /**
   * The places that the window is padded to, on its left: tokens, or rows of dense fields. As long as the window where
   * nothing is said; a window of rows as tokens is then as wide as its tokens.
   */
  readonly padTo?: number;
}

/** What a context needs of a store besides what samplers do. */
export interface ContextSource extends SampleSource {
  /** Tokens and rows that were appended, those in the tail included. */
  readonly tokenCount: number;
  readonly rowCount: number;
  /** Values in the tail, where that is known. */
  readonly tailValues: number | null;
  /** The row at which the last writer began; -1 where that is not kept. */
  readonly lastSession: number;
}

const contextKeys = optionNames<ContextOptions>({ ...windowNames, padTo: true });

/** The newest window of a store: its options worked out once, and its arrays made once. */
export class Context {
  readonly #source: ContextSource;
  readonly #plan: WindowPlan;
  readonly #width: number | null;
  /** Rows that are enough. */
  readonly #rowsMax: number;
  readonly #request: Float64Array;
  /** Where rows are those of several environments in turn. */
  readonly #environments: EnvironmentPlan | null;
  readonly #fieldCount: number;
  readonly #cells: ArrayBufferView;
  readonly #found = new Float64Array(newestRows.length);
  readonly #places = allocatePlaces(1);
  readonly #slots = new Int32Array(1);
  /** The width that the layout and the filler are made for. */
  #madeFor = 0;
  #layout: BatchLayout | null = null;
  #filler: Filler | null = null;

  constructor(source: ContextSource, options: ContextOptions) {
    const checks = new Checks("Cannot make a context");
    checks.names(options, contextKeys);
    const { padTo, ...window } = readOptions(options);
    if (window.tokens !== undefined && window.steps !== undefined) {
      throw new TypeError(
        "Cannot make a context: a window has tokens or steps, got both; padTo sets the width",
      );
    }
    this.#source = source;
    this.#plan = parseWindow(window, source.fields, checks);
    checkEnvironments(this.#plan, checks);
    this.#environments = environmentsOf({ window: this.#plan });
    this.#width = parseWidth(this.#plan, padTo, checks);
    const { episodes, unit, length } = this.#plan;
    const ends: readonly Field[] = "fields" in episodes ? episodes.fields : [];
    const fields = this.#environments === null ? ends : [this.#environments.environment, ...ends];
    this.#fieldCount = fields.length;
    this.#cells = fields.length > 0 ? packCells(fields) : nothing;
    this.#rowsMax = unit === "steps" ? length + (this.#plan.reach?.before ?? 0) : Number.MAX_SAFE_INTEGER;
    this.#request = pack(newestRequest, {
      rowsMax: this.#rowsMax,
      tokensMax: unit === "steps" ? Number.MAX_SAFE_INTEGER : length,
      tailValues: -1,
      rule: episodeRule["fields" in episodes ? episodes.kind : "none"],
    });
    if (this.#width !== null) this.#prepare(this.#width);
  }

  /** The window as a batch of one. It is filled anew by the next call. */
  read(): AnyBatch {
    const { rowCount, tokenCount, tailValues, connection } = this.#source;
    if (rowCount === connection.firstRow) {
      throw new RangeError("Cannot read a context: the store must hold a step, got none");
    }
    if (this.#environments !== null) return this.#readEnvironment(this.#environments);
    this.#load(rowCount, tailValues);
    const tokens = this.#found[newestRows.tokenCount];
    const rows = this.#found[newestRows.rowCount];
    const startToken = this.#found[newestRows.startToken];
    const { unit, length, reach } = this.#plan;
    const end = unit === "steps" ? rows : tokens;
    const begin = unit === "steps" ? this.#found[newestRows.startRow] : startToken;
    const start = Math.max(begin, end - length - (reach?.before ?? 0));
    if (this.#width === null) this.#prepare(Math.max(1, tokens - startToken));
    const { filled, shown } = this.#layout!.own();
    this.#places.anchors[0] = end - 1;
    this.#places.starts[0] = start;
    this.#places.lengths[0] = end - start;
    const filling = fillingOf(this.#plan, this.#places, this.#slots, 1);
    this.#filler!.fill(filled, 1, { ...filling, firstRow: rowCount - rows });
    filled.starts[0] = filling.starts[0] + (unit === "steps" ? rowCount - rows : tokenCount - tokens);
    return shown;
  }

  /** The newest rows of the environment of the last row, as far back as its episode goes. */
  #readEnvironment({ environment }: EnvironmentPlan): AnyBatch {
    const { rowCount, tailValues, connection: { tables: { environments }, store } } = this.#source;
    const { length, reach } = this.#plan;
    const rows = new Float64Array(length + (reach?.before ?? 0));
    const held = this.#ask(rowCount, tailValues);
    const found = new Float64Array(newestOfEnvironment.length);
    const code = environments.ss_environments_newest(
      store,
      this.#request,
      held,
      this.#cells,
      this.#fieldCount,
      found,
      rows,
      rows.length,
    );
    check(code, "Cannot read a context");
    const count = found[newestOfEnvironment.foundCount];
    if (count === 0) {
      throw new RangeError(
        `Cannot read a context: row ${
          rowCount - 1
        } must have a value of "${environment.name}", which says whose it is, got none`,
      );
    }
    const firstRow = rowCount - found[newestOfEnvironment.rowCount];
    const filling = this.#fillingOf(rows.subarray(0, count));
    const { filled, shown } = this.#layout!.own();
    this.#filler!.fill(filled, 1, { ...filling, firstRow });
    filled.starts[0] = filling.starts[0] + firstRow;
    return shown;
  }

  /** What is filled of the newest rows of an environment. */
  #fillingOf(rows: Float64Array): Filling {
    const { reach, fields } = this.#plan;
    const { lengths } = this.#places;
    const common = { count: 1, lengths, slots: this.#slots };
    const last = rows.length - 1;
    lengths[0] = reach === null ? rows.length : 1;
    if (reach === null) {
      const starts = new Float64Array(1 + this.#madeFor);
      starts[0] = rows[0];
      starts.set(rows, 1);
      return { ...common, starts, isListed: true };
    }
    const at = (offset: number) => {
      const nearest = Math.min(Math.max(0, last + offset), last);
      return nearest === last + offset ? rows[nearest] : -1 - rows[nearest];
    };
    const atOffsets = new Map(
      fields!.map((
        { field, offsets },
      ) => [field.name, Float64Array.from([rows[last], ...Array.from(offsets!, at)])]),
    );
    return { ...common, starts: rows.subarray(last), atOffsets };
  }

  /** Asks for the newest rows, and returns how many may be of the last one's episode. */
  #ask(rowCount: number, tailValues: number | null): number {
    const held = rowCount - this.#knownStart(rowCount);
    this.#request[newestRequest.rowsMax] = Math.min(this.#rowsMax, held);
    this.#request[newestRequest.tailValues] = tailValues ?? -1;
    return held;
  }

  /** Puts the newest rows together, and finds where their episode begins. */
  #load(rowCount: number, tailValues: number | null): void {
    const { tables: { sampler }, store } = this.#source.connection;
    this.#ask(rowCount, tailValues);
    const code = sampler.ss_newest_load(
      store,
      this.#request,
      this.#cells,
      this.#fieldCount,
      this.#found,
    );
    check(code, "Cannot read a context");
  }

  /** The last row with which an episode begins, as far as no field has to tell it; 0 where there is none. */
  #knownStart(rowCount: number): number {
    const { episodes } = this.#plan;
    if (episodes.kind === "rows") return rowCount - 1;
    if ("starts" in episodes) return lastStart(episodes.starts, rowCount - 1);
    return episodes.kind === "end" && !episodes.joinsSessions ? Math.max(0, this.#source.lastSession) : 0;
  }

  #prepare(width: number): void {
    if (this.#madeFor === width) return;
    const window = this.#plan;
    const batch: BatchPlan = {
      window,
      batchSize: 1,
      width,
      alignsRight: true,
      repeats: true,
      scales: window.scales ?? scalesOf(this.#source.moments()),
      isPrioritized: false,
      isMixture: false,
      extra: null,
    };
    this.#layout = new BatchLayout(batch);
    this.#filler = new Filler(this.#source, batch, { source: "newest", action: "Cannot read a context" });
    this.#madeFor = width;
  }
}

function parseWidth(plan: WindowPlan, padTo: number | undefined, checks: Checks): number | null {
  if (padTo === undefined) return plan.unit === "steps" && plan.fields === null ? null : plan.length;
  if (plan.reach !== null) throw checks.refuse("padTo", "left out where fields have offsets", padTo);
  const width = checks.count("padTo", padTo);
  if ((plan.unit === "tokens" || plan.fields !== null) && width < plan.length) {
    throw checks.refuse("padTo", `>= ${plan.length}, the length of the window`, padTo);
  }
  return width;
}

/** The last start that is not after a row; 0 where there is none. */
function lastStart(starts: BigUint64Array, row: number): number {
  const count = countBelow(starts, starts.length, row + 1);
  return count === 0 ? 0 : Number(starts[count - 1]);
}

/** Contexts by their options, which a program passes again after every step. */
export class Contexts {
  readonly #known = new WeakMap<object, Context>();

  constructor(private readonly source: ContextSource) {}

  read(options: ContextOptions): AnyBatch {
    const known = this.#known.get(options);
    if (known !== undefined) return known.read();
    const made = new Context(this.source, options);
    this.#known.set(options, made);
    return made.read();
  }
}
