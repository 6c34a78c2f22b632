/** The episodes of a list, a number of each in a column: a million of them take 40 MB. */

/** What is known of each. */
const names = ["firstRow", "endRow", "length", "sum", "environment"] as const;
type Name = typeof names[number];

export class EpisodeColumns {
  readonly #columns: Record<Name, Float64Array<ArrayBuffer>> = {
    firstRow: new Float64Array(64),
    endRow: new Float64Array(64),
    length: new Float64Array(64),
    sum: new Float64Array(64),
    /** Its place among the environments that are known. */
    environment: new Float64Array(64),
  };
  /** How many were taken out at the beginning. */
  base = 0;
  /** The place after the last. */
  end = 0;

  get(name: Name, place: number): number {
    return this.#columns[name][place - this.base];
  }

  set(name: Name, place: number, value: number): void {
    this.#columns[name][place - this.base] = value;
  }

  /** Adds one that has no rows yet, and returns its place. */
  add(firstRow: number, environment: number): number {
    const at = this.end - this.base;
    if (at === this.#columns.firstRow.length) this.#grow();
    const values = { firstRow, endRow: firstRow, length: 0, sum: 0, environment };
    for (const name of names) this.#columns[name][at] = values[name];
    return this.end++;
  }

  /** Adds a row to one. */
  extend(place: number, row: number, value: number): void {
    const { endRow, length, sum } = this.#columns;
    const at = place - this.base;
    endRow[at] = row + 1;
    length[at]++;
    sum[at] += value;
  }

  /** Takes out those before a place. */
  dropBefore(place: number): void {
    for (const name of names) {
      this.#columns[name].copyWithin(0, place - this.base, this.end - this.base);
    }
    this.base = place;
  }

  #grow(): void {
    for (const name of names) {
      const grown = new Float64Array(2 * this.#columns[name].length);
      grown.set(this.#columns[name]);
      this.#columns[name] = grown;
    }
  }
}
