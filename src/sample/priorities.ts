/** Priorities by position, and draws that follow them: the native sum tree of zig/src/sample/priorities.zig. */
import { describe } from "../fields.ts";
import {
  priorityFanout,
  priorityFill,
  priorityRefusal,
  priorityReport,
  priorityTree,
} from "../native/abi.ts";
import { runtime } from "../native/load.ts";
import { check, status } from "../native/status.ts";
import { type List, readNumbers } from "../typed_array.ts";
import { damaged, type SavedPriorities } from "./priorities_file.ts";

const capacityMin = 1024;

/** How many nodes a tree over so many leaves has: each level is filled up to whole blocks of children. */
function nodeCount(capacity: number): number {
  let count = capacity;
  for (let size = capacity; size > 1;) {
    const parents = size / priorityFanout;
    size = parents === 1 ? 1 : Math.ceil(parents / priorityFanout) * priorityFanout;
    count += size;
  }
  return count;
}

/**
 * Priorities of windows, by the position (row or token) that stands for each. A position is known once it is filled; a
 * draw takes it with the probability `priority ** alpha / total`.
 */
export class Priorities {
  readonly alpha: number;
  #nodes = new Float64Array(nodeCount(capacityMin));
  #capacity = capacityMin;
  /** The positions of the first leaf, of the first that is held, and the one after the last. */
  #base = 0;
  #first = 0;
  #end = 0;
  #count = 0;
  #max = 1;
  readonly #report = new Float64Array(priorityReport.length);
  /** What the library is given, and overwrites. */
  #ids = new Float64Array(0);
  #values = new Float64Array(0);
  /** Where in the caller's lists the ids stand. */
  #places = new Float64Array(0);

  /**
   * @param options `alpha`: 0 draws uniformly, 1 in proportion to the priorities.
   * @throws {RangeError} If alpha is no finite number from 0 up.
   */
  constructor({ alpha }: { readonly alpha: number }) {
    if (typeof alpha !== "number" || !(alpha >= 0 && alpha < Infinity)) {
      throw new RangeError(
        `Cannot keep priorities: alpha must be a finite number >= 0, got ${describe(alpha)}`,
      );
    }
    this.alpha = alpha;
  }

  /** The first position that is held. */
  get first(): number {
    return this.#first;
  }

  /** The position after the last that was filled or cleared. */
  get end(): number {
    return this.#end;
  }

  /** The number of positions that can be drawn. */
  get count(): number {
    return this.#count;
  }

  /** The largest priority given so far, before alpha, and at least 1: what a new window gets. */
  get max(): number {
    return this.#max;
  }

  /** The sum of `priority ** alpha`. */
  get total(): number {
    return this.#nodes[this.#nodes.length - 1] + 0;
  }

  /**
   * Gives positions `[from, to)`, or every `stride`th of them from the first on, one priority, and makes them known.
   *
   * @throws {RangeError} If the range is none, begins before `first`, or the priority is no finite number from 0 up.
   */
  fill(from: number, to: number, priority: number, stride = 1): void {
    if (typeof priority !== "number" || !(priority >= 0 && priority < Infinity)) {
      throw new RangeError(
        `Cannot fill priorities: the priority must be a finite number >= 0, got ${describe(priority)}`,
      );
    }
    if (!Number.isSafeInteger(stride) || stride < 1) {
      throw new RangeError(
        `Cannot fill priorities: the stride must be a whole number from 1 up, got ${describe(stride)}`,
      );
    }
    this.#fill("fill", from, to, priority, stride);
  }

  /** Takes positions `[from, to)` out: they are not drawn and can get no priority until they are filled again. */
  clear(from: number, to: number): void {
    this.#fill("clear", from, to, -1);
  }

