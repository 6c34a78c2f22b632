import type { Shard } from "./options.ts";

/** From where so many draws of all shards still have indices that are exact: they are whole numbers below 2 ** 53. */
export function lastPosition(draws: number): number {
  return Number.MAX_SAFE_INTEGER - draws;
}

/**
 * Where a sampler stands in the global order of draws, which all shards share: draw `i` belongs to the shard with
 * `index` = `i` modulo `count`. Nothing else depends on the shard, so an order can be gone on with by other shards.
 */
export class Cursor {
  /** Draws before this one have been made, if every shard has made as many as this one. */
  position = 0;

  constructor(public shard: Shard) {}

  /** The global index of this shard's next draw. */
  index(): number {
    const { index, count } = this.shard;
    const offset = (((index - this.position) % count) + count) % count;
    return this.position + offset;
  }

  /** How many of this shard's next draws stand before a global index. */
  countBefore(end: number): number {
    return Math.max(0, Math.ceil((end - this.index()) / this.shard.count));
  }

  advance(draws: number): void {
    this.position += draws * this.shard.count;
  }

  /** The global indices of the next draws, less `base`. @throws {RangeError} If they would not be exact any more. */
  fill(indices: Float64Array, count: number, base = 0): void {
    const positionMax = lastPosition(count * this.shard.count);
    if (this.position > positionMax) {
      throw new RangeError(
        `Cannot sample: the position of ${count} draws must be <= ${positionMax}, got ${this.position}`,
      );
    }
    const first = this.index() - base;
    for (let i = 0; i < count; i++) indices[i] = first + i * this.shard.count;
  }
}
