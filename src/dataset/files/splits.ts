import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StreamStoreError } from "../../error.ts";
import { type DatasetFormat, formatOfName, isWrittenName } from "../formats.ts";
import { findSplits } from "../hub/repository/splits.ts";
import { readFailure } from "../decode.ts";
import { recoverFolder } from "../../store/durable_file.ts";

const action = "load a dataset";

/** The files of a split, and what they are. */
export interface FoundFiles {
  readonly format: DatasetFormat;
  readonly paths: readonly string[];
}

/** The files of a split of the dataset at a path: a file is the split that it is asked for. */
export async function findFiles(
  path: string,
  split: string,
  format: DatasetFormat | null,
): Promise<FoundFiles> {
  recoverFolder(path);
  if (!existsSync(path)) {
    throw missing(`Cannot ${action}: there must be a file or a folder ${path}, got none`);
  }
  if (!(await stat(path)).isDirectory()) {
    return { format: format ?? formatOfName(path) ?? await sniffFormat(path), paths: [path] };
  }
  const isDict = existsSync(join(path, "dataset_dict.json"));
  if (format === "disk" || format === null && (isDict || existsSync(join(path, "state.json")))) {
    return { format: "disk", paths: await diskPaths(path, split, isDict) };
  }
  return await folderFiles(path, split, format);
}

/** The format in which a folder holds a dataset, or null where it holds none. */
export async function formatIn(folder: string): Promise<DatasetFormat | null> {
  recoverFolder(join(folder, "data"));
  if (["dataset_dict.json", "state.json"].some((name) => existsSync(join(folder, name)))) return "disk";
  return mainFormat((await listFiles(folder)).filter(isWrittenName));
}

/** As HuggingFace's `load_from_disk` finds them: `state.json` names the files. */
async function diskPaths(path: string, split: string, isDict: boolean): Promise<string[]> {
  let folder = path;
  if (isDict) {
    const { splits } = await readJson(join(path, "dataset_dict.json"));
    checkSplit(path, split, Array.isArray(splits) ? splits.map(String) : []);
    folder = join(path, split);
    recoverFolder(folder);
  }
  const state = await readJson(join(folder, "state.json"));
  const own = state._split;
  if (!isDict && typeof own === "string") checkSplit(path, split, [own]);
  const files = state._data_files;
  if (!Array.isArray(files)) {
    throw new StreamStoreError(
      "damaged",
      `Cannot ${action}: ${join(folder, "state.json")} must list _data_files`,
    );
  }
  return files.map((file) => join(folder, String(file?.filename)));
}

/** As HuggingFace's `load_dataset` finds them: by shards' names, by names of splits in paths, or all as train. */
async function folderFiles(path: string, split: string, wanted: DatasetFormat | null): Promise<FoundFiles> {
  recoverFolder(join(path, "data"));
  const all = await listFiles(path);
  const format = wanted ?? mainFormat(all);
  const named = all.filter((name) => formatOfName(name) === format);
  const names = named.every(isJson) ? named : named.filter((name) => !isJson(name));
  if (format === null || names.length === 0) {
    throw missing(
      `Cannot ${action}: ${path} must hold files of a dataset, got none of ${wanted ?? "any format"}`,
    );
  }
  const splits = findSplits(names, null);
  checkSplit(path, split, [...splits.keys()]);
  return { format, paths: splits.get(split)!.map((name) => join(path, name)) };
}

/** Paths below a folder, with slashes, sorted. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  const names = entries.map((name) => name.replaceAll("\\", "/"));
  return names.filter((name) => formatOfName(name) !== null && !/(^|\/)\./.test(name)).sort();
}

/** The format that most files have. Those of JSON may be of anything, and count where there are no others. */
function mainFormat(names: readonly string[]): DatasetFormat | null {
  const plain = names.filter((name) => !isJson(name));
  const counts = new Map<DatasetFormat, number>();
  for (const name of plain.length > 0 ? plain : names) {
    const format = formatOfName(name)!;
    counts.set(format, (counts.get(format) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function isJson(name: string): boolean {
  return /\.json(\.gz)?$/i.test(name);
}

/** By its first bytes. */
async function sniffFormat(path: string): Promise<DatasetFormat> {
  const { openBytes } = await import("./byte_source.ts");
  const source = await openBytes(path);
  const text = await source.slice(0, Math.min(8, source.byteLength))
    .then((start) => new TextDecoder("latin1").decode(start))
    .finally(() => source.close());
  if (text.startsWith("PAR1")) return "parquet";
  if (text.startsWith("ARROW1") || text.startsWith("\xff\xff\xff\xff")) return "arrow";
  if (/^(\xef\xbb\xbf)?\s*[[{]/.test(text)) return "jsonl";
  throw new RangeError(
    `Cannot ${action}: format must be given for ${path}, whose name and first bytes tell of none`,
  );
}

function checkSplit(path: string, split: string, splits: readonly string[]): void {
  if (splits.includes(split)) return;
  throw missing(
    `Cannot ${action}: the split must be one that ${path} has (${splits.join(", ") || "none"}), got ${split}`,
  );
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (existsSync(path)) throw readFailure(path, null, cause);
    throw missing(`Cannot ${action}: ${dirname(path)} must have ${path}`, cause);
  }
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new StreamStoreError("damaged", `Cannot ${action}: ${path} must be JSON`);
}

function missing(message: string, cause?: unknown): StreamStoreError {
  return new StreamStoreError("not-found", message, { cause });
}