  /**
   * Gives positions new priorities; where one comes twice, the later counts. All are stored or none.
   *
   * @param from Ids from 0 to here are passed over: what they stood for was dropped.
   * @throws {RangeError} If an id is no position that was filled, or a priority no finite number from 0 up.
   */
  update(ids: ArrayLike<number>, priorities: ArrayLike<number>, from = 0): void {
    // The caller's own code may run in the reading, and what it does to these priorities is done before the rest is.
    const given = readNumbers("Cannot update priorities: ids", ids as List, (id, i) => {
      throw this.#badPosition(i, id);
    });
    const values = readNumbers("Cannot update priorities: priorities", priorities as List, (priority, i) => {
      throw badPriority(i, priority);
    });
    if (values.length !== given.length) {
      throw new RangeError(
        `Cannot update priorities: there must be as many priorities as ids, got ${values.length} for ${given.length}`,
      );
    }
    if (this.#ids.length < given.length) {
      this.#ids = new Float64Array(given.length);
      this.#values = new Float64Array(given.length);
      this.#places = new Float64Array(given.length);
    }
    let count = 0;
    for (let i = 0; i < given.length; i++) {
      const id = given[i];
      if (id < from && id >= 0 && Number.isInteger(id)) continue;
      this.#ids[count] = id;
      this.#values[count] = values[i];
      this.#places[count++] = i;
    }
    if (count === 0) return;
    const code = runtime.tables.priorities.ss_priorities_update(
      this.#nodes,
      this.#tree(),
      this.#ids,
      this.#values,
      count,
      this.alpha,
      this.#report,
    );
    if (code === status.outOfRange) {
      const place = this.#places[this.#report[priorityReport.culprit]];
      throw this.#refusal(place, given[place], values[place]);
    }
    check(code, "Cannot update priorities");
    this.#noteReport();
  }

