import { episodeProgress, episodeRule } from "../native/abi.ts";
import { builtin } from "../native/builtin.ts";
import { readValues } from "../read/column.ts";
import { sessionsWithin } from "../read/sessions.ts";
import type { Connection } from "../store/connection.ts";
import { type Field, packCells } from "../fields.ts";
import { check } from "../native/status.ts";
import { readEpisodes, writeEpisodes } from "./episode_file.ts";
import { countBelow, type EpisodeStarts, grown, type Return, RowEpisodes } from "./episode_starts.ts";
import { Environments } from "./environments.ts";
import type { EnvironmentPlan, EpisodePlan } from "./plan.ts";

/** Starts that one native call may find. */
const startsPerScan = 1 << 16;

/** Rows that are searched before it pays to write down what was found: some ten milliseconds' worth. */
const rowsPerSave = 1 << 20;

/** Rows that are looked at to tell why there is no window. */
const lookedMax = 1 << 12;

/**
 * The rows with which the episodes of a store begin. They are found by native code, once for every row: as steps arrive
 * the search goes on where it ended, and a file beside the store's own keeps what was found for the next to open it.
 */
export class Episodes implements EpisodeStarts {
  /** The rows, in rising order; `count` of them are in use. */
  starts: BigUint64Array<ArrayBuffer> = new BigUint64Array(64);
  count = 0;
  readonly #rule: number;
  readonly #idField: Field | null;
  readonly #fieldCount: number;
  readonly #splitsSessions: boolean;
  readonly #cells: Int32Array;
  readonly #progress = new Float64Array(episodeProgress.length);
  readonly #found: BigUint64Array;
  #seenRows = -1;
  #seenTokens = -1;
  #savedRow = 0;

  /** @param path Where what is found is kept; null keeps it in memory only. */
  constructor(
    private readonly connection: Connection,
    plan: EpisodePlan,
    private readonly path: string | null = null,
  ) {
    const fields = "fields" in plan ? plan.fields : [];
    this.#idField = plan.kind === "id" ? plan.fields[0] : null;
    this.#rule = "fields" in plan ? episodeRule[plan.kind] : episodeRule.none;
    this.#fieldCount = fields.length;
    this.#splitsSessions = plan.kind === "end" && !plan.joinsSessions;
    this.#cells = packCells(fields);
    this.#found = new BigUint64Array(fields.length > 0 ? startsPerScan : 0);
    this.#progress[episodeProgress.row] = connection.firstRow;
    const known = "starts" in plan ? plan.starts : this.#load();
    // Rows before the first start that is known are an episode too. Where fields tell, it is that of the first row that
    // is held; else of the first there ever was, so that windows stay where they are when rows are dropped.
    const first = fields.length === 0 ? 0n : known[0] ?? BigInt(connection.firstRow);
    this.#add(BigUint64Array.of(first));
    const later = known.findIndex((start) => start > first);
    if (later >= 0) this.#add(known.subarray(later));
  }

