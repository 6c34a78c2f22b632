/** The store in which cost is seen to grow: one uint8 a row, the number of the row's episode modulo 256. */
import { StreamStore } from "../../mod.ts";
import { elapsed } from "./harness.ts";

export const grownFields = { value: "uint8" } as const;
export type GrownStore = StreamStore<typeof grownFields>;

export const [windowCount, windowLength, windowSteps] = [256, 128, 4];

/** Of a value, and of a step. */
export const rowBytes = 1 + 8;

const rowsPerEpisode = 347;
const rowsPerFill = 1_000_000;

export const valueOf = (row: number): number => Math.floor(row / rowsPerEpisode) & 0xff;

/** Appends rows from the first on, and returns the nanoseconds that it took. */
export function fillGrown(store: GrownStore, rowCount: number): number {
  const value = new Uint8Array(rowsPerFill);
  const step = new Float64Array(rowsPerFill);
  let time = 0;
  for (let from = 0; from < rowCount; from += rowsPerFill) {
    for (let i = 0; i < rowsPerFill; i++) {
      step[i] = from + i;
      value[i] = valueOf(from + i);
    }
    const count = Math.min(rowsPerFill, rowCount - from);
    const columns = { step: step.subarray(0, count), value: value.subarray(0, count) };
    time += elapsed(() => void store.appendColumns(columns));
  }
  return time + elapsed(() => store.flush());
}

/** What a batch is asked for, of one store or of a mixture. */
export const grownBatches = (order: "uniform" | "shuffle") => ({
  steps: windowSteps,
  tokens: windowSteps,
  episodes: { id: "value" },
  batchSize: windowCount,
  seed: 8,
  order,
  output: { values: "uint8" },
} as const);
