import { shardNumber } from "../../files/shards.ts";
import { type CardChange, mergeCard } from "../card/merge.ts";
import type { HubRepository } from "../repository/repository.ts";
import type { PushRecord, Shard } from "./record.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import { matching, parquetOf } from "../repository/splits.ts";
import { addFile, addShard, type NewShard, type Operation } from "../repository/commit.ts";

/** What is to be at the Hub. */
export interface Push {
  readonly config: string;
  readonly split: string;
  readonly features: Readonly<Record<string, unknown>> | null;
  readonly shards: readonly NewShard[];
  /** What the shards come after; null where they take the place of all. */
  readonly after: PushRecord | null;
  /** Rows that the split has then, and what they take in memory; null where nobody said it of all. */
  readonly remoteRows: number;
  readonly memoryBytes: number | null;
}

/** What a commit has to do for a push, on top of a snapshot. */
export interface PushPlan {
  /** None where all is there already. */
  readonly operations: readonly Operation[];
  /** The files of the split as they are then. */
  readonly shards: readonly Shard[];
}

/** Plans the push on top of what is there. Planning the same again, on top of its own commit, has no operations. */
export function planPush(push: Push, snapshot: Snapshot, repository: HubRepository): PushPlan {
  const { config, split, after } = push;
  const folder = folderOf(config);
  checkFeatures(push, snapshot, repository);
  const kept = after?.shards ?? [];
  const first = kept.reduce((next, { path }) => Math.max(next, numberOf(path, folder, split) + 1), 0);
  const count = first + push.shards.length;
  const added = push.shards.map(({ id, byteLength }, i) => ({
    path: `${folder}/${split}-${shardNumber(first + i)}-of-${shardNumber(count)}.parquet`,
    byteLength,
    id,
  }));
  const shards = [...kept, ...added];
  const present = new Map(snapshot.files.map((file) => [file.path, file]));
  const operations: Operation[] = [];
  for (const [i, { path, id }] of added.entries()) {
    if (present.get(path)?.id !== id) operations.push(addShard(path, push.shards[i]));
  }
  // Of an append nothing is stale: what it does not know it was checked not to find.
  const stale = after === null ? matching([...present.keys()], `${folder}/${split}-*`) : [];
  const paths = new Set(present.keys());
  for (const path of stale) paths.delete(path);
  for (const { path } of added) paths.add(path);
  for (const path of stale) if (!paths.has(path)) operations.push({ key: "deletedFile", value: { path } });
  const readme = mergeCard(snapshot.readme, cardChange(push, snapshot, shards, [...paths]));
  if (readme !== snapshot.readme) operations.push(addFile("README.md", new TextEncoder().encode(readme)));
  return { operations, shards };
}

/** Whether a snapshot has the split just as a record says. */
export function holds(record: PushRecord, snapshot: Snapshot): boolean {
  const byPath = new Map(snapshot.files.map((file) => [file.path, file]));
  const found = parquetOf(snapshot.splits.get(record.split) ?? []);
  return found.length === record.shards.length &&
    record.shards.every(({ path, id }, i) => found[i] === path && byPath.get(path)?.id === id);
}

function cardChange(
  { config, split, features, remoteRows, memoryBytes }: Push,
  { files, splits, info }: Snapshot,
  shards: readonly Shard[],
  paths: readonly string[],
): CardChange {
  const sizes = new Map([...files, ...shards].map(({ path, byteLength }) => [path, byteLength]));
  const others = [...splits].map(([name, paths]) => [name, parquetOf(paths)] as const)
    .filter(([name, paths]) => name !== split && paths.length > 0);
  const all = [...others, [split, shards.map(({ path }) => path)] as const];
  const known = all.map(([name]) =>
    name === split ? { name, rowCount: remoteRows, memoryBytes } : { name, ...info?.splits?.get(name) }
  );
  const isKnown = known.every(({ rowCount, memoryBytes }) => rowCount !== undefined && memoryBytes !== null);
  // Written anew they would stand in another order, maybe, and without what people wrote beside them.
  const isSame = features !== null && info?.features && isEqual(features, info.features);
  return {
    config,
    split,
    dataFiles: new Map(all.map(([name, own]) => [name, patternsOf(name, config, own, paths)])),
    features: isSame ? undefined : features,
    splits: isKnown ? inOrder(known as SplitSize[], info) : null,
    downloadBytes: sum(all.flatMap(([, paths]) => paths.map((path) => sizes.get(path) ?? 0))),
  };
}

type SplitSize = { name: string; rowCount: number; memoryBytes: number };

/** As they are listed, the new one last. */
function inOrder(sizes: readonly SplitSize[], info: Snapshot["info"]): SplitSize[] {
  const names = [...info?.splits?.keys() ?? []];
  const rank = ({ name }: SplitSize) => names.includes(name) ? names.indexOf(name) : names.length;
  return [...sizes].sort((left, right) => rank(left) - rank(right));
}

/** The usual pattern where it means these files in this order, else the files one by one. */
function patternsOf(
  split: string,
  config: string,
  files: readonly string[],
  all: readonly string[],
): readonly string[] {
  const pattern = `${folderOf(config)}/${split}-*`;
  return JSON.stringify(matching(all, pattern)) === JSON.stringify(files) ? [pattern] : files;
}

/** Where the files of a config are, which Python does the same. */
export function folderOf(config: string): string {
  return config === "default" ? "data" : config;
}

/** Splits of one config have the same columns: Python refuses to load them otherwise. */
export function checkFeatures(
  { features, split, after }: Pick<Push, "features" | "split" | "after">,
  { info, splits }: Snapshot,
  repository: HubRepository,
): void {
  const others = [...splits.keys()].filter((name) => name !== split || after !== null);
  if (features === null || !info?.features || others.length === 0) return;
  if (isEqual(features, info.features)) return;
  const [ours, theirs] = [features, info.features].map((of) => JSON.stringify(of));
  const what = after === null
    ? `those of the other splits (${others.join(", ")})`
    : "those of the rows that are there";
  throw repository.refuse("fields-differ", `the features must be ${what}, ${theirs}, got ${ours}`);
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

/** With keys in order, and without what only says the default. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) =>
    !(inner === null || (key === "length" && inner === -1) || (key === "id" && inner === null))
  );
  return Object.fromEntries(
    entries.sort(([left], [right]) => left < right ? -1 : 1)
      .map(([key, inner]) => [key, key === "_type" && inner === "Sequence" ? "List" : sorted(inner)]),
  );
}

/** The number of a shard that is named like ours, or -1. */
function numberOf(path: string, folder: string, split: string): number {
  const prefix = `${folder}/${split}-`;
  const match = path.startsWith(prefix) ? /^(\d{5})\D/.exec(path.slice(prefix.length)) : null;
  return match === null ? -1 : Number(match[1]);
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
