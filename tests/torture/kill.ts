/** Kill rounds: a writer is killed at a random moment, its store opened again and compared with what it acknowledged. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { type Retain, StreamStore } from "../../mod.ts";
import { unfinished } from "../../src/store/durable_file.ts";
import { Random } from "../support/support.ts";
import { Child } from "./child.ts";
import {
  compareColumns,
  compareEnd,
  compareRows,
  type Content,
  countWhole,
  fieldsBy,
  type Widths,
} from "./content.ts";
import { compareExtras, compareOpenRow } from "./extras_content.ts";
import type { WriterRequest } from "./kill_writer.ts";

/** What rounds add up to. */
export class KillFigures {
  kills = 0;
  /** Those that came before the writer had opened its store. */
  earlyKills = 0;
  stores = 0;
  stepsAcknowledged = 0;
  stepsCompared = 0;
  stepsRecovered = 0;
  sessionsCompared = 0;
  /** Rows in stores whose rows are alike, and so in blocks of one layout, and rows that were dropped. */
  rowsAlike = 0;
  rowsDropped = 0;
}

/** Stores of this many rows or rounds are left, so that creation is killed too and comparing stays cheap. */
const rowsMax = 150_000;
const roundsMax = 12;

/** One store after another in a directory, each written by one killed process after another. */
export class KillLane {
  readonly #random: Random;
  #store = 0;
  #round = 0;
  /** Steps of this store that a writer acknowledged, and those found whole. */
  #acknowledged = 0;
  #compared = 0;
  #capacity = 0;
  #widths: Widths = "wide";
  #retain?: Retain;
  #hasExtras = false;
  #firstBlocks?: number;
  /** The rows that writers of this store found, of whom some have begun more. */
  #begun: number[] = [];
  /** Writers that died before they said what they found, who may have begun rows all the same. */
  #unheardCount = 0;
  /** Milliseconds that a writer takes to open a store, about. */
  #startMs = 100;

  constructor(
    private readonly directory: string,
    readonly seed: number,
    private readonly figures: KillFigures,
  ) {
    this.#random = new Random(seed);
    mkdirSync(directory, { recursive: true });
    this.#beginStore();
  }

