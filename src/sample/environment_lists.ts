/** Where the rows of each environment stand in a store, in arrays that calls of the library take. */
import { environmentBlock, environmentBlockRows, environmentPart, environmentSizes } from "../native/abi.ts";
import type { LaterTables } from "../native/runtime.ts";
import { check } from "../native/status.ts";
import { grown } from "./episode_starts.ts";
import type { Places } from "./space.ts";

/** One environment: its episodes, and what its last row has left behind. */
export class Environment {
  /** The positions with which episodes begin; `episodes` of them are in use. */
  origins: BigUint64Array<ArrayBuffer> = new BigUint64Array(4);
  episodes = 0;
  lastRow = -1;
  /** Whether its next row begins an episode. */
  isOver = false;

  begin(position: number): void {
    if (this.episodes === this.origins.length) this.origins = grown(this.origins, this.episodes);
    this.origins[this.episodes++] = BigInt(position);
  }
}

/**
 * The rows of environments by positions: places among the rows of one, from 0. They stand in blocks of so many. Of a block
 * whose rows are as far from one another, as where environments come in turn, only the first and the distance are kept.
 */
export class RowLists {
  parts: Float64Array<ArrayBuffer> = new Float64Array(environmentPart.length);
  blocks: Float64Array<ArrayBuffer> = new Float64Array(environmentBlock.length * 64);
  /** The rows of blocks in which the distance varies. */
  listed: Float64Array<ArrayBuffer> = new Float64Array(environmentBlockRows);
  readonly sizes: Float64Array<ArrayBuffer> = new Float64Array(environmentSizes.length);
  /** Blocks that each environment has room for; those of all; and the rows that are listed. */
  readonly #rooms: number[] = [];
  #blocksEnd = 0;
  #listedEnd = 0;
  /** Where rows stood in the list that were dropped. */
  readonly #free: number[] = [];

  get environments(): number {
    return this.sizes[environmentSizes.partCount];
  }

  /** Rows of an environment, those that were let go among them. */
  countOf(environment: number): number {
    return this.parts[environment * environmentPart.length + environmentPart.count];
  }

  /** The first position whose row is known. */
  baseOf(environment: number): number {
    return this.parts[environment * environmentPart.length + environmentPart.base];
  }

  /** The blocks of an environment, and where they stand. */
  blocksOf(environment: number): { readonly first: number; readonly count: number } {
    const held = this.countOf(environment) - this.baseOf(environment);
    const first = this.parts[environment * environmentPart.length + environmentPart.blockFirst];
    return { first, count: Math.ceil(held / environmentBlockRows) };
  }

  /** Adds a row of an environment that is known, or of the next one, which comes after all others. */
  add(environment: number, row: number, firstHeld: number): void {
    if (environment === this.environments) this.#addPart();
    const at = this.countOf(environment) - this.baseOf(environment);
    const inBlock = at % environmentBlockRows;
    if (inBlock === 0) this.#begin(environment, row, firstHeld);
    else this.#continue(this.#blockAt(environment, at - inBlock), inBlock, row);
    this.parts[environment * environmentPart.length + environmentPart.count]++;
  }

  rowOf(environment: number, position: number): number {
    const at = position - this.baseOf(environment);
    const inBlock = at % environmentBlockRows;
    const block = this.#blockAt(environment, at - inBlock);
    const step = this.blocks[block + environmentBlock.step];
    return step >= 0
      ? this.blocks[block + environmentBlock.row] + step * inBlock
      : this.listed[-1 - step + inBlock];
  }

  /** How many rows of an environment stand before one of the store. */
  positionOf(environment: number, row: number): number {
    let [low, high] = [this.baseOf(environment), this.countOf(environment)];
    if (high > low && this.rowOf(environment, high - 1) < row) return high;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.rowOf(environment, middle) < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The row at each offset of the anchors of windows, one after another; where an offset leads out of a window -1 - the
   * nearest row of it.
   */
  rowsOf(
    native: LaterTables["environments"],
    { sources, anchors, starts, lengths }: Places,
    count: number,
    offsets: Int32Array,
    out: Float64Array,
  ): void {
    const code = native.ss_environments_rows(
      this.sizes,
      this.parts,
      this.blocks,
      this.listed,
      sources,
      anchors,
      starts,
      lengths,
      count,
      offsets,
      offsets.length,
      out,
    );
    check(code, "Cannot locate windows");
  }

  /** What there was, as `blocksOf` tells it: the rows of an environment before its end are known by its blocks alone. */
  restore(
    environment: number,
    base: number,
    count: number,
    blocks: Float64Array,
    listed: Float64Array,
  ): void {
    this.#addPart();
    const room = Math.max(4, 2 * blocks.length / environmentBlock.length);
    this.#place(environment, room);
    const { first } = this.blocksOf(environment);
    const part = environment * environmentPart.length;
    this.parts[part + environmentPart.base] = base;
    this.parts[part + environmentPart.count] = count;
    this.blocks.set(blocks, environmentBlock.length * first);
    let taken = 0;
    for (let i = 0; i < blocks.length; i += environmentBlock.length) {
      if (blocks[i + environmentBlock.step] >= 0) continue;
      const at = this.#takeListed();
      this.listed.set(listed.subarray(taken, taken += environmentBlockRows), at);
      this.blocks[environmentBlock.length * first + i + environmentBlock.step] = -1 - at;
    }
  }

  /** Where the block stands that begins so many rows after the first that is known. */
  #blockAt(environment: number, rows: number): number {
    const first = this.parts[environment * environmentPart.length + environmentPart.blockFirst];
    return environmentBlock.length * (first + rows / environmentBlockRows);
  }

