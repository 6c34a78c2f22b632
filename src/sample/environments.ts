import { readValues } from "../read/column.ts";
import { sessionsWithin } from "../read/sessions.ts";
import type { Connection } from "../store/connection.ts";
import { EnvironmentRows } from "./environment_rows.ts";
import type { Part } from "./part.ts";
import type { EnvironmentPlan } from "./plan.ts";
import type { WindowRule } from "./space.ts";

/** Rows that are read at a time. */
const rowsPerRead = 1 << 16;

const action = "Cannot find the episodes";

type Id = number | bigint;

/** An environment, and whether its next row begins an episode. */
interface Known {
  readonly rows: EnvironmentRows;
  /** How many writers had begun when its last row was appended. */
  session: number;
  isOver: boolean;
}

/**
 * The rows of each environment of a store whose environments are appended in turn. Each row is looked at once, when it
 * has been committed: the search goes on where it ended.
 */
export class Environments {
  /** In the order of their first rows. */
  readonly all: EnvironmentRows[] = [];
  readonly #known = new Map<Id, Known>();
  readonly #store: ConstructorParameters<typeof EnvironmentRows>[0];
  /** Rows before this one have an environment, and those before `#next` are known to end an episode or not. */
  #listed: number;
  #next: number;
  #last: Known | null = null;
  #session = 0;
  #seenTokens = -1;

  constructor(
    private readonly connection: Connection,
    private readonly plan: EnvironmentPlan,
    rule: WindowRule,
    part: Part | null,
  ) {
    this.#listed = this.#next = connection.firstRow;
    this.#store = {
      connection,
      rule,
      firstRow: () => part?.firstRow ?? connection.firstRow,
      endRow: () => Math.min(this.#listed, part?.endRow ?? Infinity),
    };
  }

  /** The row after the last that is drawn from. */
  get endRow(): number {
    return this.#store.endRow();
  }

  /** Looks at the rows that were committed since the last call. @throws {RangeError} If one has no environment. */
  extend(): void {
    const { rowCount, tokenCount, firstRow } = this.connection;
    if (rowCount === this.#listed && tokenCount === this.#seenTokens) return;
    // What was dropped before anybody looked at it is in no episode.
    if (this.#next < firstRow) this.#next = this.#listed = Math.max(this.#listed, firstRow);
    const { joinsSessions } = this.plan;
    const sessions = joinsSessions
      ? []
      : sessionsWithin(this.connection, this.#listed, rowCount, "find the episodes");
    for (let from = this.#next; from < rowCount; from += rowsPerRead) {
      this.#read(from, Math.min(rowCount, from + rowsPerRead), sessions);
    }
    this.#seenTokens = tokenCount;
  }

  #read(from: number, to: number, sessions: number[]): void {
    const { environment, fields } = this.plan;
    const { rowCount } = this.connection;
    const ids = readValues(this.connection, environment, from, to);
    const ends = fields.map((field) => readValues(this.connection, field, from, to));
    for (let row = from; row < to; row++) {
      if (row >= this.#listed) {
        const id = ids.at(row - from);
        if (id === undefined) {
          // The last row may yet get it.
          if (row + 1 === rowCount) return;
          throw new RangeError(
            `${action}: row ${row} must have a value of "${environment.name}", which says whose it is, got none`,
          );
        }
        while (sessions[0] <= row) {
          sessions.shift();
          this.#session++;
        }
        this.#last = this.#list(row, id);
      }
      // Fields can still be added to the last row.
      if (row + 1 === rowCount) return;
      if (this.#last !== null && ends.some((values) => values.isTrue(row - from))) this.#last.isOver = true;
      this.#next = row + 1;
    }
  }

  #list(row: number, id: Id): Known {
    let known = this.#known.get(id);
    if (known === undefined) {
      known = {
        rows: new EnvironmentRows(this.#store, `environment ${id}`),
        session: this.#session,
        isOver: false,
      };
      this.#known.set(id, known);
      this.all.push(known.rows);
    }
    known.rows.add(row, !this.plan.isWhole && (known.isOver || known.session < this.#session));
    known.session = this.#session;
    known.isOver = false;
    this.#listed = row + 1;
    return known;
  }
}
