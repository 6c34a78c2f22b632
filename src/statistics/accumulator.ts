import type { Connection } from "../store/connection.ts";
import { describe, type Field, packCells } from "../fields.ts";
import { checkOptions } from "../options.ts";
import type { Session } from "../store/session.ts";
import {
  fieldSummary as summary,
  moments,
  momentScales,
  statisticsFieldsMax as fieldsMax,
  statisticsIndexLength as indexLength,
  statisticsPageLength as pageLength,
  statisticsProgress as progress,
  statisticsZeroPage as zeroPage,
} from "../native/abi.ts";
import { check } from "../native/status.ts";
import type { Buckets } from "./buckets.ts";
import { FieldStats, type StatsOptions } from "./field_stats.ts";

const pagesAtFirst = 16;

/** What has been counted of some fields, up to the same place of the stream. */
class Accumulator {
  readonly #cells: Int32Array;
  readonly #summaries: Float64Array;
  readonly #indexes: Uint32Array;
  #pages = new Float64Array(pagesAtFirst * pageLength);
  readonly #progress = new Float64Array(progress.length);

  constructor(readonly fields: readonly Field[]) {
    this.#cells = packCells(fields);
    this.#indexes = new Uint32Array(indexLength * fields.length);
    this.#summaries = new Float64Array(summary.length * fields.length);
    for (let i = 0; i < fields.length; i++) {
      const at = summary.length * i;
      this.#summaries[at + summary.moments + moments.scale] = momentScales[0];
      this.#summaries[at + summary.min] = Infinity;
      this.#summaries[at + summary.max] = -Infinity;
    }
  }

  /** Counts what is committed and was not counted before: one pass, unless pages run out. */
  advance(connection: Connection): void {
    do {
      const code = connection.tables.statistics.ss_statistics_add(
        connection.store,
        this.#cells,
        this.fields.length,
        this.#summaries,
        this.#indexes,
        this.#pages,
        this.#pages.length / pageLength,
        this.#progress,
      );
      check(code, "Cannot take statistics");
      if (this.#progress[progress.isDone] === 0) this.#enlarge();
    } while (this.#progress[progress.isDone] === 0);
  }

  /** A copy of what is counted of a field. */
  statsOf(field: Field): FieldStats {
    const position = this.fields.indexOf(field);
    const at = summary.length * position;
    const counted = this.#summaries.slice(at, at + summary.length);
    const rowCount = this.#progress[progress.rowCount];
    return new FieldStats({
      rowCount,
      missing: rowCount - counted[summary.rowCount],
      nonFinite: counted[summary.nonFinite],
      min: counted[summary.min],
      max: counted[summary.max],
      moments: counted.slice(summary.moments, summary.moments + moments.length),
      buckets: this.#bucketsOf(this.#indexes.subarray(indexLength * position, indexLength * (position + 1))),
    });
  }

  #enlarge(): void {
    const pages = new Float64Array(2 * this.#pages.length);
    pages.set(this.#pages);
    this.#pages = pages;
  }

  /** The buckets with values in ascending order: negative ones from the largest exponent down, zero, positive ones. */
  #bucketsOf(index: Uint32Array): Buckets {
    const keys: number[] = [];
    const counts: number[] = [];
    const note = (key: number, count: number) => {
      if (count === 0) return;
      keys.push(key);
      counts.push(count);
    };
    const pageOf = (place: number) =>
      this.#pages.subarray((index[place] - 1) * pageLength, index[place] * pageLength);
    const half = zeroPage / 2;
    for (let exponent = half - 1; exponent >= 0; exponent--) {
      if (index[half + exponent] === 0) continue;
      const page = pageOf(half + exponent);
      for (let i = pageLength - 1; i >= 0; i--) note(-(1 + exponent * pageLength + i), page[i]);
    }
    if (index[zeroPage] > 0) note(0, pageOf(zeroPage)[0]);
    for (let exponent = 0; exponent < half; exponent++) {
      if (index[exponent] === 0) continue;
      const page = pageOf(exponent);
      for (let i = 0; i < pageLength; i++) note(1 + exponent * pageLength + i, page[i]);
    }
    return { keys: Int32Array.from(keys), counts: Float64Array.from(counts) };
  }
}

/** The statistics of a store's fields, kept from one call to the next. */
export class Statistics {
  readonly #accumulators: Accumulator[] = [];

  constructor(private readonly connection: Connection) {}

  /**
   * Of each field, in one pass for those that were first asked for together. Fields must be in field order.
   */
  take(fields: readonly Field[]): FieldStats[] {
    const unknown = fields.filter((field) =>
      !this.#accumulators.some((known) => known.fields.includes(field))
    );
    for (let at = 0; at < unknown.length; at += fieldsMax) {
      this.#accumulators.push(new Accumulator(unknown.slice(at, at + fieldsMax)));
    }
    const asked = this.#accumulators.filter((known) => known.fields.some((field) => fields.includes(field)));
    for (const accumulator of asked) accumulator.advance(this.connection);
    return fields.map((field) => asked.find((known) => known.fields.includes(field))!.statsOf(field));
  }
}

const statisticsOf = (session: Session) => new Statistics(session.connection);

/** The statistics of a store's fields, as {@linkcode StreamStore.stats} says. */
export function takeStats(
  session: Session,
  options: StatsOptions = {},
): Readonly<Record<string, FieldStats>> {
  session.connection.checkOpen("take statistics");
  checkOptions(options, ["fields"], "take statistics");
  // Also where only an empty list is new, which changes neither number.
  session.commit("take statistics");
  const names: readonly string[] = options.fields ?? session.fields.map(({ name }) => name);
  if (!Array.isArray(names)) {
    throw new TypeError(`Cannot take statistics: fields must be a list of names, got ${describe(names)}`);
  }
  const unknown = names.findIndex((name) => session.fields.every((field) => field.name !== name));
  if (unknown >= 0) {
    const known = session.fields.map(({ name }) => name).join(", ");
    throw new TypeError(
      `Cannot take statistics: fields[${unknown}] must be among ${known}, got ${describe(names[unknown])}`,
    );
  }
  const fields = session.fields.filter(({ name }) => names.includes(name));
  const taken = session.kept(statisticsOf).take(fields);
  return Object.fromEntries(fields.map(({ name }, i) => [name, taken[i]]));
}
