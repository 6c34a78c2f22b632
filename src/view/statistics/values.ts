/** The values of a series, block by block, in slices. */
import { blockEnd } from "../../cli/blocks.ts";
import type { StreamStore } from "../../store.ts";
import type { Element } from "../episodes/row_facts.ts";
import { Slices } from "../slices.ts";

/** Calls `use` for each value with its row, and returns how many rows have none. */
export async function eachValue(
  store: StreamStore,
  { name, element }: Element,
  [from, to]: readonly [number, number],
  signal: AbortSignal,
  use: (value: number, row: number) => void,
): Promise<number> {
  const slices = new Slices(signal);
  let missing = 0;
  // The head may be dropped meanwhile.
  for (let at = Math.max(from, store.firstRow); at < to;) {
    const end = blockEnd(store, at, to);
    const { values, width, offsets } = store.column(name, at, end);
    for (let row = 0; row < end - at; row++) {
      const place = (offsets === null ? row * width! : offsets[row]) + element;
      const isThere = place < (offsets === null ? (row + 1) * width! : offsets[row + 1]);
      if (isThere) use(Number(values[place]), at + row);
      else missing++;
    }
    await slices.turn();
    at = Math.max(end, store.firstRow);
  }
  return missing;
}
