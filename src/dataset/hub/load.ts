import { describe } from "../../fields.ts";
import type { HubFile } from "./http/remote_file.ts";
import type { PushTarget, Shard } from "./push/record.ts";
import { HubRepository } from "./repository/repository.ts";
import { resolveSettings } from "./settings.ts";
import { readSnapshot, splitFiles } from "./repository/snapshot.ts";
import type { HubLoadOptions } from "./types.ts";

/** The Parquet files of a split, in the order of its rows, and what an append to it needs to know. */
interface OpenedSplit extends PushTarget {
  /** The commit that all of it is of. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** The features that the README names, as HuggingFace's JSON has them; they count before those in the files. */
  readonly features: Readonly<Record<string, unknown>> | null;
  readonly shards: readonly Shard[];
  readonly memoryBytes: number | null;
}

/**
 * Finds the Parquet files of a split at the Hub. All of what follows is of the commit that the revision is now, whatever
 * is committed meanwhile. The files are closed by whoever reads them.
 *
 * @param id `user/name`.
 * @throws {StreamStoreError} `not-found` with the splits that there are, `permission-denied`, `input-output`.
 */
export async function openSplit(
  id: string,
  split: string,
  options: HubLoadOptions = {},
): Promise<OpenedSplit> {
  const { revision = "main", config } = options;
  if (typeof split !== "string") {
    throw new TypeError(`Cannot load ${id}: split must be a name, got ${describe(split)}`);
  }
  const settings = resolveSettings(options);
  const repository = new HubRepository(id, settings, `load ${id}`);
  const snapshot = await readSnapshot(repository, await repository.commitToRead(revision), { config });
  const files = splitFiles(snapshot, split, repository);
  return {
    repository: id,
    commit: snapshot.commit,
    files: files.map((file) => repository.file(snapshot.commit, file)),
    features: snapshot.info?.features ?? null,
    endpoint: settings.endpoint,
    branch: revision,
    config: snapshot.config,
    split,
    memoryBytes: snapshot.info?.splits?.get(split)?.memoryBytes ?? null,
    shards: files.map(({ path, byteLength, id }) => ({ path, byteLength, id })),
  };
}
