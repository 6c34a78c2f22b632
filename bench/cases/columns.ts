/** appendColumns of reference steps, beside writes of the same bytes. */
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, prove } from "../harness/harness.ts";
import { halfTheSpeed, type Measurement, measurementOf, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  referenceColumns,
  referenceFields,
  type ReferenceStore,
  tokensPerStep,
  valueAt,
} from "../harness/stream.ts";
import { writeRows } from "../harness/writes.ts";

export async function columns(sizes: Sizes): Promise<Measurement[]> {
  const input = referenceColumns(0, sizes.rows);
  const sample = await compare(
    sizes.longRounds,
    () => {
      using store: ReferenceStore = new StreamStore(referenceFields);
      const time = elapsed(() => store.appendColumns(input));
      proveLastStep(store);
      return time / sizes.rows;
    },
    () => writeRows(sizes.rows) / sizes.rows,
  );
  const name = `appendColumns of ${sizes.rows.toLocaleString("en")} steps`;
  return [measurementOf(name, nanosecondsPer("step"), sample, { limit: "pwrite", goal: halfTheSpeed })];
}

export function proveLastStep(store: ReferenceStore): void {
  const start = store.length - tokensPerStep;
  for (const [i, value] of store.window(start, tokensPerStep).values.entries()) {
    prove("the last step", value, valueAt(start + i));
  }
}
