import { type Field, packCells } from "../fields.ts";
import { environmentBlock, environmentBlockRows, environmentProgress } from "../native/abi.ts";
import type { LaterTables } from "../native/runtime.ts";
import { check } from "../native/status.ts";
import { readValues } from "../read/column.ts";
import { sessionsWithin } from "../read/sessions.ts";
import type { Connection } from "../store/connection.ts";
import { Environment, RowLists } from "./environment_lists.ts";
import { readContent, writeContent } from "./episode_file.ts";
import { grown } from "./episode_starts.ts";
import type { EnvironmentPlan } from "./plan.ts";

/** Rows that one call looks at. */
const rowsPerScan = 1 << 16;

/** Rows that are looked at before it pays to write down what was found, and as a part of those that were written before. */
const rowsPerSave = 1 << 20;
const savedPart = 8;

/** What a scan finds of its rows. One for all stores, since it is taken over before the next scan: a mixture has many. */
let found: Uint32Array | undefined;

const action = "Cannot find the episodes";

/**
 * The rows of each environment of a store whose environments are appended in turn. Each row is looked at once, by native
 * code, when it has been committed: the search goes on where it ended, and a file beside the store's own keeps what was
 * found for the next to open it. Samplers share it.
 */
export class Environments {
  /** In the order of their first rows. */
  readonly all: Environment[] = [];
  readonly lists: RowLists = new RowLists();
  readonly #environment: Field;
  readonly #splitsSessions: boolean;
  readonly #cells: Int32Array;
  readonly #fieldCount: number;
  readonly #progress = new Float64Array(environmentProgress.length);
  /** The bits of each environment's ID, and where each is found by it. */
  #names: BigUint64Array<ArrayBuffer> = new BigUint64Array(16);
  #slots = new Uint32Array(64);
  /** Rows before this one have an environment, and those before `#next` are known to end an episode or not. */
  #listed: number;
  #next: number;
  /** The row with which the last writer began that is known. */
  #session = 0;
  #seenTokens = -1;
  #savedRow = 0;

  /** @param path Where what is found is kept; null keeps it in memory only. */
  constructor(
    readonly connection: Connection,
    { environment, fields, joinsSessions }: EnvironmentPlan,
    private readonly path: string | null = null,
  ) {
    this.#environment = environment;
    this.#splitsSessions = !joinsSessions;
    this.#cells = packCells([environment, ...fields]);
    this.#fieldCount = fields.length + 1;
    this.#listed = this.#next = connection.firstRow;
    this.#load();
  }

  get native(): LaterTables["environments"] {
    return this.connection.tables.environments;
  }

  /** The row after the last that has an environment. */
  get endRow(): number {
    return this.#listed;
  }

  /** An environment as errors say it: `environment 3`. */
  nameOf(environment: number): string {
    const lastRow = this.lists.lastRowOf(environment);
    if (lastRow < this.connection.firstRow) return "an environment";
    return `environment ${readValues(this.connection, this.#environment, lastRow, lastRow + 1).at(0)}`;
  }

