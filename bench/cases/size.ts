/** What a closed store takes on disk, beside the same data in the files of others. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableToIPC } from "apache-arrow";
import * as parquet from "parquet-wasm/node";
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
import {
  createRandom,
  doneOf,
  fieldFeatures,
  narrowFields,
  observationWidth,
  referenceFields,
} from "../harness/stream.ts";

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
  /** A peer whose files are flat arrays, byte for byte these. */
  readonly peer: { readonly name: string; readonly files: readonly ArrayBufferView[] };
  /** What of `pythonFiles` has this kind of data. */
  readonly pythonPeers: readonly PythonPeer[];
}

export async function size(sizes: Sizes): Promise<Measurement[]> {
  const contents = [
    referenceSteps(sizes.rows, "float64"),
    referenceSteps(sizes.rows, "float32"),
    // Many of them: the tail takes a MiB, whatever there is.
    documents(20 * sizes.rows),
  ];
  const measurements: Measurement[] = [];
  for (const content of contents) measurements.push(...await sizeOf(content, sizes.mode === "small"));
  return measurements;
}

async function sizeOf(content: Content, isSmall: boolean): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "size-"));
  try {
    const path = join(folder, "data.stream");
    const dataset = join(folder, "dataset");
    await writeStore(content, path, dataset, join(folder, "own-zstd"));
    const store = bytesIn(path);
    const { what, count, unit, peer, pythonPeers } = content;
    const limitTime = flatBytes(join(folder, "flat"), peer.files) / count;
    const row = (name: string, bytes: number, options: { limit?: string; goal?: Goal } = {}): Measurement => {
      const each = bytes / count;
      const sample = { time: each, best: each, limitTime, ratio: each / limitTime };
      return measurementOf(`${what} ${name}`, unit, sample, options);
    };
    return [
      row("on disk", store.allocated, {
        limit: peer.name,
        goal: { valueMax: content.bytesMax },
      }),
      row("by the length of the store's files", store.apparent),
      row("in Parquet as saveDataset writes it", bytesIn(dataset).apparent),
      row("in Parquet with zstd, by parquet-wasm", bytesIn(join(folder, "own-zstd")).apparent),
      // TorchRL takes ten seconds to be imported, and its flat files are there: tests do without.
      ...pythonPeers.filter(([kind]) => !isSmall || kind !== "torchrl")
        .map((peer) => besidePython(peer, what, dataset, join(folder, peer[0]), row)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the data to a store, and as Parquet in two ways. */
async function writeStore(content: Content, path: string, dataset: string, zstd: string): Promise<void> {
  using store = StreamStore.open(path, { fields: content.fields, mode: "create" });
  store.appendColumns(content.columns as never);
  await store.saveDataset(dataset, "train", {
    format: "parquet",
    fieldFeatures: content.features as never,
  });
  const table = await store.toDataset({ fieldFeatures: content.features as never });
  const properties = new parquet.WriterPropertiesBuilder().setCompression(parquet.Compression.ZSTD).build();
  mkdirSync(zstd);
  const bytes = parquet.writeParquet(parquet.Table.fromIPCStream(tableToIPC(table, "stream")), properties);
  writeFileSync(join(zstd, "rows.parquet"), bytes);
}

/** What flat files take on the disk. */
function flatBytes(folder: string, files: readonly ArrayBufferView[]): number {
  mkdirSync(folder);
  for (const [i, file] of files.entries()) writeFileSync(join(folder, `${i}`), file as Uint8Array);
  return bytesIn(folder).allocated;
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

/** What bench/peers/file_sizes.py writes, the packages that it needs, and what it is called. */
type PythonPeer = readonly [kind: string, packages: string, name: string];

const zstd: PythonPeer = ["zstd", "numpy, pyarrow", "in Parquet with zstd, by pyarrow"];
const torchrl: PythonPeer = [
  "torchrl",
  "numpy, pyarrow, torchrl",
  "in TorchRL's LazyMemmapStorage, by itself",
];
const nanogpt: PythonPeer = ["nanogpt", "numpy, pyarrow", "in nanoGPT's .bin, by numpy"];

function besidePython(
  [kind, packages, name]: PythonPeer,
  what: string,
  dataset: string,
  folder: string,
  row: (name: string, bytes: number) => Measurement,
): Measurement {
  const python = findPython(packages);
  if (python === null) {
    return notMeasured(`${what} ${name}`, kind === "torchrl" ? "needs ./run bench --peers" : noPython);
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
  const action = Uint8Array.from({ length: count }, () => 4 * random());
  const values = Float32Array.from({ length: count * observationWidth }, random);
  const reward = Float32Array.from({ length: count }, random);
  const done = Uint8Array.from({ length: count }, (_, step) => Number(doneOf(step)));
  return {
    what: `a reference step as ${dtype}`,
    unit: bytesPer("step"),
    count,
    fields: dtype === "float64" ? referenceFields : narrowFields,
    features: fieldFeatures,
    columns: {
      step: Float64Array.from({ length: count }, (_, step) => step),
      action,
      observation: { values, width: observationWidth },
      reward,
      done,
    },
    bytesMax: dtype === "float64" ? 120 : 76,
    peer: {
      name: "the flat files of TorchRL's LazyMemmapStorage",
      files: [Float32Array.from(action), values, reward, done],
    },
    pythonPeers: dtype === "float32" ? [zstd, torchrl] : [],
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
  const values = Uint16Array.from({ length: count }, () => vocabulary * random() ** 3);
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
        values,
        offsets: Int32Array.from(offsets),
      },
    },
    bytesMax: 2.1,
    peer: { name: "nanoGPT's .bin", files: [values] },
    pythonPeers: [zstd, torchrl, nanogpt],
  };
}
