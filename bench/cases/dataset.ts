/** Datasets: a million rows out as an Arrow table and in again; the files are dataset_files.ts's. */
import { StreamStore } from "../../mod.ts";
import { compare, elapsedUntil, prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, times } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  fieldFeatures,
  filledStore,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  rewardOf,
} from "../harness/stream.ts";
import { writeRows } from "../harness/writes.ts";
import { proveLastStep } from "./columns.ts";
import { copyBytes, libraries, savedDatasets } from "./dataset_files.ts";
import { besidePython } from "./dataset_peers.ts";

/** The least that was published for a row of from_dataset in the Python that this library began with. */
const seedRowNanoseconds = 27_000;

type Table = Awaited<ReturnType<ReferenceStore["toDataset"]>>;

export async function dataset(sizes: Sizes): Promise<Measurement[]> {
  using store = filledStore(sizes.rows);
  const table = await store.toDataset({ fieldFeatures });
  const rows = sizes.rows.toLocaleString("en");
  const out = await compare(sizes.longRounds, async () => {
    let made = table;
    const time = await elapsedUntil(async () => {
      made = await store.toDataset({ fieldFeatures });
    });
    proveTable(made, sizes.rows);
    return time;
  }, () => copyBytes(store, bytesOf(table)));
  const back = await compare(sizes.longRounds, async () => {
    using loaded: ReferenceStore = new StreamStore(referenceFields);
    const time = await elapsedUntil(() => loaded.fromDataset(table));
    prove("fromDataset", loaded.rowCount, sizes.rows);
    proveLastStep(loaded);
    return time;
  }, () => writeRows(sizes.rows));
  return [
    measurementOf(`toDataset of ${rows} rows`, milliseconds, out, {
      limit: "memcpy of the table's bytes",
      goal: { valueMax: 150 },
    }),
    measurementOf(`fromDataset of ${rows} rows`, milliseconds, back, {
      limit: "pwrite",
      goal: { valueMax: 250 },
    }),
    measurementOf("fromDataset, a row, times as fast as the seed's Python (27 µs a row, published)", times, {
      time: seedRowNanoseconds * sizes.rows / back.time,
      best: seedRowNanoseconds * sizes.rows / back.best,
    }),
    ...await savedDatasets(sizes, store, bytesOf(table)),
    ...await besidePython(sizes, store),
    ...await libraries(sizes),
  ];
}

function bytesOf(table: Table): number {
  return table.batches.reduce((sum, batch) => sum + batch.data.byteLength, 0);
}

function proveTable(table: Table, rowCount: number): void {
  prove("toDataset", table.numRows, rowCount);
  for (let row = 0; row < rowCount; row += Math.ceil(rowCount / 100)) {
    const found = table.get(row)!;
    prove("toDataset", found.reward, rewardOf(row));
    prove("toDataset", found.observation.get(observationWidth - 1), observationOf(row, observationWidth - 1));
  }
}
