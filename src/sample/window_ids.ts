/** The IDs by which a caller names the windows that were drawn by priority: the same for as long as there is a window. */
import { environmentOf, type EnvironmentWindows, storeOf } from "./environment_windows.ts";
import { allocatePlaces, type Places, type WindowIds } from "./space.ts";

/** An ID is source × 2 ** 40 + the position of the window's anchor, both whole numbers. */
export const anchorsPerSource = 2 ** 40;

/** IDs are exact. */
export const sourcesMax = 2 ** 13;

/** What stands for a source where an ID names no window, or one that was dropped. */
export const unnamed = { none: -1, dropped: -2 } as const;

/** IDs of windows whose sources are named by their places in the list, to which more are only added at the end. */
export class IdsByPlace implements WindowIds {
  /** @param all The sources at the moment. */
  constructor(private readonly all: () => readonly { readonly heldFrom: number }[]) {}

  write(ids: Float64Array, count: number, { sources, anchors }: Places): void {
    for (let i = 0; i < count; i++) ids[i] = sources[i] * anchorsPerSource + anchors[i];
  }

  find(ids: Float64Array, sources: Int32Array, anchors: Float64Array): void {
    const all = this.all();
    ids.forEach((id, i) => {
      const source = Math.floor(id / anchorsPerSource);
      anchors[i] = id - source * anchorsPerSource;
      if (!(source >= 0 && source < all.length && Number.isInteger(anchors[i]))) sources[i] = unnamed.none;
      else sources[i] = anchors[i] < all[source].heldFrom ? unnamed.dropped : source;
    });
  }
}

const anchorAlone = Int32Array.of(0);

/**
 * IDs of windows of environments in several stores: a store and a row. Environments come in the middle of the list of all
 * and have no number that would stay theirs, and neither does a position among the rows of one say where that is.
 */
export class IdsByRow implements WindowIds {
  /** @param stores More may be added at the end. */
  constructor(private readonly stores: readonly EnvironmentWindows[]) {}

  write(ids: Float64Array, count: number, { sources, anchors, starts, lengths }: Places): void {
    for (const [store, slots] of slotsOf(count, (slot) => storeOf(sources[slot]))) {
      const { lists, native } = this.stores[store].environments;
      const of = allocatePlaces(slots.length);
      slots.forEach((slot, i) => {
        of.sources[i] = environmentOf(sources[slot]);
        of.anchors[i] = anchors[slot];
        of.starts[i] = starts[slot];
        of.lengths[i] = lengths[slot];
      });
      const rows = new Float64Array(slots.length);
      lists.rowsOf(native, of, slots.length, anchorAlone, rows);
      slots.forEach((slot, i) => ids[slot] = store * anchorsPerSource + rows[i]);
    }
  }

  find(ids: Float64Array, sources: Int32Array, anchors: Float64Array): void {
    const firsts = this.#firsts();
    for (const [store, slots] of slotsOf(ids.length, (slot) => Math.floor(ids[slot] / anchorsPerSource))) {
      const windows = this.stores[store];
      if (windows === undefined) {
        for (const slot of slots) sources[slot] = unnamed.none;
        continue;
      }
      const rows = Float64Array.from(slots, (slot) => ids[slot] - store * anchorsPerSource);
      const [environments, positions] = [new Int32Array(slots.length), new Float64Array(slots.length)];
      windows.environments.find(rows, environments, positions);
      const { firstRow } = windows.environments.connection;
      slots.forEach((slot, i) => {
        const isDropped = rows[i] < firstRow && Number.isInteger(rows[i]);
        if (isDropped) sources[slot] = unnamed.dropped;
        else sources[slot] = environments[i] < 0 ? unnamed.none : firsts[store] + environments[i];
        anchors[slot] = positions[i];
      });
    }
  }

  /** The place of each store's first environment in the list of all. */
  #firsts(): number[] {
    let next = 0;
    return this.stores.map(({ sources }) => {
      const first = next;
      next += sources.length;
      return first;
    });
  }
}

/** The first `count` slots, by the store of each. */
function slotsOf(count: number, storeAt: (slot: number) => number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let slot = 0; slot < count; slot++) {
    const store = storeAt(slot);
    const slots = found.get(store);
    if (slots === undefined) found.set(store, [slot]);
    else slots.push(slot);
  }
  return found;
}
