/** What collectors and trainers have told, as a line: how much there is, what came since the last, and how far behind it is. */
import type { TrainerReport } from "./trainer.ts";

interface Totals {
  readonly at: number;
  readonly collected: number;
  readonly arrived: number;
  readonly windows: number;
}

export class Progress {
  readonly rows: number[];
  readonly #reports: TrainerReport[];
  #ages: number[] = [];
  #begunAt = performance.now();
  #before: Totals = { at: this.#begunAt, collected: 0, arrived: 0, windows: 0 };

  constructor(collectors: number, trainers: number) {
    this.rows = Array.from({ length: collectors }, () => 0);
    this.#reports = Array.from({ length: trainers }, () => ({ rows: 0, windows: 0, ages: [] }));
  }

  collected(collector: number, rows: number): void {
    this.rows[collector] = rows;
  }

  trained(trainer: number, report: TrainerReport): void {
    this.#reports[trainer] = report;
    this.#ages.push(...report.ages);
  }

  /** Every collector has rows, and every trainer has drawn. From then on it counts. */
  get haveBegun(): boolean {
    if (!this.rows.every((rows) => rows > 0) || !this.#reports.every(({ windows }) => windows > 0)) {
      return false;
    }
    this.#begunAt = performance.now();
    this.#before = this.#totals();
    this.#ages = [];
    return true;
  }

  /** Since the last one. */
  line(): string {
    const totals = this.#totals();
    const { at, collected, arrived, windows } = this.#before;
    const rate = (count: number) => Math.round(1000 * count / (totals.at - at)).toLocaleString("en-US");
    this.#before = totals;
    const ages = this.#ages.splice(0).sort((a, b) => a - b);
    const age = (share: number) =>
      ages.length === 0 ? "-" : Math.round(ages[Math.floor(share * (ages.length - 1))]);
    return [
      `${Math.round((totals.at - this.#begunAt) / 1000)} s:`.padStart(6),
      `${rate(totals.collected - collected)} rows/s collected,`,
      `${rate(totals.arrived - arrived)} at each trainer,`,
      `${age(0.5)} ms behind (p99 ${age(0.99)}),`,
      `${rate(totals.windows - windows)} windows/s drawn`,
    ].join(" ");
  }

  #totals(): Totals {
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    return {
      at: performance.now(),
      collected: sum(this.rows),
      arrived: sum(this.#reports.map(({ rows }) => rows)) / this.#reports.length,
      windows: sum(this.#reports.map(({ windows }) => windows)),
    };
  }
}
