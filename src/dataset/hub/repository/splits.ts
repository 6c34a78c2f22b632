import { StreamStoreError } from "../../../error.ts";
import { Glob, isPattern } from "./glob.ts";
import type { CardConfig } from "../card/card.ts";

/**
 * Which files a split has, found in the order in which Python's `datasets` looks: the README's configs, files named
 * `data/{split}-00000-of-00001…`, names of splits in folders' and then in files' names, and last everything as train.
 * Only its patterns for formats that are no tables are left out.
 */
export type Splits = ReadonlyMap<string, readonly string[]>;

const keywords: readonly [split: string, words: readonly string[]][] = [
  ["train", ["train", "training"]],
  ["validation", ["validation", "valid", "dev", "val"]],
  ["test", ["test", "testing", "eval", "evaluation"]],
];
const separators = "-._ 0-9";
const inFolderNames = [
  "**/{word}/**",
  "**/{word}[{s}]*/**",
  "**/*[{s}]{word}/**",
  "**/*[{s}]{word}[{s}]*/**",
];
const inFileNames = ["**/{word}[{s}]*", "**/*[{s}]{word}[{s}]*"];

const digits = "[0-9]".repeat(5);
const shardPattern = `data/*-${digits}-of-${digits}*.*`;

/** Files that describe data and are none, unless a pattern names them. */
const descriptions = [
  "README.md",
  "config.json",
  "dataset_info.json",
  "dataset_infos.json",
  "dummy_data.zip",
  "dataset_dict.json",
];

/** What files are taken for data where a README or a split names them. Others are passed over. */
const dataExtension =
  /\.(parquet|geoparquet|gpq|csv|tsv|json|jsonl|ndjson|arrow|txt|zip|tar|xml|hdf5|h5|jpg|jpeg|png|wav|mp3|flac|mp4)(\.|$)/i;
const parquetExtension = /\.(parquet|geoparquet|gpq)$/i;

/** The splits of a repository with these files, of one of its README's configs. */
export function findSplits(paths: readonly string[], config: CardConfig | null): Splits {
  const folder = config?.folder ?? "";
  const inside = new Paths(
    paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)),
  );
  const patterns = config?.dataFiles ?? guessPatterns(inside);
  const splits = new Map<string, string[]>();
  for (const [split, list] of patterns) {
    const found = list.flatMap((pattern) => {
      const files = inside.matching(pattern).filter((path) => dataExtension.test(baseName(path)));
      if (files.length > 0 || isPattern(pattern)) return files;
      throw new StreamStoreError("not-found", `the README names ${folder + pattern}, which must exist`);
    });
    splits.set(split, found.map((path) => folder + path));
  }
  return splits;
}

/** Only the Parquet files of a split's. */
export function parquetOf(files: readonly string[]): string[] {
  return files.filter((path) => parquetExtension.test(path));
}

function guessPatterns(paths: Paths): ReadonlyMap<string, readonly string[]> {
  const shards = paths.matching(shardPattern);
  if (shards.length > 0) {
    const names = new Set(shards.map((path) => /^(.+)-\d{5}-of-\d{5}/.exec(baseName(path))![1]));
    return new Map(sortSplits([...names]).map((name) => [name, [`data/${name}-${digits}-of-${digits}*.*`]]));
  }
  for (const templates of [inFolderNames, inFileNames]) {
    const found = keywords.map(([split, words]): [string, string[]] => [
      split,
      words.flatMap((word) =>
        templates.map((template) => template.replaceAll("{word}", word).replaceAll("{s}", separators))
      ),
    ]).filter(([, patterns]) => patterns.some((pattern) => paths.matching(pattern).length > 0));
    if (found.length > 0) return new Map(found);
  }
  return paths.matching("**").length > 0 ? new Map([["train", ["**"]]]) : new Map();
}

function sortSplits(names: readonly string[]): string[] {
  const known = keywords.map(([split]) => split);
  return [
    ...known.filter((name) => names.includes(name)),
    ...names.filter((name) => !known.includes(name)).sort(),
  ];
}

/** The paths that a pattern means, sorted. Hidden files and `__folders__` only where it names them as such. */
export function matching(paths: readonly string[], pattern: string): string[] {
  return new Paths(paths).matching(pattern);
}

/**
 * What all patterns of a repository together may take, a second or two. A hundred patterns like `data/train-*` over
 * 100,000 files take a fifth of it: most names are told apart by how a pattern begins.
 */
const stepsMax = 100_000_000;

/** Paths that patterns are compared with. */
class Paths {
  readonly #entries: readonly Entry[];
  readonly #byPath: ReadonlyMap<string, Entry>;
  #stepsLeft = stepsMax;

  constructor(paths: readonly string[]) {
    // Sorted once, for all patterns.
    this.#entries = [...paths].sort(byCodePoints).map(entryOf);
    this.#byPath = new Map(this.#entries.map((entry) => [entry.path, entry]));
  }

  matching(pattern: string): string[] {
    const own = entryOf(pattern);
    const isMeant = ({ name, hiddenCount, specialCount }: Entry) =>
      (name === own.name || !descriptions.includes(name)) &&
      hiddenCount === own.hiddenCount && specialCount === own.specialCount;
    if (!isPattern(pattern)) {
      const entry = this.#byPath.get(pattern);
      return entry !== undefined && isMeant(entry) ? [pattern] : [];
    }
    const glob = new Glob(pattern);
    this.#spend(this.#entries.length + pattern.length);
    return this.#entries.filter((entry) =>
      isMeant(entry) && glob.matches(entry.path, (steps) => this.#spend(steps))
    ).map(({ path }) => path);
  }

  #spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft >= 0) return;
    throw new StreamStoreError(
      "unsupported",
      `comparing the README's patterns with the names of ${this.#entries.length} files must take at most ` +
        `${stepsMax} steps, got more`,
    );
  }
}

/** A path or a pattern for paths, and what is compared of both. */
interface Entry {
  readonly path: string;
  readonly name: string;
  readonly hiddenCount: number;
  readonly specialCount: number;
}

function entryOf(path: string): Entry {
  const parts = path.split("/");
  return {
    path,
    name: parts[parts.length - 1],
    hiddenCount: parts.filter(isHidden).length,
    specialCount: parts.slice(0, -1).filter(isSpecial).length,
  };
}

function isHidden(part: string): boolean {
  return /^\.(?!\.*$)/.test(part);
}

function isSpecial(part: string): boolean {
  return part.startsWith("__");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** As Python compares strings. JavaScript's own order differs beyond U+FFFF. */
function byCodePoints(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i].codePointAt(0)! - b[i].codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
