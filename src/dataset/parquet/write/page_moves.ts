/** Where the pages of one file are after their headers have grown, in another. */
export class PageMoves {
  /** Where each page began, in order, and by how much what follows its header has moved. */
  readonly #starts: number[] = [];
  readonly #distances: number[] = [];

  /** What stands before the first page's header has moved by `distance`. */
  constructor(private readonly distance: number) {}

  /** The header of the page that began at `start` has so many bytes more. */
  add(start: number, byteCount: number): void {
    this.#distances.push((this.#distances.at(-1) ?? this.distance) + byteCount);
    this.#starts.push(start);
  }

  /** Where a page is that began at an offset; or where, for the offset behind a page, it ends. */
  moved(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle] < offset) low = middle + 1;
      else high = middle;
    }
    return offset + (low === 0 ? this.distance : this.#distances[low - 1]);
  }
}
