import { StreamStore } from "../../mod.ts";
import type { Store } from "./layout.ts";
import type { Source } from "./source.ts";

/** Enough that compiling `append` and the store's first pages no longer decide the rate. */
const TOKENS_APPENDED = 3_000_000;
const STEPS_PER_PIECE = 8192;

/**
 * Appends the collected steps to a second store, over and over, and measures nothing but that.
 *
 * The collecting loop also plays the game, and a clock read twice a step would cost about
 * as much as an `append`: so steps are made in pieces, and each piece is appended in one go.
 */
export function measureAppend({ store, fields }: Source): { steps: number; milliseconds: number } {
  using copy = new StreamStore(fields, { capacity: 1 << 20 });
  let step = 0, milliseconds = 0;
  while (copy.length < TOKENS_APPENDED) {
    for (const piece of readPieces(store)) {
      const started = performance.now();
      for (const values of piece) copy.append(step++, values);
      milliseconds += performance.now() - started;
    }
  }
  return { steps: step, milliseconds };
}

type StepValues = Record<string, number | Float64Array>;

function* readPieces(store: Store): Generator<StepValues[]> {
  const columns = store.fields.map(({ name }) => {
    const { values, width } = store.column(name);
    return { name, values: values as Float64Array, width: width! }; // readLayout has made sure of the width
  });
  for (let from = 0; from < store.rowCount; from += STEPS_PER_PIECE) {
    const length = Math.min(STEPS_PER_PIECE, store.rowCount - from);
    yield Array.from({ length }, (_, index) => {
      const step: StepValues = {};
      for (const { name, values, width } of columns) {
        const start = (from + index) * width;
        step[name] = width === 1 ? values[start] : values.subarray(start, start + width);
      }
      return step;
    });
  }
}