  /** Whether a position was filled, and can get another priority. */
  has(position: number): boolean {
    const isHeld = position >= this.#first && position < this.#end && Number.isInteger(position);
    return isHeld && !Object.is(this.#nodes[position - this.#base], 0);
  }

  /**
   * Draws a position for each unit, with its probability.
   *
   * @param units Numbers in [0, 1).
   * @throws {RangeError} If every priority is 0, a unit is none, or the arrays differ in length.
   */
  draw(units: Float64Array, ids: Float64Array, probabilities: Float64Array): void {
    const count = units.length;
    if (ids.length !== count || probabilities.length !== count) {
      throw new RangeError(
        `Cannot draw: ids and probabilities must have length ${count}, got ${ids.length} and ${probabilities.length}`,
      );
    }
    if (!(this.total > 0)) {
      throw new RangeError("Cannot draw: at least one priority must be above 0, got none");
    }
    if (count === 0) return;
    const code = runtime.tables.priorities.ss_priorities_draw(
      this.#nodes,
      this.#tree(),
      units,
      count,
      ids,
      probabilities,
    );
    if (code === status.invalidArgument) {
      const bad = units.findIndex((unit) => !(unit >= 0 && unit < 1));
      throw new RangeError(`Cannot draw: units[${bad}] must be in [0, 1), got ${units[bad]}`);
    }
    check(code, "Cannot draw");
  }

  /** Forgets all positions before one, as the store does that has dropped them. */
  dropBefore(position: number): void {
    if (position <= this.#first) return;
    checkPosition("drop priorities", position);
    if (position < this.#end) this.#fill("drop", this.#first, position, -1);
    else this.#reset(position);
    this.#first = position;
  }

  /** What a file is to keep: views, until the next change. */
  saved(): SavedPriorities {
    const leaves = this.#nodes.subarray(this.#first - this.#base, this.#end - this.#base);
    return { base: this.#first, alpha: this.alpha, max: this.#max, leaves };
  }

  /**
   * Goes on with what the file `path` has. Where that fails, everything stays as it was.
   *
   * @throws {StreamStoreError} If the leaves are damaged.
   * @throws {RangeError} If it was saved with another alpha.
   */
  load(path: string, { base, alpha, max, leaves }: SavedPriorities): void {
    if (alpha !== this.alpha) {
      throw new RangeError(
        `Cannot load priorities from ${path}: alpha must be ${alpha}, as it was saved with, got ${this.alpha}`,
      );
    }
    const capacity = capacityFor(leaves.length);
    const nodes = new Float64Array(nodeCount(capacity));
    nodes.set(leaves);
    const tree = treeOf(nodes, capacity, base, base + leaves.length);
    const code = runtime.tables.priorities.ss_priorities_build(nodes, tree, this.#report);
    if (code !== status.ok) throw damaged(path, "every leaf must be a finite number >= 0");
    this.#nodes = nodes;
    this.#capacity = capacity;
    this.#base = this.#first = base;
    this.#end = base + leaves.length;
    this.#count = this.#report[priorityReport.countChange];
    this.#max = max;
  }

  #fill(action: string, from: number, to: number, priority: number, stride = 1): void {
    checkPosition(`${action} priorities`, from);
    checkPosition(`${action} priorities`, to);
    if (from < this.#first || from > to) {
      throw new RangeError(
        `Cannot ${action} priorities: a range must begin at ${this.#first} or later and not end before, got ${from} to ${to}`,
      );
    }
    const end = this.#end;
    if (to > end) this.#extend(to);
    const request = new Float64Array(priorityFill.length);
    request[priorityFill.from] = from;
    request[priorityFill.to] = to;
    request[priorityFill.stride] = stride;
    request[priorityFill.priority] = priority;
    request[priorityFill.alpha] = this.alpha;
    const code = runtime.tables.priorities.ss_priorities_fill(
      this.#nodes,
      this.#tree(),
      request,
      this.#report,
    );
    if (code !== status.ok) this.#end = end;
    if (code === status.outOfRange) throw new RangeError(`Cannot ${action} priorities: ${tooLarge}`);
    check(code, `Cannot ${action} priorities`);
    this.#noteReport();
  }

  /** Makes room up to a position: by leaving out what was dropped, where that is half of it, else by doubling. */
  #extend(end: number): void {
    if (end - this.#base > this.#capacity) {
      const held = end - this.#first;
      const capacity = held <= this.#capacity / 2
        ? this.#capacity
        : Math.max(2 * this.#capacity, capacityFor(held));
      const nodes = new Float64Array(nodeCount(capacity));
      nodes.set(this.#nodes.subarray(this.#first - this.#base, this.#end - this.#base));
      const tree = treeOf(nodes, capacity, this.#first, end);
      const code = runtime.tables.priorities.ss_priorities_build(nodes, tree, this.#report);
      check(code, "Cannot extend priorities");
      this.#nodes = nodes;
      this.#capacity = capacity;
      this.#base = this.#first;
    }
    this.#end = end;
  }

  #reset(position: number): void {
    this.#nodes.fill(0);
    this.#base = this.#end = position;
    this.#count = 0;
  }

  #tree(): Float64Array {
    return treeOf(this.#nodes, this.#capacity, this.#base, this.#end);
  }

  #noteReport(): void {
    this.#count += this.#report[priorityReport.countChange];
    this.#max = Math.max(this.#max, this.#report[priorityReport.priorityMax]);
  }

  #refusal(place: number, id: number, priority: number): RangeError {
    const refusal = this.#report[priorityReport.refusal];
    if (refusal === priorityRefusal.position) return this.#badPosition(place, id);
    if (refusal === priorityRefusal.priority) return badPriority(place, priority);
    return new RangeError(`Cannot update priorities: ${tooLarge}, got priorities[${place}] ${priority}`);
  }

  #badPosition(place: number, id: unknown): RangeError {
    return new RangeError(
      `Cannot update priorities: ids[${place}] must be the position of a window from ${this.#first} to ${
        this.#end - 1
      }, got ${describe(id)}`,
    );
  }
}

function badPriority(place: number, priority: unknown): RangeError {
  return new RangeError(
    `Cannot update priorities: priorities[${place}] must be a finite number >= 0, got ${describe(priority)}`,
  );
}

const tooLarge = "the sum of priority ** alpha must be <= 2 ** 1023";

/** What the library is told of a tree with every call. */
function treeOf(nodes: Float64Array, capacity: number, base: number, end: number): Float64Array {
  const tree = new Float64Array(priorityTree.length);
  tree[priorityTree.nodeCount] = nodes.length;
  tree[priorityTree.capacity] = capacity;
  tree[priorityTree.base] = base;
  tree[priorityTree.end] = end;
  return tree;
}

/** The power of two that has room for so many leaves. */
function capacityFor(leafCount: number): number {
  return Math.max(capacityMin, 2 ** Math.ceil(Math.log2(Math.max(1, leafCount))));
}

function checkPosition(action: string, position: number): void {
  if (Number.isSafeInteger(position) && position >= 0) return;
  throw new RangeError(
    `Cannot ${action}: a position must be a whole number from 0 up, got ${describe(position)}`,
  );
}