  /** Looks at the rows that were committed since the last call. @throws {RangeError} If one has no environment. */
  extend(): void {
    const { rowCount, tokenCount, firstRow } = this.connection;
    if (rowCount === this.#listed && tokenCount === this.#seenTokens) return;
    // What was dropped before anybody looked at it is in no episode.
    if (this.#next < firstRow) this.#next = this.#listed = Math.max(this.#listed, firstRow);
    const sessions = this.#splitsSessions
      ? sessionsWithin(this.connection, this.#listed, rowCount, "find the episodes")
      : [];
    const progress = this.#progress;
    progress[environmentProgress.endRow] = rowCount;
    for (let isDone = this.#next >= rowCount; !isDone;) {
      const first = progress[environmentProgress.row] = this.#next;
      check(this.#scan(), action);
      const count = progress[environmentProgress.rowCount];
      this.#addRows(first, count, rowCount, sessions);
      if (progress[environmentProgress.isNameless] === 1) throw this.#refuse(first + count);
      if (progress[environmentProgress.isFull] === 1) this.#makeRoom();
      else isDone = count < rowsPerScan;
    }
    this.#seenTokens = tokenCount;
  }

  /**
   * Finds the environments of rows, and the positions of those among its rows: -1 is the environment of what is no row, or
   * none that is known.
   */
  find(rows: Float64Array, sources: Int32Array, positions: Float64Array): void {
    const { lists, connection } = this;
    const code = this.native.ss_environments_find(
      connection.store,
      this.#cells,
      lists.sizes,
      lists.parts,
      lists.blocks,
      lists.listed,
      this.#names,
      this.#slots,
      this.#slots.length,
      rows,
      rows.length,
      sources,
      positions,
    );
    check(code, "Cannot locate windows");
  }

  #scan(): number {
    return this.native.ss_environments_scan(
      this.connection.store,
      this.#cells,
      this.#fieldCount,
      this.#progress,
      this.#names,
      this.#names.length,
      this.#slots,
      this.#slots.length,
      found ??= new Uint32Array(rowsPerScan),
      rowsPerScan,
    );
  }

  /** Adds the rows that were looked at, those of one writer at a time. All before the last row are what they will be. */
  #addRows(first: number, count: number, rowCount: number, sessions: number[]): void {
    const { lists } = this;
    const end = first + count;
    while (this.all.length < this.#progress[environmentProgress.nameCount]) {
      lists.addEnvironment();
      this.all.push(new Environment());
    }
    for (let row = first; row < end;) {
      while (sessions[0] <= row) this.#session = sessions.shift()!;
      const isLast = row + 1 === rowCount;
      if (isLast) this.#save();
      const until = Math.min(end, sessions[0] ?? end, isLast ? end : rowCount - 1);
      const limits = {
        row,
        listedRow: this.#listed,
        endRow: rowCount,
        sessionRow: this.#splitsSessions ? this.#session : 0,
        firstHeld: this.connection.firstRow,
      };
      lists.add(this.native, found!.subarray(row - first, until - first), limits, this.#begin);
      this.#listed = Math.max(this.#listed, until);
      // Fields can still be added to the last row.
      this.#next = isLast ? row : until;
      row = until;
    }
  }

  readonly #begin = (environment: number, position: number): void => this.all[environment].begin(position);

  #makeRoom(): void {
    this.#names = grown(this.#names, this.#names.length);
    this.#slots = new Uint32Array(4 * this.#names.length);
    this.#progress[environmentProgress.slotCount] = 0;
  }

  #refuse(row: number): RangeError {
    return new RangeError(
      `${action}: row ${row} must have a value of "${this.#environment.name}", which says whose it is, got none`,
    );
  }

  /**
   * The content of the file: next row, session, number of environments; of each its ID, base, rows, blocks, episodes,
   * whether the last one is over, and its last row; of each where its episodes begin, its blocks, and what they list.
   * Rows are float64.
   */
  #save(): void {
    const nextRow = this.#next;
    if (this.path === null || nextRow - this.#savedRow < Math.max(rowsPerSave, this.#savedRow / savedPart)) {
      return;
    }
    // The last row of what is durable can still get more, and what is listed beyond the next one is not closed.
    if (this.#progress[environmentProgress.syncedRows] <= nextRow || this.#listed > nextRow) return;
    this.#savedRow = nextRow;
    const { lists } = this;
    const numbers = [nextRow, this.#session, this.all.length];
    const parts: BigUint64Array[] = [];
    for (const [number, { origins, episodes }] of this.all.entries()) {
      const { first, count } = lists.blocksOf(number);
      const isOver = lists.isOver(number) ? 1 : 0;
      numbers.push(
        lists.baseOf(number),
        lists.countOf(number),
        count,
        episodes,
        isOver,
        lists.lastRowOf(number),
      );
      const blocks = lists.blocks.slice(
        environmentBlock.length * first,
        environmentBlock.length * (first + count),
      );
      parts.push(origins.subarray(0, episodes), wordsOf(blocks));
      for (let i = environmentBlock.step; i < blocks.length; i += environmentBlock.length) {
        const at = -1 - blocks[i];
        if (at >= 0) parts.push(wordsOf(lists.listed.slice(at, at + environmentBlockRows)));
      }
    }
    const header = wordsOf(Float64Array.from(numbers));
    const names = this.#names.subarray(0, this.all.length);
    writeContent(this.path, "environments", this.connection.id, [header, names, ...parts]);
  }

  #load(): void {
    const words = this.path === null ? null : readContent(this.path, "environments", this.connection.id);
    if (words === null) return;
    const numbers = new Float64Array(words.buffer);
    const [nextRow, session, environments] = numbers;
    if (nextRow > this.connection.rowCount) return;
    const names = savedHeader + savedNumbers * environments;
    let at = names + environments;
    for (let number = 0; number < environments; number++) {
      const [base, count, blockCount, episodes, isOver, lastRow] = numbers.subarray(
        savedHeader + savedNumbers * number,
      );
      const environment = new Environment();
      const origins = words.subarray(at, at += episodes);
      environment.origins = grown(origins, Math.max(4, episodes));
      environment.episodes = episodes;
      this.all.push(environment);
      const blocks = numbers.subarray(at, at += environmentBlock.length * blockCount);
      const varying = blocks.filter((step, i) =>
        i % environmentBlock.length === environmentBlock.step && step < 0
      );
      const listed = numbers.subarray(at, at += environmentBlockRows * varying.length);
      this.lists.restore(number, { base, count, lastRow, isOver }, blocks, listed);
    }
    while (this.#names.length < environments) this.#makeRoom();
    this.#names.set(words.subarray(names, names + environments));
    this.#progress[environmentProgress.nameCount] = environments;
    this.#listed = this.#next = this.#savedRow = nextRow;
    this.#session = session;
  }
}

const savedHeader = 3;
const savedNumbers = 6;

function wordsOf(numbers: Float64Array<ArrayBuffer>): BigUint64Array {
  return new BigUint64Array(numbers.buffer);
}
