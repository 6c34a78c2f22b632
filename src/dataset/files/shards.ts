import type { Table } from "apache-arrow";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { TableQueue, Written } from "./tables.ts";

/** A file's name among so many, as HuggingFace numbers them. */
export function shardName(name: string, index: number, count: number, ending: string): string {
  return `${name}-${shardNumber(index)}-of-${shardNumber(count)}.${ending}`;
}

/** A shard's number, or their count, as names have it. */
export function shardNumber(number: number): string {
  return String(number).padStart(5, "0");
}

/** Shares tables out over shards of about so many Arrow bytes, at least one: `write` makes each before the next is begun. */
export async function* shardsOf(
  tables: TableQueue,
  shardBytes: number,
  write: (part: Iterable<Table>) => Promise<unknown>,
): AsyncGenerator<Written> {
  do {
    const written = { rowCount: 0, arrowBytes: 0 };
    await write(tables.take(shardBytes, written));
    yield written;
  } while (!tables.isDone);
}

/** What the files of a folder are called: by `shardName`. */
export interface ShardNames {
  readonly name: string;
  readonly ending: string;
}

/** Shares tables out over the files of a folder. Returns their names, and what `write` made of each. */
export async function writeShards<Result>(
  folder: string,
  { name, ending }: ShardNames,
  tables: TableQueue,
  shardBytes: number,
  write: (path: string, part: Iterable<Table>) => Promise<Result>,
): Promise<{ readonly filename: string; readonly result: Result }[]> {
  const results: Result[] = [];
  const unnamed = (index: number) => join(folder, `.${index}`);
  const shards = shardsOf(tables, shardBytes, async (part) => {
    results.push(await write(unnamed(results.length), part));
  });
  // How many there are, which is part of the names, is known in the end.
  for await (const _ of shards);
  return await Promise.all(results.map(async (result, index) => {
    const filename = shardName(name, index, results.length, ending);
    await rename(unnamed(index), join(folder, filename));
    return { filename, result };
  }));
}
