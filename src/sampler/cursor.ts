import type { Shard } from "./options.ts";

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

  /** The global indices of the next draws, less `base`. */
  fill(indices: Float64Array, count: number, base = 0): void {
    const first = this.index() - base;
    for (let i = 0; i < count; i++) indices[i] = first + i * this.shard.count;
  }
}