  #addPart(): void {
    const environment = this.sizes[environmentSizes.partCount]++;
    const end = (environment + 1) * environmentPart.length;
    if (end > this.parts.length) this.parts = enlarged(this.parts, 2 * end);
    this.#rooms.push(0);
  }

  #continue(block: number, inBlock: number, row: number): void {
    const { blocks } = this;
    const step = blocks[block + environmentBlock.step];
    const first = blocks[block + environmentBlock.row];
    if (step < 0) this.listed[-1 - step + inBlock] = row;
    else if (inBlock === 1) blocks[block + environmentBlock.step] = row - first;
    else if (row !== first + step * inBlock) {
      const at = this.#takeListed();
      for (let i = 0; i < inBlock; i++) this.listed[at + i] = first + step * i;
      this.listed[at + inBlock] = row;
      blocks[block + environmentBlock.step] = -1 - at;
    }
  }

  #begin(environment: number, row: number, firstHeld: number): void {
    if (this.blocksOf(environment).count === this.#rooms[environment]) this.#makeRoom(environment, firstHeld);
    const { first, count } = this.blocksOf(environment);
    const block = environmentBlock.length * (first + count);
    this.blocks[block + environmentBlock.row] = row;
    this.blocks[block + environmentBlock.step] = 0;
  }

  #takeListed(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const at = this.#listedEnd;
    this.#listedEnd += environmentBlockRows;
    if (this.#listedEnd > this.listed.length) this.listed = enlarged(this.listed, 2 * this.#listedEnd);
    this.sizes[environmentSizes.listedCount] = this.listed.length;
    return at;
  }

  /** Rows that were dropped are let go. What was moved leaves a gap: once those fill the array all is moved. */
  #makeRoom(environment: number, firstHeld: number): void {
    this.#letGo(environment, firstHeld);
    const room = Math.max(4, 2 * this.blocksOf(environment).count);
    if (environmentBlock.length * (this.#blocksEnd + room) <= this.blocks.length) {
      return this.#place(environment, room);
    }
    const before = this.blocks;
    this.#blocksEnd = 0;
    let needed = room;
    for (let each = 0; each < this.environments; each++) {
      this.#letGo(each, firstHeld);
      needed += Math.max(4, 2 * this.blocksOf(each).count);
    }
    this.blocks = new Float64Array(environmentBlock.length * 2 * needed);
    for (let each = 0; each < this.environments; each++) {
      this.#place(each, Math.max(4, 2 * this.blocksOf(each).count), before);
    }
  }

  /** Gives an environment room at the end, and moves its blocks there. */
  #place(environment: number, room: number, from = this.blocks): void {
    const { first, count } = this.blocksOf(environment);
    const end = environmentBlock.length * (this.#blocksEnd + room);
    if (end > this.blocks.length) this.blocks = enlarged(this.blocks, 2 * end);
    const moved = from.subarray(environmentBlock.length * first, environmentBlock.length * (first + count));
    this.blocks.set(moved, environmentBlock.length * this.#blocksEnd);
    this.parts[environment * environmentPart.length + environmentPart.blockFirst] = this.#blocksEnd;
    this.#rooms[environment] = room;
    this.#blocksEnd += room;
    this.sizes[environmentSizes.blockCount] = this.blocks.length / environmentBlock.length;
  }

  /** Whole blocks, of which the last one's rows were dropped as well; the last of all is kept. */
  #letGo(environment: number, firstHeld: number): void {
    const { first, count } = this.blocksOf(environment);
    const part = environment * environmentPart.length;
    let gone = 0;
    for (; gone + 1 < count; gone++) {
      const next = environmentBlock.length * (first + gone + 1);
      if (this.blocks[next + environmentBlock.row] > firstHeld) break;
      const step = this.blocks[next - environmentBlock.length + environmentBlock.step];
      if (step < 0) this.#free.push(-1 - step);
    }
    this.parts[part + environmentPart.blockFirst] += gone;
    this.parts[part + environmentPart.base] += gone * environmentBlockRows;
    this.#rooms[environment] -= gone;
  }
}

function enlarged(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