  /** One writer, started and killed. Throws where something is lost, torn or invented, with the seed to repeat it. */
  async run(): Promise<void> {
    const request = this.#request();
    try {
      const isKilledEarly = await this.#killOne(request);
      this.figures.kills++;
      if (isKilledEarly) this.figures.earlyKills++;
      // Every other time the next writer finds what this one left, and not what a check has recovered.
      const isLast = ++this.#round >= roundsMax || this.#acknowledged > rowsMax;
      if (isLast || this.#random.below(2) === 0) await this.#compare(isLast);
      if (isLast) this.#beginStore();
    } catch (error) {
      const where = `lane seed ${this.seed}, store ${this.#store}, round ${this.#round}`;
      throw new Error(`${where}, writer ${JSON.stringify(request)}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  get #path(): string {
    return `${this.directory}/run-${this.#store}.stream`;
  }

  #beginStore(): void {
    rmSync(this.#path, { recursive: true, force: true });
    this.#store++;
    this.#round = this.#acknowledged = this.#compared = 0;
    this.#begun = [];
    this.#unheardCount = 0;
    this.#capacity = [100, 1000, 5000, 1_000_000][this.#random.below(4)];
    this.#widths = (Object.keys(fieldsBy) as Widths[])[this.#random.below(5)];
    this.#retain = this.#random.below(4) === 0 ? { rows: 1 + this.#random.below(5000) } : undefined;
    // The rows of a store of one field would have them under the name of a field of others.
    this.#hasExtras = this.#widths !== "single" && this.#random.below(3) === 0;
    const isFilled = !this.#hasExtras && this.#widths === "alike" || this.#widths === "single";
    // More rows than blocks of one layout have, and now and then more tokens than the files of a store that drops rows.
    this.#firstBlocks = isFilled ? this.#random.below(this.#random.below(3) === 0 ? 1500 : 300) : undefined;
    this.figures.stores++;
  }

  #request(): WriterRequest {
    const [seed, schedule] = [this.#random.below(2 ** 31), this.#random.below(5)];
    const request = {
      path: this.#path,
      seed,
      capacity: this.#capacity,
      widths: this.#widths,
      retain: this.#retain,
      splits: true,
      firstBlocks: this.#firstBlocks,
      hasExtras: this.#hasExtras,
    };
    if (!this.#hasExtras && this.#random.below(8) === 0) return { ...request, usesDatasets: true };
    if (schedule === 0) return { ...request, commitEvery: { steps: 1 + this.#random.below(100) } };
    if (schedule === 1) return { ...request, syncEvery: { steps: 2000 } };
    return request;
  }

  /** Returns whether the writer died before it said anything. */
  async #killOne(request: WriterRequest): Promise<boolean> {
    const started = performance.now();
    const child = new Child("kill_writer.ts", request);
    if (this.#random.below(5) === 0) {
      await wait(this.#random.float() * 1.3 * this.#startMs);
    } else {
      await child.waitForLines(1);
      this.#startMs = 0.8 * this.#startMs + 0.2 * (performance.now() - started);
      // Mostly soon after the start, and sometimes long after it.
      await wait(30 * this.#random.float() ** 3);
    }
    const end = await child.kill();
    assert.equal(end, "SIGKILL", `the writer ended by itself: ${child.errors}`);
    assert.equal(child.errors, "");
    if (child.lineCount === 0) {
      this.#unheardCount++;
      return true;
    }
    const acknowledged = Number(child.line);
    this.#noteBegun(Number(child.firstLine));
    assert.ok(
      acknowledged >= this.#acknowledged,
      `${acknowledged} steps, ${this.#acknowledged} acknowledged before`,
    );
    this.figures.stepsAcknowledged += acknowledged - this.#acknowledged;
    this.#acknowledged = acknowledged;
    return false;
  }

  async #compare(isLast: boolean): Promise<void> {
    if (this.#acknowledged === 0 && !existsSync(this.#path)) return;
    if (this.#random.below(3) === 0) this.#compareCommitted();
    using store = StreamStore.open(this.#path, { fields: fieldsBy[this.#widths] }) as Content;
    const { rowCount } = store;
    assert.ok(
      rowCount >= this.#acknowledged,
      `${this.#acknowledged} steps are acknowledged, ${rowCount} are there`,
    );
    compareEnd(rowCount);
    const wholeCount = countWhole(store);
    this.figures.stepsCompared += this.#compareRows(
      store,
      Math.max(store.firstRow, this.#compared),
      wholeCount,
    );
    this.figures.stepsRecovered += store.recovery.recoveredRows;
    const { cutRows, cutWrites } = store.recovery;
    assert.deepEqual({ cutRows, cutWrites }, { cutRows: 0, cutWrites: 0 });
    this.#acknowledged = rowCount;
    this.#compared = wholeCount;
    if (this.#retain === undefined) assert.equal(store.firstRow, 0);
    else this.#compareRetained(store, this.#retain.rows!);
    this.#compareSessions(store);
    if (isLast) await this.#compareWhole(store);
  }

  /** One that found as many rows as the one before it has taken that one's place. */
  #noteBegun(row: number): void {
    if (this.#begun.at(-1) !== row) this.#begun.push(row);
  }

  #compareSessions(store: Content): void {
    const { firstRow, rowCount, sessions } = store;
    const expected = this.#begun.filter((row) => row >= firstRow && row < rowCount);
    assert.deepEqual(sessions.filter((row) => expected.includes(row)), expected);
    const others = sessions.length - expected.length;
    assert.ok(others <= this.#unheardCount, `${others} sessions of ${this.#unheardCount} writers`);
    this.figures.sessionsCompared += expected.length;
  }

  /** What a reader sees of a store whose writer is dead. */
  #compareCommitted(): void {
    using reader: Content = StreamStore.open(this.#path, { mode: "read" });
    const wholeCount = countWhole(reader);
    this.#compareRows(reader, Math.min(Math.max(this.#compared, reader.firstRow), wholeCount), wholeCount);
  }

  #compareRows(store: Content, from: number, to: number): number {
    if (this.#hasExtras) {
      compareExtras(store, from, to);
      if (to < store.rowCount) compareOpenRow(store, to);
    }
    return compareRows(store, from, to);
  }

  /** At least what is asked for is kept. */
  #compareRetained({ firstRow, rowCount }: Content, rows: number): void {
    assert.ok(firstRow <= Math.max(0, rowCount - rows), `${rowCount - firstRow} rows are kept of ${rows}`);
  }

  async #compareWhole(store: Content): Promise<void> {
    const { firstRow, rowCount } = store;
    const wholeCount = countWhole(store);
    this.figures.stepsCompared += this.#compareRows(store, firstRow, wholeCount);
    if (wholeCount === rowCount) compareColumns(store, firstRow, rowCount);
    this.figures.rowsDropped += firstRow;
    if (this.#widths === "alike") this.figures.rowsAlike += rowCount - firstRow;
    const { damaged } = await store.verify();
    assert.deepEqual(damaged, []);
    const last = rowCount - 1;
    if (last >= 0) assert.equal(store.rowOfStep(last), last);
    // A writer that was killed while it created a store leaves its staging directory; the store itself leaves nothing.
    const names = readdirSync(this.#path).filter((name) => (unfinished(name) ?? name) !== "store.json");
    // Of one that drops rows each file may be in several, which are numbered.
    const files = new Set(names.map((name) => name.replace(/\.\d+$/, "")));
    // It has none of those before it has a row.
    const own = (name: string) => !/^extra\.\d/.test(name);
    // Segments of extras come with the first value of each.
    if (this.#hasExtras && this.#retain === undefined) {
      assert.deepEqual([...files].filter((name) => !own(name)).sort(), [
        "extra.0.bytes",
        "extra.0.ends",
        "extra.1.bytes",
        "extra.1.ends",
      ]);
    }
    const sums = this.#hasExtras ? ["extra.sums"] : [];
    if (this.#retain !== undefined && rowCount === 0) {
      return assert.deepEqual([...files].sort(), ["blocks", ...sums, "head", "sums"]);
    }
    assert.deepEqual([...files].filter(own).sort(), [
      "blocks",
      {
        wide: "data.f64",
        narrow: "data.f32",
        alike: "data.f32",
        uint16: "data.u16",
        single: "data.u16",
      }[this.#widths],
      ...sums,
      "head",
      "marks",
      "row.u64",
      "step.i64",
      "sums",
      ...(this.#widths === "single" ? [] : ["type.u8"]),
    ]);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
