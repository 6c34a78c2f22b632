import type { Table } from "apache-arrow";
import type { TableQueue, Written } from "./tables.ts";

/** A file's name among so many, as HuggingFace numbers them. */
export function shardName(name: string, index: number, count: number, ending: string): string {
  return `${name}-${shardNumber(index)}-of-${shardNumber(count)}.${ending}`;
}

/** A shard's number, or their count, as names have it. */
export function shardNumber(number: number): string {
  return String(number).padStart(5, "0");
}

/** Shares tables out over files of about so many Arrow bytes, at least one; returns the paths. */
export async function writeShards(
  tables: TableQueue,
  shardBytes: number,
  pathOf: (index: number) => string,
  write: (path: string, part: Iterable<Table>) => Promise<void>,
  onShard: (path: string, written: Written) => void = () => {},
): Promise<string[]> {
  const paths: string[] = [];
  do {
    const path = pathOf(paths.length);
    const written = { rowCount: 0, arrowBytes: 0 };
    await write(path, tables.take(shardBytes, written));
    onShard(path, written);
    paths.push(path);
  } while (!tables.isDone);
  return paths;
}
