/** Datasets in files: a million rows saved and loaded, and libraries for Parquet alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, elapsedUntil, measure, prove, type Round } from "../harness/harness.ts";
import { native } from "../harness/limits.ts";
import { type Measurement, measurementOf, milliseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  actionOf,
  doneOf,
  fieldFeatures,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  rewardOf,
} from "../harness/stream.ts";
import { writeRows } from "../harness/writes.ts";
import { proveLastStep } from "./columns.ts";

/** Formats, and the milliseconds that a million rows may take to be saved and to be loaded. */
const savedFormats = [["parquet", 400, 500], ["disk", 150, 150]] as const;

export async function savedDatasets(
  sizes: Sizes,
  store: ReferenceStore,
  byteLength: number,
): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "dataset-"));
  const rows = sizes.rows.toLocaleString("en");
  const measurements: Measurement[] = [];
  try {
    for (const [format, saveMax, loadMax] of savedFormats) {
      const path = join(folder, format);
      const copy = () => copyBytes(store, byteLength);
      const save = await compare(sizes.longRounds, saveRound(store, path, format), copy);
      const load = await compare(
        sizes.longRounds,
        loadRound(path, sizes.rows),
        () => writeRows(sizes.rows),
      );
      measurements.push(
        measurementOf(`saveDataset of ${rows} rows, ${format}`, milliseconds, save, {
          limit: "memcpy of the table's bytes",
          goal: { valueMax: saveMax },
        }),
        measurementOf(`loadDataset of ${rows} rows, ${format}`, milliseconds, load, {
          limit: "pwrite",
          goal: { valueMax: loadMax },
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return measurements;
}

export function saveRound(store: ReferenceStore, path: string, format: "parquet" | "disk"): Round {
  return () => elapsedUntil(() => store.saveDataset(path, "train", { format, fieldFeatures }));
}

export function loadRound(path: string, rowCount: number): Round {
  return async () => {
    using loaded: ReferenceStore = new StreamStore(referenceFields);
    const time = await elapsedUntil(() => loaded.loadDataset(path, "train"));
    prove("loadDataset", loaded.rowCount, rowCount);
    proveLastStep(loaded);
    return time;
  };
}

/** What libraries for Parquet take alone, from arrays in memory to bytes in memory and back. */
export async function libraries(sizes: Sizes): Promise<Measurement[]> {
  const { parquetReadObjects } = await import("hyparquet");
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = libraryColumns(sizes.rows);
  const schema = [
    { name: "root", num_children: 4 },
    { name: "action", type: "INT64", repetition_type: "OPTIONAL" },
    { name: "observation", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", type: "FLOAT", repetition_type: "OPTIONAL" },
    { name: "reward", type: "FLOAT", repetition_type: "OPTIONAL" },
    { name: "done", type: "BOOLEAN", repetition_type: "OPTIONAL" },
  ] as const;
  let file = new ArrayBuffer(0);
  const write = await measure(libraryRounds, () =>
    elapsed(() => {
      file = parquetWriteBuffer({ columnData, schema: [...schema] });
    }));
  const read = await measure(libraryRounds, async () => {
    let rows: Record<string, unknown>[] = [];
    const time = await elapsedUntil(async () => {
      rows = await parquetReadObjects({ file });
    });
    prove("hyparquet", rows[sizes.rows - 1].reward as number, rewardOf(sizes.rows - 1));
    return time;
  });
  const rows = sizes.rows.toLocaleString("en");
  return [
    measurementOf(`hyparquet-writer alone, ${rows} rows`, milliseconds, {
      time: write.time,
      best: write.best,
    }),
    measurementOf(`hyparquet alone, to objects, ${rows} rows`, milliseconds, {
      time: read.time,
      best: read.best,
    }),
  ];
}

/** They take seconds a round. */
const libraryRounds = 3;

function libraryColumns(rowCount: number) {
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  const places = Array.from({ length: observationWidth }, (_, place) => place);
  return [
    { name: "action", data: rows.map((row) => BigInt(actionOf(row))) },
    { name: "observation", data: rows.map((row) => places.map((place) => observationOf(row, place))) },
    { name: "reward", data: rows.map(rewardOf) },
    { name: "done", data: rows.map(doneOf) },
  ];
}

/** As many bytes of the stream's values, into new memory as a table's are. */
export function copyBytes(store: ReferenceStore, byteLength: number): number {
  const { values } = store.window(0, store.length);
  return elapsed(() => native.sl_bytes_copy(new Uint8Array(byteLength), values, byteLength));
}
