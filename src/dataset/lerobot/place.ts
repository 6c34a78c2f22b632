import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ByteSource, openBytes } from "../files/byte_source.ts";
import { isLocal } from "../dataset_name.ts";
import { loading, refuse } from "./refusals.ts";
import type { LoadLeRobotOptions } from "./types.ts";

/** Where a dataset's files are. Their paths have slashes, and are those below the dataset's own. */
export interface Place {
  readonly name: string;
  has(path: string): boolean;
  /** Of a file that is there. */
  byteLength(path: string): number;
  /** All files below a folder, sorted. */
  list(folder: string): Promise<string[]>;
  open(path: string): Promise<ByteSource>;
}

/** A folder, or a repository at the Hub as it is now. */
export async function findPlace(name: string, options: LoadLeRobotOptions): Promise<Place> {
  if (!isLocal(name, loading)) return await repositoryPlace(name, options);
  if (!existsSync(name)) throw refuse("not-found", `there must be a folder ${name}, got none`);
  if (statSync(name).isDirectory()) return folderPlace(name);
  throw refuse("not-a-directory", `it must be a folder, got the file ${name}`);
}

function folderPlace(folder: string): Place {
  return {
    name: folder,
    has: (path) => existsSync(join(folder, path)),
    byteLength: (path) => statSync(join(folder, path)).size,
    async list(below) {
      const root = join(folder, below);
      if (!existsSync(root)) return [];
      const names = await readdir(root, { recursive: true });
      return names.map((name) => `${below}/${name.replaceAll("\\", "/")}`).sort();
    },
    open: (path) => openBytes(join(folder, path)),
  };
}

/** The Hub's client is loaded here, for names that need it. */
async function repositoryPlace(name: string, options: LoadLeRobotOptions): Promise<Place> {
  const { HubRepository } = await import("../hub/repository/repository.ts");
  const { resolveSettings } = await import("../hub/settings.ts");
  const repository = new HubRepository(name, resolveSettings(options), `load ${name}`);
  const commit = await repository.commitOf(options.revision ?? "main");
  const files = new Map((await repository.list(commit)).map((file) => [file.path, file]));
  return {
    name,
    has: (path) => files.has(path),
    byteLength: (path) => files.get(path)!.byteLength,
    list: (below) => Promise.resolve([...files.keys()].filter((path) => path.startsWith(`${below}/`)).sort()),
    open: (path) => Promise.resolve(repository.file(commit, files.get(path)!)),
  };
}

/** Opens a file that must be there. */
export async function openPart(place: Place, path: string): Promise<ByteSource> {
  if (place.has(path)) return await place.open(path);
  throw refuse("not-found", `${place.name} must have ${path}`);
}

/** No list of episodes or tasks is as long; it would be held in memory whole. */
const textMax = 500_000_000;

export async function readText(place: Place, path: string): Promise<string> {
  const source = await openPart(place, path);
  try {
    if (source.byteLength > textMax) {
      throw refuse("file-too-large", `${path} must have at most ${textMax} bytes, got ${source.byteLength}`);
    }
    const bytes = source.byteLength === 0 ? new ArrayBuffer(0) : await source.slice(0, source.byteLength);
    return new TextDecoder().decode(bytes);
  } finally {
    await source.close();
  }
}
