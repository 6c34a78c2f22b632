import { StreamStoreError } from "../../../error.ts";
import { Card, type CardConfig, type CardInfo, chooseConfig, findInfo, readConfigs } from "../card/card.ts";
import { isPrintable, printable } from "../printable.ts";
import type { ListedFile } from "../types.ts";
import type { HubRepository } from "./repository.ts";
import { findSplits, parquetOf, type Splits } from "./splits.ts";

/** A repository as it is at one commit. */
export interface Snapshot {
  readonly commit: string;
  readonly files: readonly ListedFile[];
  /** The README's text, "" where there is none. */
  readonly readme: string;
  /** The config's name, `default` where the README has none. */
  readonly config: string;
  /** Which files each split of the config has. */
  readonly splits: Splits;
  readonly info: CardInfo | null;
}

/** Reads what a commit has, without its data. */
export async function readSnapshot(
  repository: HubRepository,
  commit: string,
  options: { readonly config?: string; readonly mayLackConfig?: boolean },
): Promise<Snapshot> {
  const files = await repository.list(commit);
  const readme = await repository.readText(commit, files, "README.md") ?? "";
  const overriding = await repository.readText(commit, files, ".huggingface.yaml");
  try {
    const values = new Card(readme).values(overriding);
    const configs = readConfigs(values);
    const config = findConfig(configs, options);
    const paths = files.map(({ path }) => path);
    // A config that is yet to be made has no files, whatever their names are.
    const splits = config === null && configs.length > 0 ? new Map() : findSplits(paths, config);
    const name = config?.name ?? options.config ?? "default";
    return { commit, files, readme, config: name, splits, info: findInfo(values, name) };
  } catch (error) {
    if (!(error instanceof StreamStoreError)) throw error;
    throw repository.refuse(error.code, error.message, { cause: error });
  }
}

function findConfig(
  configs: readonly CardConfig[],
  { config, mayLackConfig = false }: { config?: string; mayLackConfig?: boolean },
): CardConfig | null {
  if (!mayLackConfig) return chooseConfig(configs, config);
  return configs.find(({ name }) => name === (config ?? "default")) ?? null;
}

/** The split's files in the order of its rows: all that are Parquet, if that is what most of them are. */
export function splitFiles(snapshot: Snapshot, split: string, repository: HubRepository): ListedFile[] {
  const { splits, files } = snapshot;
  const paths = splits.get(split);
  if (paths === undefined || paths.length === 0) {
    const names = [...splits].filter(([, paths]) => paths.length > 0).map(([name]) => name).join(", ");
    throw repository.refuse(
      "not-found",
      `split must be among ${names || "none, since there is no data"}, got "${split}"`,
    );
  }
  const parquet = parquetOf(paths);
  if (parquet.length === 0 || 2 * parquet.length < paths.length) {
    const others = paths.filter((path) => !parquet.includes(path));
    throw repository.refuse(
      "unsupported",
      `the files of split ${split} must be Parquet, which the Hub makes of other formats in the revision ` +
        `refs/convert/parquet, got ${others.length} like ${others[0]}`,
    );
  }
  // They are what progress is told of, and a terminal would do what they say.
  const odd = parquet.find((path) => !isPrintable(path));
  if (odd !== undefined) {
    throw repository.refuse(
      "unsupported",
      `the files of split ${split} must have printable names, got ${printable(odd)}`,
    );
  }
  const byPath = new Map(files.map((file) => [file.path, file]));
  return parquet.map((path) => byPath.get(path)!);
}
