/** What is told of a field without reading the whole store: by its newest rows. */
import type { FieldInfo } from "../fields.ts";
import type { StreamStore } from "../store.ts";
import type { CellValue } from "./values.ts";

/** So many of the newest rows are looked at, or fewer where they are long. */
const rowsLookedAt = 4096;
const tokensLookedAt = 1_000_000;

export interface FieldFacts extends FieldInfo {
  /** Whether its values are lists; null where no row that was looked at has one. */
  readonly isList: boolean | null;
  /** The fewest and the most values in a row that has some. */
  readonly width: readonly [number, number] | null;
  /** The part of the tokens that are the field's, from 0 to 1, in the rows that were looked at. */
  readonly share: number;
  /** The newest value that there is in them. */
  readonly newest: CellValue;
}

/** The rows that are looked at, the last ones. */
export function rowsLooked(store: StreamStore): [number, number] {
  const to = store.rowCount;
  let from = Math.max(store.firstRow, to - rowsLookedAt);
  while (to - from > 1 && store.length - store.tokenOfRow(from) > tokensLookedAt) {
    from += Math.ceil((to - from) / 2);
  }
  return [from, to];
}

export function fieldFacts(store: StreamStore): FieldFacts[] {
  const [from, to] = rowsLooked(store);
  const tokens = to === from ? 0 : store.length - store.tokenOfRow(from);
  return store.fields.map((field) => {
    const { values, width, offsets } = store.column(field.name, from, to);
    const counts = offsets === null
      ? null
      : Float64Array.from(offsets.subarray(1), (end, i) => end - offsets[i]);
    const last = counts === null
      ? (width === 0 ? -1 : to - from - 1)
      : counts.findLastIndex((count) => count > 0);
    const newest = last < 0 ? undefined : store.row(from + last)[field.name];
    return {
      ...field,
      isList: newest === undefined ? null : typeof newest === "object",
      width: rangeOf(counts, width, values.length),
      share: tokens === 0 ? 0 : values.length / tokens,
      newest,
    };
  });
}

function rangeOf(
  counts: Float64Array | null,
  width: number | null,
  valueCount: number,
): [number, number] | null {
  if (valueCount === 0) return null;
  if (counts === null) return [width!, width!];
  let [least, most] = [Infinity, 0];
  for (const count of counts) {
    if (count > 0) [least, most] = [Math.min(least, count), Math.max(most, count)];
  }
  return [least, most];
}

/** `number`, `list of 8`, `list of 1 to 12`. */
export function kindText({ isList, width }: FieldFacts): string {
  if (isList === null || width === null) return "-";
  if (!isList) return "number";
  return `list of ${width[0] === width[1] ? width[0] : `${width[0]} to ${width[1]}`}`;
}
