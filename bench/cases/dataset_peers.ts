/** Saving and loading beside pyarrow and HuggingFace's `datasets`, round by round in turn. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../harness/children.ts";
import { compare, type Round } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, notMeasured } from "../harness/measurement.ts";
import { findPython, noPython, pythonScript } from "../harness/python.ts";
import type { Sizes } from "../harness/sizes.ts";
import type { ReferenceStore } from "../harness/stream.ts";
import { loadRound, saveRound } from "./dataset_files.ts";
import { textBesidePyarrow, textCases } from "./dataset_text.ts";

/** What ours does, and what Python is asked to do at its side. Both begin or end in memory. */
const pairs = [
  { verb: "save", format: "parquet", peer: "pyarrow", way: "from a table", task: "write Parquet" },
  { verb: "load", format: "parquet", peer: "pyarrow", way: "into a table", task: "read Parquet" },
  { verb: "save", format: "disk", peer: "datasets", way: "from a table", task: "save_to_disk" },
  { verb: "load", format: "disk", peer: "datasets", way: "into memory", task: "load_from_disk" },
] as const;

export async function besidePython(sizes: Sizes, store: ReferenceStore): Promise<Measurement[]> {
  const rows = sizes.rows.toLocaleString("en");
  const nameOf = ({ verb, format, peer }: typeof pairs[number]) =>
    `${verb}Dataset of ${rows} rows, ${format}, beside ${peer}`;
  const python = findPython("numpy, pyarrow, datasets");
  if (python === null) {
    return [...pairs.map(nameOf), ...textCases(sizes)].map((name) => notMeasured(name, noPython));
  }
  const folder = mkdtempSync(join(tmpdir(), "dataset-"));
  const script = pythonScript("dataset_rounds.py");
  const child = new Child(python, ["-B", script, String(sizes.rows), join(folder, "python")]);
  try {
    await child.answer();
    const measurements: Measurement[] = [];
    for (const pair of pairs) {
      const path = join(folder, pair.format);
      const ours: Round = pair.verb === "save"
        ? saveRound(store, path, pair.format)
        : loadRound(path, sizes.rows);
      const sample = await compare(sizes.longRounds, ours, async () => Number(await child.ask(pair.task)));
      measurements.push(
        measurementOf(nameOf(pair), milliseconds, sample, { limit: `${pair.peer} alone, ${pair.way}` }),
      );
    }
    return [...measurements, ...await textBesidePyarrow(sizes, child, folder)];
  } finally {
    await child.end();
    rmSync(folder, { recursive: true });
  }
}
