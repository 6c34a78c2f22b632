/**
 * Batches whose windows the sampler draws itself and its Worker only fills: where draws follow priorities, which are kept
 * by the sampler and change from batch to batch. The Worker needs to know none of them, nor where episodes begin.
 */
import type { AnyBatch, ExtraWindows } from "../batch.ts";
import type { SamplerPlan } from "../plan.ts";
import { rowBytesOf, rowsOver } from "../environment_pool.ts";
import { environmentsOf } from "../parse_episodes.ts";
import type { Pool, RowMemory } from "../pool.ts";
import { drawPlaces, type Sampler } from "../sampler.ts";
import { placeBytes, type Places, placesOver } from "../space.ts";
import type { SamplerState } from "../state.ts";
import type { Taker } from "./ring.ts";

/** Whether the Worker is told which windows a batch has. */
export function isDrawnFirst({ order }: SamplerPlan): boolean {
  return order.kind === "prioritized";
}

/** What a slot of the ring has behind its batch: where the windows lie, and of environments the rows of each. */
export function drawnBytes(plan: SamplerPlan): number {
  if (!isDrawnFirst(plan)) return 0;
  return placeBytes * plan.batchSize + (environmentsOf(plan) === null ? 0 : rowBytesOf(plan));
}

/** Where the windows of each slot lie, behind the bytes of its batch. */
function placesIn(slots: readonly SharedArrayBuffer[], plan: SamplerPlan): Places[] {
  return slots.map((slot) => placesOver(slot, slot.byteLength - drawnBytes(plan), plan.batchSize));
}

/** The rows of the windows of each slot, behind where they lie; null where windows are side by side. */
function rowsIn(slots: readonly SharedArrayBuffer[], plan: SamplerPlan): RowMemory[] | null {
  if (environmentsOf(plan) === null) return null;
  return slots.map((slot) => rowsOver(slot, slot.byteLength - rowBytesOf(plan), plan));
}

/** The sampler's side: draws for each slot that is free. */
export class DrawsAhead {
  #places: readonly Places[] = [];
  #rows: readonly RowMemory[] | null = null;

  constructor(private readonly sampler: Sampler, private readonly plan: SamplerPlan) {}

  /** Begins where the batch that was taken last has left off, in another ring. */
  begin(state: SamplerState, slots: readonly SharedArrayBuffer[]): void {
    this.sampler.restore(state);
    this.#places = placesIn(slots, this.plan);
    this.#rows = rowsIn(slots, this.plan);
  }

  /** Draws for every free slot. What cannot be drawn is an error once nothing is left that was drawn before. */
  fill(ring: Taker, batches: readonly { readonly filled: AnyBatch }[], generation: number): void {
    for (let slot = ring.freeSlot; slot !== null; slot = ring.freeSlot) {
      try {
        drawPlaces(this.sampler, batches[slot].filled, this.#places[slot], this.#rows?.[slot] ?? null);
      } catch (error) {
        if (ring.pending > 0) return;
        throw error;
      }
      ring.announce({ generation, size: this.plan.batchSize, position: this.sampler.place.position });
    }
  }

  /**
   * Draws a batch again, and fills it here, that the Worker could not fill: rows of it were dropped meanwhile; or the error
   * is found again. Returns its text and bytes.
   *
   * @param state Where the batch begins.
   */
  again(state: SamplerState, batch: AnyBatch): ExtraWindows | undefined {
    const { position } = this.sampler.place;
    this.sampler.restore(state);
    try {
      return this.sampler.next(batch)!.extra;
    } finally {
      this.sampler.restore({ ...state, position });
    }
  }
}

/** The Worker's side. */
export class DrawnFiller {
  readonly #places: readonly Places[];
  readonly #rows: readonly RowMemory[] | null;

  constructor(
    private readonly pool: Pool,
    private readonly plan: SamplerPlan,
    slots: readonly SharedArrayBuffer[],
  ) {
    this.#places = placesIn(slots, plan);
    this.#rows = rowsIn(slots, plan);
  }

  /** Fills the batch of a slot. False where that cannot be done, which the sampler finds out about itself. */
  fill(batch: AnyBatch, slot: number): boolean {
    const { pool, plan } = this;
    const places = this.#places[slot];
    try {
      pool.prepare("sample");
      if (this.#rows !== null) pool.fillListed!(batch, plan.batchSize, places, this.#rows[slot]);
      else {
        const { heldFrom } = pool.windows.sources[0];
        if (places.starts.some((start) => start < heldFrom)) return false;
        pool.fill(batch, plan.batchSize, places);
      }
      batch.starts.set(plan.window.reach === null ? places.starts : places.anchors);
      pool.giveExtras(batch, plan.batchSize, places);
      return true;
    } catch {
      return false;
    }
  }
}