  extend(): void {
    const { rowCount, tokenCount } = this.connection;
    // The last row may have got its ID since.
    if (this.#fieldCount === 0 || (rowCount === this.#seenRows && tokenCount === this.#seenTokens)) return;
    const progress = this.#progress;
    // What was dropped before anybody looked at it is in no episode.
    progress[episodeProgress.row] = Math.max(progress[episodeProgress.row], this.connection.firstRow);
    progress[episodeProgress.endRow] = rowCount;
    // A row that is looked at says whether the next one begins an episode.
    const first = progress[episodeProgress.row] + 1;
    const sessions = this.#splitsSessions
      ? sessionsWithin(this.connection, first, rowCount, "find the episodes")
      : [];
    do {
      check(this.#scan(), "Cannot find the episodes");
      this.#add(this.#found.subarray(0, progress[episodeProgress.startCount]));
    } while (progress[episodeProgress.startCount] === startsPerScan);
    if (sessions.length > 0) this.#merge(first, sessions);
    this.#seenRows = rowCount;
    this.#seenTokens = tokenCount;
    this.#save();
  }

  /**
   * The first of the oldest rows with which an episode begins whose ID an earlier one of them has had, or null. Rows of
   * several environments that were appended in turn are such.
   */
  findReturn(): Return | null {
    if (this.#idField === null) return null;
    const { firstRow, rowCount } = this.connection;
    const endRow = Math.min(rowCount, firstRow + lookedMax);
    const ids = readValues(this.connection, this.#idField, firstRow, endRow);
    const rowOfId = new Map<number | bigint, number>();
    for (let i = countBelow(this.starts, this.count, firstRow); i < this.count; i++) {
      const row = Number(this.starts[i]);
      const id = ids.at(row - firstRow);
      if (id === undefined) continue;
      const earlier = rowOfId.get(id);
      if (earlier !== undefined) return { row, earlier, id };
      rowOfId.set(id, row);
    }
    return null;
  }

  startsBetween(from: number, to: number): BigUint64Array {
    return this.starts.subarray(from, to);
  }

  countBefore(row: number): number {
    return Number(this.starts[this.count - 1]) < row ? this.count : countBelow(this.starts, this.count, row);
  }

  #scan(): number {
    const { tables: { sampler }, store } = this.connection;
    return sampler.ss_episodes_scan(
      store,
      this.#rule,
      this.#cells,
      this.#fieldCount,
      this.#progress,
      this.#found,
      startsPerScan,
    );
  }

  #load(): BigUint64Array {
    const saved = this.path === null || this.#fieldCount === 0
      ? null
      : readEpisodes(this.path, this.connection.id);
    if (saved === null || saved.nextRow > this.connection.rowCount) return new BigUint64Array(0);
    const id = saved.id ?? 0n;
    this.#progress[episodeProgress.row] = saved.nextRow;
    this.#progress[episodeProgress.hasId] = saved.id === null ? 0 : 1;
    this.#progress[episodeProgress.idLow] = Number(id & 0xffff_ffffn);
    this.#progress[episodeProgress.idHigh] = Number(id >> 32n);
    this.#savedRow = saved.nextRow;
    return saved.starts;
  }

  #save(): void {
    const progress = this.#progress;
    const nextRow = progress[episodeProgress.row];
    if (this.path === null || nextRow - this.#savedRow < rowsPerSave) return;
    // The last row of what is durable can still get more.
    if (progress[episodeProgress.syncedRows] <= nextRow) return;
    this.#savedRow = nextRow;
    const lastId = BigInt(progress[episodeProgress.idHigh]) << 32n | BigInt(progress[episodeProgress.idLow]);
    writeEpisodes(this.path, this.connection.id, {
      nextRow,
      id: progress[episodeProgress.hasId] === 1 ? lastId : null,
      starts: this.starts.subarray(0, this.count),
    });
  }

  /** Adds rows, from `first` on, to those that were found from there on. */
  #merge(first: number, rows: readonly number[]): void {
    const known = countBelow(this.starts, this.count, first);
    const starts = new Set(this.starts.subarray(known, this.count));
    for (const row of rows) starts.add(BigInt(row));
    this.count = known;
    this.#add(BigUint64Array.from(starts).sort());
  }

  #add(starts: BigUint64Array): void {
    const count = this.count + starts.length;
    if (count > this.starts.length) this.starts = grown(this.starts, count);
    this.starts.set(starts, this.count);
    this.count = count;
  }
}

/** What samplers of one store share: the episodes, by their rule. */
export class EpisodeIndex {
  readonly #known = new Map<string, Episodes>();
  readonly #environments = new Map<string, Environments>();

  /** @param directory Where the store's files are; null for one that keeps none. */
  constructor(private readonly connection: Connection, private readonly directory: string | null) {}

  episodes(plan: EpisodePlan): EpisodeStarts {
    if (plan.kind === "rows") return new RowEpisodes(this.connection);
    if (!("fields" in plan)) return new Episodes(this.connection, plan);
    const sessions = plan.kind === "end" && !plan.joinsSessions ? " sessions" : "";
    const rule = `${plan.kind}${sessions} ${plan.fields.map(({ type }) => type).join()}`;
    const known = this.#known.get(rule);
    if (known !== undefined) return known;
    const made = new Episodes(this.connection, plan, this.#pathOf("episodes", rule));
    this.#known.set(rule, made);
    return made;
  }

  environments(plan: EnvironmentPlan): Environments {
    const sessions = plan.joinsSessions ? "" : " sessions";
    const rule = `${plan.environment.type}${sessions} ${plan.fields.map(({ type }) => type).join()}`;
    const known = this.#environments.get(rule);
    if (known !== undefined) return known;
    const made = new Environments(this.connection, plan, this.#pathOf("environments", rule));
    this.#environments.set(rule, made);
    return made;
  }

  /** A damaged store's files are not added to. */
  #pathOf(kind: string, rule: string): string | null {
    if (this.directory === null || this.connection.access === "salvage") return null;
    const name = builtin.crypto.createHash("sha256").update(rule).digest("hex").slice(0, 16);
    return builtin.path.join(this.directory, `${kind}-${name}`);
  }
}
