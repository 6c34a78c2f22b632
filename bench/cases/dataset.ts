/** Datasets: a million rows out as an Arrow table and in again, and saved to files and loaded. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Feature, StreamStore } from "../../mod.ts";
import { compare, elapsed, elapsedUntil, measure, prove } from "../harness.ts";
import { native } from "../limits.ts";
import { type Measurement, measurementOf, milliseconds } from "../measurement.ts";
import type { Sizes } from "../sizes.ts";
import {
  actionOf,
  doneOf,
  filledStore,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  rewardOf,
} from "../stream.ts";
import { writeRows } from "../writes.ts";
import { proveLastStep } from "./columns.ts";

const value = (dtype: string): Feature => ({ dtype, _type: "Value" });

const fieldFeatures = {
  action: value("int64"),
  observation: { feature: value("float32"), length: observationWidth, _type: "List" },
  reward: value("float32"),
  done: value("bool"),
} satisfies Record<string, Feature>;

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
    ...await savedDatasets(sizes, store, bytesOf(table)),
    ...await libraries(sizes),
  ];
}

/** Formats, and the milliseconds that a million rows may take to be saved and to be loaded. */
const savedFormats = [["parquet", 400, 500], ["disk", 150, 150]] as const;

async function savedDatasets(
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
      const save = await compare(
        sizes.longRounds,
        () => elapsedUntil(() => store.saveDataset(path, "train", { format, fieldFeatures })),
        () => copyBytes(store, byteLength),
      );
      const load = await compare(sizes.longRounds, async () => {
        using loaded: ReferenceStore = new StreamStore(referenceFields);
        const time = await elapsedUntil(() => loaded.loadDataset(path, "train"));
        prove("loadDataset", loaded.rowCount, sizes.rows);
        proveLastStep(loaded);
        return time;
      }, () => writeRows(sizes.rows));
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

/** What libraries for Parquet take alone, from arrays in memory to bytes in memory and back. */
async function libraries(sizes: Sizes): Promise<Measurement[]> {
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
function copyBytes(store: ReferenceStore, byteLength: number): number {
  const { values } = store.window(0, store.length);
  return elapsed(() => native.sl_bytes_copy(new Uint8Array(byteLength), values, byteLength));
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
