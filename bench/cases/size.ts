/** What a closed store takes on disk, beside the same data in the files of others. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Feature, type FieldList, StreamStore } from "../../mod.ts";
import {
  type Goal,
  type Measurement,
  measurementOf,
  notMeasured,
  type Unit,
} from "../harness/measurement.ts";
import { findPython, noPython, pythonScript } from "../harness/python.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom, doneOf, fieldFeatures, observationWidth, referenceFields } from "../harness/stream.ts";

/** Of the files below a folder: what the file system gives them, and how long they are. */
interface Bytes {
  readonly allocated: number;
  readonly apparent: number;
}

/** A store of one kind of data, and what it is called. */
interface Content {
  readonly what: string;
  readonly unit: Unit;
  /** What one of them is: a step, or a token. */
  readonly count: number;
  readonly fields: FieldList;
  readonly features: Readonly<Record<string, Feature>>;
  readonly columns: Record<string, unknown>;
  readonly bytesMax: number;
  /** Bytes of one in a peer's file, whose layout tells them. */
  readonly peer: { readonly name: string; readonly bytes: number };
}

export async function size(sizes: Sizes): Promise<Measurement[]> {
  // TorchRL takes ten seconds to be imported, and its layout is known: tests do without.
  const peers = pythonFiles.slice(0, sizes.mode === "small" ? 1 : undefined);
  return [
    ...await sizeOf(referenceSteps(sizes.rows, "float64"), []),
    ...await sizeOf(referenceSteps(sizes.rows, "float32"), peers),
    ...await sizeOf(documents(sizes.rows), peers),
  ];
}

async function sizeOf(content: Content, peers: typeof pythonFiles[number][]): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "size-"));
  try {
    const path = join(folder, "data.stream");
    const dataset = join(folder, "dataset");
    await writeStore(content, path, dataset);
    const store = bytesIn(path);
    const { what, count, unit, peer } = content;
    const row = (name: string, bytes: number, options: { limit?: string; goal?: Goal } = {}): Measurement => {
      const each = bytes / count;
      const sample = { time: each, best: each, limitTime: peer.bytes, ratio: each / peer.bytes };
      return measurementOf(`${what} ${name}`, unit, sample, options);
    };
    return [
      row("on disk", store.allocated, {
        limit: peer.name,
        goal: { valueMax: content.bytesMax },
      }),
      row("by the length of the store's files", store.apparent),
      row("in Parquet as saveDataset writes it", bytesIn(dataset).apparent),
      ...peers.map((peer) => besidePython(peer, what, dataset, join(folder, peer[0]), row)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the data to a store and as Parquet. */
async function writeStore(content: Content, path: string, dataset: string): Promise<void> {
  using store = StreamStore.open(path, { fields: content.fields, mode: "create" });
  store.appendColumns(content.columns as never);
  await store.saveDataset(dataset, "train", {
    format: "parquet",
    fieldFeatures: content.features as never,
  });
}

export function bytesIn(folder: string): Bytes {
  const stats = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .filter((stat) => stat.isFile());
  return {
    // Blocks of stat(2) have 512 bytes, whatever those of the file system have.
    allocated: stats.reduce((sum, { blocks }) => sum + 512 * blocks, 0),
    apparent: stats.reduce((sum, { size }) => sum + size, 0),
  };
}

/** What bench/peers/file_sizes.py writes, and the packages that it needs. */
const pythonFiles = [
  ["zstd", "numpy, pyarrow", "in Parquet with zstd, by pyarrow"],
  ["torchrl", "numpy, pyarrow, torchrl", "in TorchRL's LazyMemmapStorage"],
] as const;

function besidePython(
  [kind, packages, name]: typeof pythonFiles[number],
  what: string,
  dataset: string,
  folder: string,
  row: (name: string, bytes: number) => Measurement,
): Measurement {
  const python = findPython(packages);
  if (python === null) {
    return notMeasured(`${what} ${name}`, kind === "zstd" ? noPython : "needs ./run bench --peers");
  }
  const script = pythonScript("file_sizes.py");
  const { status, stderr } = spawnSync(python, ["-B", script, kind, dataset, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot run ${script}: it ended with ${status}. ${stderr}`);
  return row(name, bytesIn(folder).allocated);
}

const bytesPer = (what: string): Unit => ({ text: `B/${what}`, size: 1 });

/** Reference steps of noise, since what comes again and again takes no room where it is compressed. */
function referenceSteps(count: number, dtype: "float64" | "float32"): Content {
  const random = createRandom(21);
  return {
    what: `a reference step as ${dtype}`,
    unit: bytesPer("step"),
    count,
    fields: dtype === "float64"
      ? referenceFields
      : { action: "uint8", observation: "float32", reward: "float32", done: "bool" },
    features: fieldFeatures,
    columns: {
      step: Float64Array.from({ length: count }, (_, step) => step),
      action: Uint8Array.from({ length: count }, () => 4 * random()),
      observation: {
        values: Float32Array.from({ length: count * observationWidth }, random),
        width: observationWidth,
      },
      reward: Float32Array.from({ length: count }, random),
      done: Uint8Array.from({ length: count }, (_, step) => Number(doneOf(step))),
    },
    bytesMax: dtype === "float64" ? 120 : 76,
    // Ten float32 and a bool.
    peer: { name: "TorchRL's LazyMemmapStorage, computed", bytes: 41 },
  };
}

/** Documents of 1 to 999 tokens of 16 bits, of which small ones are frequent. */
function documents(tokens: number): Content {
  const random = createRandom(22);
  const vocabulary = 50_257;
  const offsets = [0];
  while (offsets[offsets.length - 1] < tokens) {
    offsets.push(offsets[offsets.length - 1] + 1 + Math.floor(999 * random()));
  }
  const count = offsets[offsets.length - 1];
  return {
    what: "a token of documents of about 500, as uint16,",
    unit: bytesPer("token"),
    count,
    fields: { tokens: "uint16" },
    features: {
      tokens: { feature: { dtype: "uint16", _type: "Value" }, length: -1, _type: "List" },
    },
    columns: {
      step: Float64Array.from({ length: offsets.length - 1 }, (_, step) => step),
      tokens: {
        values: Uint16Array.from({ length: count }, () => vocabulary * random() ** 3),
        offsets: Int32Array.from(offsets),
      },
    },
    bytesMax: 2.1,
    peer: { name: "nanoGPT's .bin, computed", bytes: 2 },
  };
}
