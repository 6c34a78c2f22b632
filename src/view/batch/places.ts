/** Which rows of the store stand at the places of a batch. */
import type { AnyBatch } from "../../sample/batch.ts";
import type { PrefetchOptions } from "../../sample/options.ts";
import type { StreamStore } from "../../store.ts";
import type { Shown } from "../protocol.ts";
import { shownNumber } from "../table_values.ts";

type Options = Partial<PrefetchOptions>;

/** Of each place of `[B, S]`, or `[B, O]`: null for padding. */
export interface Places {
  readonly rows: readonly (number | null)[];
  readonly steps: readonly Shown[];
}

/** Rows that are looked through for those of an environment, on either side of an anchor. */
const lookedMax = 1 << 16;

/** Places by their steps: a row is all tokens of one. */
export function placesOf(store: StreamStore, batch: AnyBatch, options: Options): Places {
  const steps = batch.steps as BigInt64Array;
  const isContiguous = environmentOf(options) === null && batch.fields !== undefined;
  const perWindow = batch.mask.length / batch.size;
  let [last, row] = [0n, NaN];
  const rows = Array.from(batch.mask, (isThere, place) => {
    if (isThere === 0) return null;
    // Tokens of a row stand one after another, and so do the rows of a window that follows no environment.
    const isInside = place % perWindow !== 0 && batch.mask[place - 1] === 1;
    if (!isInside) row = store.rowOfStep(steps[place]);
    else if (steps[place] !== last) row = isContiguous ? row + 1 : store.rowOfStep(steps[place]);
    last = steps[place];
    return row;
  });
  return { rows, steps: rows.map((row, place) => row === null ? null : shownNumber(steps[place])) };
}

/** Rows at offsets around the anchors, where they lie within the anchor's episode. */
export function rowsAround(
  store: StreamStore,
  anchors: Places,
  offsets: readonly number[],
  offsetMask: Uint8Array,
  options: Options,
): Places {
  const environment = environmentOf(options);
  const rows = anchors.rows.flatMap((anchor, window) => {
    const isThere = (at: number) => offsetMask[window * offsets.length + at] === 1;
    const wanted = offsets.filter((_, at) => isThere(at));
    const found = environment === null
      ? new Map(wanted.map((offset) => [offset, anchor! + offset]))
      : rowsOfEnvironment(store, environment, anchor!, wanted);
    return offsets.map((offset, at) => isThere(at) ? found.get(offset) ?? null : null);
  });
  return { rows, steps: stepsOf(store, rows) };
}

/** The rows at offsets among those of the anchor's environment: one after another, however many others stand between. */
function rowsOfEnvironment(
  store: StreamStore,
  environment: string,
  anchor: number,
  offsets: readonly number[],
): Map<number, number> {
  const first = Math.max(store.firstRow, anchor - lookedMax);
  const { values } = store.column(environment, first, Math.min(store.rowCount, anchor + lookedMax));
  const [own, at] = [values[anchor - first], anchor - first];
  const found = new Map([[0, anchor]]);
  for (const way of [-1, 1]) {
    const wanted = Math.max(0, ...offsets.map((offset) => offset * way));
    for (let row = at + way, place = 1; place <= wanted && row >= 0 && row < values.length; row += way) {
      if (Object.is(values[row], own)) found.set(way * place++, first + row);
    }
  }
  return found;
}

function stepsOf(store: StreamStore, rows: readonly (number | null)[]): Shown[] {
  const known = rows.filter((row) => row !== null);
  const { steps } = store.get(known.map((row) => store.tokenOfRow(row)));
  let place = 0;
  return rows.map((row) => row === null ? null : shownNumber((steps as BigInt64Array)[place++]));
}

function environmentOf({ episodes }: Options): string | null {
  return typeof episodes === "object" && "environment" in episodes ? episodes.environment ?? null : null;
}
