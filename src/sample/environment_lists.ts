/** Where the rows of each environment stand in a store, in arrays that calls of the library take. */
import {
  environmentAddition,
  environmentBegun,
  environmentBlock,
  environmentBlockRows,
  environmentNeed,
  environmentPart,
  environmentSizes,
} from "../native/abi.ts";
import type { LaterTables } from "../native/runtime.ts";
import { check } from "../native/status.ts";
import { grown } from "./episode_starts.ts";
import type { Places } from "./space.ts";

/** The episodes of one environment. */
export class Environment {
  /** The positions with which episodes begin; `episodes` of them are in use. */
  origins: BigUint64Array<ArrayBuffer> = new BigUint64Array(4);
  episodes = 0;

  begin(position: number): void {
    if (this.episodes === this.origins.length) this.origins = grown(this.origins, this.episodes);
    this.origins[this.episodes++] = BigInt(position);
  }
}

/** Rows that are added by one call. */
const rowsPerCall = 1 << 12;
/** Episodes that begin with them, until the call's caller has taken them. */
const begun = new Float64Array(environmentBegun.length * rowsPerCall);

/** Which rows are added: from `row` on; those before `listedRow` are known, and before `endRow` the last of all. */
interface AddedRows {
  readonly row: number;
  readonly listedRow: number;
  readonly endRow: number;
  /** Before this one another writer began; 0 where that ends no episode. */
  readonly sessionRow: number;
  /** Rows before this one were dropped. */
  readonly firstHeld: number;
}

/** What is known of an environment besides its blocks: as in the parts. */
type KnownRows = Readonly<Record<"base" | "count" | "lastRow" | "isOver", number>>;

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
  /** Where the blocks end that environments have room for, and the rows that are listed. */
  #blocksEnd = 0;
  #listedEnd = 0;
  /** Where rows stood in the list that were dropped. */
  readonly #free: number[] = [];
  readonly #addition = new Float64Array(environmentAddition.length);

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

  /** The last row of an environment, and whether its next one begins an episode. */
  lastRowOf(environment: number): number {
    return this.parts[environment * environmentPart.length + environmentPart.lastRow];
  }

  isOver(environment: number): boolean {
    return this.parts[environment * environmentPart.length + environmentPart.isOver] === 1;
  }

  /** Another environment, which has no row yet. */
  addEnvironment(): void {
    const environment = this.sizes[environmentSizes.partCount]++;
    const end = (environment + 1) * environmentPart.length;
    if (end > this.parts.length) this.parts = enlarged(this.parts, 2 * end);
    this.parts[environment * environmentPart.length + environmentPart.lastRow] = -1;
  }

  /**
   * Adds the rows from `row` on, for each of which a scan gave a word; those before `listedRow` are in the lists, and only
   * end episodes. Calls back with the positions at which episodes of environments begin.
   */
  add(
    native: LaterTables["environments"],
    words: Uint32Array,
    { row, firstHeld, ...limits }: AddedRows,
    begin: (environment: number, position: number) => void,
  ): void {
    const addition = this.#addition;
    addition[environmentAddition.listedRow] = limits.listedRow;
    addition[environmentAddition.endRow] = limits.endRow;
    addition[environmentAddition.sessionRow] = limits.sessionRow;
    for (let done = 0; done < words.length;) {
      const left = Math.min(words.length - done, rowsPerCall);
      addition[environmentAddition.row] = row + done;
      const code = native.ss_environments_add(
        this.sizes,
        this.parts,
        this.blocks,
        this.listed,
        addition,
        words.subarray(done),
        left,
        begun,
      );
      check(code, "Cannot find the episodes");
      const begunEnd = environmentBegun.length * addition[environmentAddition.begunCount];
      for (let at = 0; at < begunEnd; at += environmentBegun.length) {
        begin(begun[at + environmentBegun.environment], begun[at + environmentBegun.position]);
      }
      done += addition[environmentAddition.rowCount];
      const need = addition[environmentAddition.need];
      if (need === environmentNeed.block) this.#makeRoom(words[done] >>> 1, firstHeld);
      else if (need === environmentNeed.listed) this.#makeListed();
    }
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
    { base, count, lastRow, isOver }: KnownRows,
    blocks: Float64Array,
    listed: Float64Array,
  ): void {
    this.addEnvironment();
    const room = Math.max(4, 2 * blocks.length / environmentBlock.length);
    this.#place(environment, room);
    const { first } = this.blocksOf(environment);
    const part = environment * environmentPart.length;
    this.parts[part + environmentPart.base] = base;
    this.parts[part + environmentPart.count] = count;
    this.parts[part + environmentPart.lastRow] = lastRow;
    this.parts[part + environmentPart.isOver] = isOver;
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

  /** The next blocks whose rows are listed take the place of one that was let go, or what is free at the end. */
  #makeListed(): void {
    const free = this.#free.pop();
    const first = free ?? this.#listedEnd;
    if (first === this.listed.length) this.listed = enlarged(this.listed, 2 * this.listed.length);
    this.sizes[environmentSizes.listedCount] = this.listed.length;
    const end = free === undefined ? this.listed.length : free + environmentBlockRows;
    this.#listedEnd = Math.max(this.#listedEnd, end);
    this.#addition[environmentAddition.listedNext] = first;
    this.#addition[environmentAddition.listedEnd] = end;
  }

  #takeListed(): number {
    const addition = this.#addition;
    const at = environmentAddition.listedNext;
    if (addition[at] === addition[environmentAddition.listedEnd]) this.#makeListed();
    addition[at] += environmentBlockRows;
    return addition[at] - environmentBlockRows;
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
    this.parts[environment * environmentPart.length + environmentPart.blocksMax] = room;
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
    this.parts[part + environmentPart.blocksMax] -= gone;
  }
}

function enlarged(from: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
